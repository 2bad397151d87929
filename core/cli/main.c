/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/handler.h>

int main(int argc, char **argv)
{
    return leat_main(argc, argv, NULL);
}
