/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers in shared objects: found, checked and opened, with a message for everything that can be wrong. */
#ifndef LEAT_ENGINE_HANDLER_FILE_H
#define LEAT_ENGINE_HANDLER_FILE_H

#include <leat/error.h>
#include <leat/handler.h>

/* The handler `name` of the file; absent: its only one. Opened for good (RTLD_NODELETE), bound at once. */
leat_status leat_handler_open(const char *path, leat_str name, const struct leat_handler **rethandler,
                              struct leat_error *reterr);

/* The names of the file's handlers, with commas; returns how many. 0: it is no such file. Nothing of it runs. */
unsigned leat_handler_names(const char *path, char *names, size_t size);

#endif
