/* SPDX-License-Identifier: Apache-2.0 */
/* A shared object that is no handler. */
int handle(void);
int main(void);

int handle(void)
{
    return 0;
}

int main(void)
{
    return handle();
}
