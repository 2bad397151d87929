/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that acme.so adds: written as somebody outside of this tree would, in what C11 and C++20 share. */
#ifndef ACME_H
#define ACME_H

#include <leat/leat.h>
#include <leat/module.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const struct leat_adapter acme_adapter;   /* {"acme":[{"id":"1",...}]}: one event an order */
extern const struct leat_source_ops acme_source; /* a payload a line, out of a file or a named pipe */
extern const struct leat_sink_ops acme_sink;     /* a letter a line, at the end of a file */

/* What the source and the sink can be told. */
struct acme_options {
    leat_str file;
};
extern const struct leat_option acme_options[];

#ifdef __cplusplus
}
#endif

#endif
