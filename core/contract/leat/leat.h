/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler includes. */
#ifndef LEAT_LEAT_H
#define LEAT_LEAT_H

#include <leat/event.h>
#include <leat/handler.h>
#include <leat/json.h>
#include <leat/outcome.h>
#include <leat/status.h>
#include <leat/str.h>

#endif
