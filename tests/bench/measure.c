/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-measure COMMAND...: runs it and prints its peak RSS, and its CPU time, behind what it prints. Linux hands the
 * peak of whoever calls exec on to the program that is executed: started by Python, nothing would seem to need less
 * than Python.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static long long to_us(struct timeval time)
{
    return (long long)time.tv_sec * 1000000 + time.tv_usec;
}

int main(int argc, char **argv)
{
    struct rusage usage = {0};
    int status = -1;
    pid_t child = argc > 1 ? fork() : -1;
    if (child == 0) {
        execvp(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status))
        return 70;
    printf("rss_kb %ld\n", usage.ru_maxrss);
    printf("cpu_us %lld\n", to_us(usage.ru_utime) + to_us(usage.ru_stime));
    return WEXITSTATUS(status);
}
