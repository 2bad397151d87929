/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker tells the supervisor that started it, in the protocol of systemd's sd_notify(3). */
#ifndef LEAT_CLI_NOTIFY_H
#define LEAT_CLI_NOTIFY_H

#include <leat/api.h>

/* One datagram to $NOTIFY_SOCKET: lines of NAME=VALUE. Nothing happens where there is none, or where nobody reads. */
void leat_notify(const char *format, ...) LEAT_PRINTF(1, 2);
/* How often "WATCHDOG=1" must come at the latest; 0: nobody waits for it. */
int64_t leat_notify_watchdog_us(void);

#endif
