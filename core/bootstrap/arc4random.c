/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two functions that Debian's static libevent asks glibc 2.36 for. With these, nothing in
 * `bootstrap` is newer than glibc 2.34. Compiled hidden: handlers do not see them.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

void arc4random_buf(void *memory, size_t len)
{
    char *at = memory;
    while (len > 0) {
        ssize_t got = getrandom(at, len < 256 ? len : 256, 0);
        if (got < 0 && errno != EINTR)
            abort(); /* no source of chance: nothing safe can be returned, and there is no way to say so */
        if (got > 0) {
            at += got;
            len -= (size_t)got;
        }
    }
}

uint32_t arc4random(void)
{
    uint32_t number;
    arc4random_buf(&number, sizeof(number));
    return number;
}
