/* SPDX-License-Identifier: Apache-2.0 */
/* A handler that handles nothing. */
#include <leat/leat.h>

LEAT_HANDLER(hollow, .accepts = "sqs");
