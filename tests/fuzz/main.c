/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzz target as a test: every file of the folders given, one test each, as TAP. The folder LEAT_EVENTS is
 * tried too. What ends the process ends a child of it, and the next file is tried by another.
 */
#include "fuzz.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES_MAX 4096
#define FILE_SECONDS 20u

static const char *target;
static char *files[FILES_MAX];
static size_t file_count;

/* How far the child is. */
static volatile size_t *done;

static void add_file(const char *path)
{
    MUST(file_count < FILES_MAX);
    files[file_count] = leat_strdup(path);
    MUST(files[file_count] != NULL);
    file_count++;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Inputs have any name, payloads end in .json; what else lies in a tree of sources is none. */
static bool is_input(const FTSENT *entry)
{
    leat_str path = leat_str_c(entry->fts_path);
    return leat_str_find(path, LEAT_STR("/corpus/")).ptr != NULL || leat_str_ends(path, LEAT_STR(".json")) ||
           leat_str_ends(path, LEAT_STR(".jsonl"));
}

static void add_folder(char *folder)
{
    char *const roots[] = {folder, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    MUST(tree != NULL);
    for (FTSENT *entry; (entry = fts_read(tree)) != NULL;)
        if (entry->fts_info == FTS_F && is_input(entry))
            add_file(entry->fts_path);
    (void)fts_close(tree);
}

/* Exactly as long as the file, so that a byte too far is seen. */
static void try_file(const char *path)
{
    struct stat info;
    FILE *stream = fopen(path, "rb");
    MUST(stream != NULL && fstat(fileno(stream), &info) == 0);
    size_t size = (size_t)info.st_size;
    uint8_t *bytes = leat_alloc_raw(size > 0 ? size : 1);
    MUST(bytes != NULL && fread(bytes, 1, size, stream) == size);
    (void)fclose(stream);
    (void)alarm(FILE_SECONDS);
    (void)LLVMFuzzerTestOneInput(bytes, size);
    (void)alarm(0);
    leat_free(bytes);
}

static void print_result(size_t index, const char *word, const char *why)
{
    printf("%s %zu - %s: %s%s\n", word, index + 1, target, files[index], why);
    (void)fflush(stdout);
}

/* Tries the files from *done on, until one of them ends it. */
static void run_child(void)
{
    for (; *done < file_count; (*done)++) {
        try_file(files[*done]);
        print_result(*done, "ok", "");
    }
    exit(0);
}

/* Returns the wait status of a child that tried the rest. */
static int try_rest(void)
{
    int status = 0;
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0)
        run_child();
    MUST(waitpid(child, &status, 0) == child);
    return status;
}

static bool try_all(void)
{
    bool good = true;
    while (*done < file_count) {
        int status = try_rest();
        if (*done == file_count)
            return good && status == 0; /* else a leak */
        bool slow = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
        print_result(*done, "not ok", slow ? " (takes too long)" : "");
        (*done)++;
        good = false;
    }
    return good;
}

static void free_files(void)
{
    for (size_t i = 0; i < file_count; i++)
        leat_free(files[i]);
}

int main(int argc, char **argv)
{
    char *events = getenv("LEAT_EVENTS");
    bool shared = events != NULL && events[0] != '\0';
    const char *slash = strrchr(argv[0], '/');
    target = slash != NULL ? slash + 1 : argv[0];
    done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(done != MAP_FAILED);
    for (int i = 1; i < argc; i++)
        add_folder(argv[i]);
    if (shared)
        add_folder(events);
    printf("1..%zu\n", file_count + (shared ? 0 : 1));
    (void)fflush(stdout);
    bool good = try_all();
    if (!shared)
        printf("ok %zu - %s: shared payloads # SKIP LEAT_EVENTS is not set\n", file_count + 1, target);
    free_files();
    return good ? 0 : 1;
}
