/* SPDX-License-Identifier: Apache-2.0 */
/* The links every engine has: time left, logging, counting. */
#ifndef LEAT_ENGINE_MIDDLEWARE_H
#define LEAT_ENGINE_MIDDLEWARE_H

#include <engine/engine.h>

/* False: out of memory. */
bool leat_middleware_add_own(struct leat_engine *engine);

#endif
