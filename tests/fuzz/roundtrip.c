/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes through decode, encode and decode: nothing gets lost. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_survive(fuzz_guarded(data, size));
    return 0;
}
