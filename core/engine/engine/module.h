/* SPDX-License-Identifier: Apache-2.0 */
/* Modules: found, checked and opened, with a message for everything that can be wrong. */
#ifndef LEAT_ENGINE_MODULE_H
#define LEAT_ENGINE_MODULE_H

#include <leat/error.h>
#include <leat/module.h>

/* `name`: a path (with a '/', or PATH.so), else NAME.so in the folders of LEAT_MODULE_PATH (default:
 * /usr/local/lib/leat/modules, /usr/lib/leat/modules); beside a Runtime API then in LAMBDA_TASK_ROOT and /opt. Opened
 * for good (RTLD_NODELETE), bound at once; the same one twice is the same. What *retmodule and its tables lack for
 * being built with older headers is NULL. NOT_FOUND: there is no NAME.so; CONFIG: it cannot be used. Start of the
 * process only: one thread. */
leat_status leat_module_open(const char *name, const struct leat_module **retmodule, struct leat_error *reterr);
/* Where NAME.so lies. NOT_FOUND. */
leat_status leat_module_find(const char *name, char *path, size_t size, struct leat_error *reterr);
/* The file that it was opened from. */
const char *leat_module_file(const struct leat_module *module);

/* Is all there that the engine calls, and no option outside its struct? The tables are complete, the lists not NULL;
 * `path` is for messages. CONFIG: no. */
leat_status leat_module_check(const char *path, const struct leat_module *module, struct leat_error *reterr);

#endif
