/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-decode CONTESTANT FILE PASSES: passes over FILE's bytes and prints what a pass took, one "name value" a line.
 *
 *     malloc   cJSON parses and deletes the tree
 *     arena    cJSON parses into an arena, which is reset: nothing else
 *     leat     the engine: decode, dispatch, a handler that does nothing, the reply
 */
#include "decode.h"

#include <leat/arena.h>

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* --- counting: the program is linked with --wrap -------------------------------------------------- */

void *real_malloc(size_t size) __asm__("__real_malloc");
void *real_calloc(size_t count, size_t size) __asm__("__real_calloc");
void *real_realloc(void *memory, size_t size) __asm__("__real_realloc");
void *counted_malloc(size_t size) __asm__("__wrap_malloc");
void *counted_calloc(size_t count, size_t size) __asm__("__wrap_calloc");
void *counted_realloc(void *memory, size_t size) __asm__("__wrap_realloc");

static uint64_t allocations; /* there is one thread */

void *counted_malloc(size_t size)
{
    allocations++;
    return real_malloc(size);
}

void *counted_calloc(size_t count, size_t size)
{
    allocations++;
    return real_calloc(count, size);
}

void *counted_realloc(void *memory, size_t size)
{
    allocations++;
    return real_realloc(memory, size);
}

uint64_t bench_allocations(void)
{
    return allocations;
}

/* --- the clock ------------------------------------------------------------------------------------- */

static int64_t read_clock(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct bench_times bench_now(void)
{
    return (struct bench_times){read_clock(CLOCK_MONOTONIC), read_clock(CLOCK_PROCESS_CPUTIME_ID)};
}

struct bench_times bench_since(struct bench_times start)
{
    struct bench_times now = bench_now();
    return (struct bench_times){now.wall_ns - start.wall_ns, now.cpu_ns - start.cpu_ns};
}

/* --- the parsers ------------------------------------------------------------------------------------ */

static struct leat_arena arena;

static void *arena_alloc(size_t size)
{
    return leat_arena_alloc(&arena, size);
}

static void arena_free(void *memory)
{
    (void)memory;
}

static bool pass_malloc(leat_str text)
{
    cJSON *tree = cJSON_ParseWithLength(text.ptr, text.len);
    cJSON_Delete(tree);
    return tree != NULL;
}

static bool pass_arena(leat_str text)
{
    bool good = cJSON_ParseWithLength(text.ptr, text.len) != NULL;
    leat_arena_reset(&arena);
    return good;
}

struct parser {
    const char *name;
    bool (*pass)(leat_str text);
    cJSON_Hooks timed, counted; /* without functions: cJSON's own, which call malloc where nobody counts */
};

static const struct parser parsers[] = {
    {.name = "malloc", .pass = pass_malloc, .counted = {malloc, free}},
    {.name = "arena", .pass = pass_arena, .timed = {arena_alloc, arena_free}, .counted = {arena_alloc, arena_free}},
};

static bool run_parser(const struct parser *parser, const struct bench_task *task, struct bench_result *ret)
{
    cJSON_Hooks timed = parser->timed, counted = parser->counted;
    leat_arena_init(&arena, 0);
    cJSON_InitHooks(&timed);
    bool good = parser->pass(task->text);
    struct bench_times start = bench_now();
    for (uint64_t i = 0; good && i < task->passes; i++)
        good = parser->pass(task->text);
    ret->took = bench_since(start);
    cJSON_InitHooks(&counted);
    uint64_t before = allocations;
    good = good && parser->pass(task->text);
    ret->allocations = allocations - before;
    leat_arena_fini(&arena);
    if (!good)
        fprintf(stderr, "bench-decode: cJSON takes it for no JSON\n");
    return good;
}

static bool run(const char *name, const struct bench_task *task, struct bench_result *ret)
{
    for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++)
        if (strcmp(name, parsers[i].name) == 0)
            return run_parser(&parsers[i], task, ret);
    if (strcmp(name, "leat") == 0)
        return bench_engine(task, ret);
    fprintf(stderr, "bench-decode: no contestant \"%s\"\n", name);
    return false;
}

/* --- the program ---------------------------------------------------------------------------------------- */

/* A block of just its size: the bytes are read before the clock starts, and lie in memory as a source would hold them.
 */
static bool read_file(const char *path, leat_str *rettext)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    char *text = size > 0 ? malloc((size_t)size) : NULL;
    bool good = text != NULL && fseek(file, 0, SEEK_SET) == 0 && fread(text, 1, (size_t)size, file) == (size_t)size;
    good = fclose(file) == 0 && good;
    if (good)
        *rettext = leat_str_of(text, (size_t)size);
    else
        free(text);
    return good;
}

static void print_result(const struct bench_task *task, const struct bench_result *result)
{
    printf("wall_ns %.1f\n", (double)result->took.wall_ns / (double)task->passes);
    printf("cpu_ns %.1f\n", (double)result->took.cpu_ns / (double)task->passes);
    printf("allocations %" PRIu64 "\n", result->allocations);
    if (result->adapter == NULL)
        return;
    printf("adapter %s\nwhy %s\n", result->adapter, result->why);
    printf("units %" PRIu64 "\nevents %" PRIu64 "\n", result->units, result->events);
    printf("reply_bytes %" PRIu64 "\nreply %s\n", result->reply_bytes, result->reply);
}

int main(int argc, char **argv)
{
    struct bench_task task = {.passes = argc == 4 ? strtoull(argv[3], NULL, 10) : 0};
    struct bench_result result = {0};
    if (task.passes == 0) {
        fprintf(stderr, "bench-decode malloc|arena|leat FILE PASSES\n");
        return 64;
    }
    if (!read_file(argv[2], &task.text)) {
        fprintf(stderr, "bench-decode: %s cannot be read, or is empty\n", argv[2]);
        return 66;
    }
    bool good = run(argv[1], &task, &result);
    if (good)
        print_result(&task, &result);
    free((char *)(uintptr_t)task.text.ptr);
    return good && fflush(stdout) == 0 ? 0 : 1;
}
