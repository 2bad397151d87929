/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-spool FOLDER FILES: the least that a spool must do for a file: read it, and rename it twice, into a folder of
 * what runs and into one of what is done. FOLDER/new holds the files; prints what a file took, one "name value" a line.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool read_all(int folder, const char *name)
{
    char buf[4096];
    ssize_t count;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    do
        count = read(fd, buf, sizeof(buf));
    while (count > 0);
    return close(fd) == 0 && count == 0;
}

static bool pass_file(int fresh, int running, int done, const char *name)
{
    return renameat(fresh, name, running, name) == 0 && read_all(running, name) &&
           renameat(running, name, done, name) == 0;
}

static int open_folder(int root, const char *name)
{
    (void)mkdirat(root, name, 0700);
    return openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static uint64_t pass_all(int fresh, int running, int done)
{
    uint64_t count = 0;
    DIR *list = fdopendir(dup(fresh));
    if (list == NULL)
        return 0;
    for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        if (!pass_file(fresh, running, done, entry->d_name)) {
            perror(entry->d_name);
            break;
        }
        count++;
    }
    (void)closedir(list);
    return count;
}

int main(int argc, char **argv)
{
    int root = argc == 3 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    uint64_t wanted = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (root < 0) {
        fprintf(stderr, "bench-spool FOLDER FILES\n");
        return 64;
    }
    int fresh = open_folder(root, "new"), running = open_folder(root, "running"), done = open_folder(root, "done");
    int64_t wall_ns = clock_ns(CLOCK_MONOTONIC), cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t count = pass_all(fresh, running, done);
    wall_ns = clock_ns(CLOCK_MONOTONIC) - wall_ns;
    cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
    printf("files %" PRIu64 "\nwall_ns %" PRId64 "\ncpu_ns %" PRId64 "\n", count, wall_ns, cpu_ns);
    return count == wanted && count > 0 ? 0 : 70;
}
