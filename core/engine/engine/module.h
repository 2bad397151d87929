/* SPDX-License-Identifier: Apache-2.0 */
/* Modules: found, checked and opened, with a message for everything that can be wrong. */
#ifndef LEAT_ENGINE_MODULE_H
#define LEAT_ENGINE_MODULE_H

#include <leat/error.h>
#include <leat/module.h>

/* `name`: a path (with a '/'), else NAME.so in the folders of LEAT_MODULE_PATH (default: /usr/local/lib/leat/modules,
 * /usr/lib/leat/modules). Opened for good (RTLD_NODELETE), bound at once; the same one twice is the same. */
leat_status leat_module_open(const char *name, const struct leat_module **retmodule, struct leat_error *reterr);

#endif
