/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-lambda-stub [OPTION...] -- COMMAND [ARG...]: a Runtime API on loopback. It spawns COMMAND as Lambda would,
 * serves it events, looks at every answer, and prints one line of JSON: what the start and an invoke took.
 */
#include "lambda_stub.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char USAGE[] =
    "bench-lambda-stub [OPTION...] -- /COMMAND [ARG...]\n"
    "  --payload FILE       the event (default: {})\n"
    "  --expect FILE|any    JSON that each answer must equal (default: the event)\n"
    "  --invokes N          that are measured (default: 1)\n"
    "  --warm N             invokes before them (default: 0)\n"
    "  --concurrency N      AWS_LAMBDA_MAX_CONCURRENCY, and that many polls are waited for (default: 1)\n"
    "  --stub-cpu N, --child-cpu N, --env NAME=VALUE, --chunked, --timeout SECONDS (default: 60)\n";

static bool read_file(const char *path, struct stub_bytes *ret)
{
    FILE *file = fopen(path, "rb");
    size_t capacity = (size_t)16 << 20;
    char *text = file != NULL ? malloc(capacity + sizeof STUB_CHUNK_END_TEXT) : NULL;
    if (text == NULL) {
        perror(path);
        return false;
    }
    ret->len = fread(text, 1, capacity, file);
    ret->ptr = text;
    memcpy(text + ret->len, STUB_CHUNK_END_TEXT, sizeof STUB_CHUNK_END_TEXT);
    (void)fclose(file);
    return true;
}

static bool take_number(struct stub_options *options, int which, const char *text)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < 0)
        return false;
    switch (which) {
    case 'i': options->invokes = (size_t)number; break;
    case 'w': options->warm = (size_t)number; break;
    case 'c': options->concurrency = (size_t)number; break;
    case 's': options->stub_cpu = (int)number; break;
    case 'k': options->child_cpu = (int)number; break;
    default: options->timeout_s = (int)number; break;
    }
    return true;
}

static bool take_option(struct stub_options *options, int which, const char *text)
{
    switch (which) {
    case 'p': return read_file(text, &options->payload);
    case 'x':
        options->any_answer = strcmp(text, "any") == 0;
        return options->any_answer || read_file(text, &options->expected);
    case 'e':
        if (options->env_count < STUB_ENV_MAX)
            options->env[options->env_count++] = text;
        return true;
    case 'h': options->chunked = true; return true;
    case '?': return false;
    default: return take_number(options, which, text);
    }
}

static bool take_arguments(struct stub_options *options, int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"payload", required_argument, NULL, 'p'},
        {"expect", required_argument, NULL, 'x'},
        {"invokes", required_argument, NULL, 'i'},
        {"warm", required_argument, NULL, 'w'},
        {"concurrency", required_argument, NULL, 'c'},
        {"stub-cpu", required_argument, NULL, 's'},
        {"child-cpu", required_argument, NULL, 'k'},
        {"env", required_argument, NULL, 'e'},
        {"chunked", no_argument, NULL, 'h'},
        {"timeout", required_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    int which = 0;
    while ((which = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1)
        if (!take_option(options, which, optarg))
            return false;
    options->command = argv + optind;
    return optind < argc && options->invokes > 0 && options->concurrency > 0 &&
           options->concurrency < STUB_CONNECTIONS_MAX;
}

static void print(const struct stub_options *options, const struct stub_result *result)
{
    double n = (double)options->invokes;
    (void)printf("{\"start_ms\":%.4f,\"start_cpu_ms\":%.4f,\"start_faults\":%ld,\"rss_kb\":%ld,\"anon_kb\":%ld,",
                 (double)result->start_ns / 1e6, (double)result->start_cpu_ns / 1e6, result->first.faults,
                 result->first.rss_kb, result->first.anon_kb);
    (void)printf("\"cpu_us\":%.3f,\"rtt_us\":%.3f,\"rtt_p99_us\":%.3f,\"invokes_per_s\":%.1f,",
                 (double)result->cpu_ns / 1e3 / n, (double)result->rtt_ns / 1e3, (double)result->rtt_p99_ns / 1e3,
                 n * 1e9 / (double)result->wall_ns);
    (void)printf("\"faults_per_invoke\":%.3f,\"connections\":%zu,\"connections_measured\":%zu,",
                 (double)(result->last.faults - result->first.faults) / (n + (double)options->warm),
                 result->connections, result->in_measured);
    (void)printf("\"rss_end_kb\":%ld,\"hwm_kb\":%ld,\"threads\":%ld,\"ended\":%d}\n", result->last.rss_kb,
                 result->last.hwm_kb, result->last.threads, result->ended);
}

int main(int argc, char **argv)
{
    static char nothing[] = "{}" STUB_CHUNK_END_TEXT;
    struct stub_options options = {.payload = {nothing, 2}, .invokes = 1, .concurrency = 1};
    struct stub_result result = {0};
    options.stub_cpu = options.child_cpu = -1;
    options.timeout_s = 60;
    if (!take_arguments(&options, argc, argv)) {
        (void)fputs(USAGE, stderr);
        return 64;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    bool good = stub_serve(&options, &result);
    if (good)
        print(&options, &result);
    if (options.payload.ptr != nothing)
        free(options.payload.ptr);
    free(options.expected.ptr);
    return good ? 0 : 1;
}
