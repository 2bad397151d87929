/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `leat dead` share: the letters of a file sink, PATH and what it was rotated into. */
#ifndef LEAT_CLI_DEAD_H
#define LEAT_CLI_DEAD_H

#include "cli.h"

#include <config/config.h>
#include <file/lines.h>
#include <leat/sink.h>

#include <sys/types.h>

#define LEAT_DEAD_REDRIVES_MAX 3 /* a letter that was put back so often is not put back again, unless forced */

struct leat_dead_entry {
    leat_str id, digest; /* the letter's, and what it is called on the command line: a start of the digest */
    leat_str source, reason, time, event;
    uint32_t attempts; /* 0: not told */
    bool done;         /* put back, and not written again since */
    bool chosen;
    uint32_t file; /* where its last copy stands */
    off_t offset;
    size_t len;
};

/* What `redrive` wrote: which letter, which event. */
struct leat_dead_mark {
    leat_str id, event;
};

struct leat_dead_file {
    const char *path;
    FILE *stream;
};

struct leat_dead_box {
    struct leat_arena arena;
    const char *path;                 /* or what the sink is called */
    const struct leat_sink_ops *sink; /* NULL: it is a file */
    const void *sink_options;
    const struct leat_adapter *const *adapters; /* the caller's, for payloads */
    struct leat_dead_file *files;               /* the oldest first */
    uint32_t file_count;
    struct leat_dead_entry *entries; /* the oldest first; one a letter, however often it stands there */
    size_t count, size;
    uint32_t *places; /* by digest: which entry, from 1 */
    size_t place_count;
    struct leat_dead_mark *marks;
    size_t mark_count, mark_size;
    size_t broken; /* lines that are no JSON */
};

/* Reads all of `path`, or of the sink. NOT_FOUND: there is no such file. */
leat_status leat_dead_open(struct leat_dead_box *box, const char *path, const struct leat_config_sink *sink,
                           struct leat_error *reterr);
void leat_dead_close(struct leat_dead_box *box); /* takes a zeroed one */
/* The letter's line, without its newline, in `arena`. IO, NO_MEMORY. */
leat_status leat_dead_line(const struct leat_dead_box *box, const struct leat_dead_entry *entry,
                           struct leat_arena *arena, leat_str *retline, struct leat_error *reterr);
/* The bytes that came, in `arena`. BAD_RECORD: the letter holds none. */
leat_status leat_dead_payload(const struct leat_dead_box *box, const struct leat_dead_entry *entry,
                              struct leat_arena *arena, leat_str *retpayload, struct leat_error *reterr);
/* How many characters of the digests tell all of them apart; at least 4. */
size_t leat_dead_short(const struct leat_dead_box *box);
/* The one of that whole digest; NULL: there is none. */
struct leat_dead_entry *leat_dead_known(const struct leat_dead_box *box, leat_str digest);
/* By a start of its digest, or its whole id. NOT_FOUND, USAGE (several). */
leat_status leat_dead_find(const struct leat_dead_box *box, leat_str name, struct leat_dead_entry **retentry,
                           struct leat_error *reterr);
/* How often it, or another letter of the same event, was put back. */
unsigned leat_dead_redrives(const struct leat_dead_box *box, const struct leat_dead_entry *entry);

/* What a line is. */
enum leat_dead_kind { LEAT_DEAD_OTHER, LEAT_DEAD_BROKEN, LEAT_DEAD_LETTER, LEAT_DEAD_MARK };
/* `ret` is filled but for its place; its slices are in `arena`. */
enum leat_dead_kind leat_dead_read_line(struct leat_arena *arena, leat_str line, struct leat_dead_entry *ret);

struct leat_dead_call {
    struct leat_cli *cli;
    struct leat_config config;
    const char *config_path, *path;      /* of the configuration, and of the letters */
    const struct leat_config_sink *sink; /* that has the letters; NULL: the file does */
    char path_buffer[LEAT_LINES_PATH_MAX + 1];
    const char **ids;
    size_t id_count;
    /* Options. */
    const char *source, *reason, *to;
    int64_t since_ms, older_ms; /* 0: not given */
    double rate;                /* a second; 0: no limit */
    bool json, payload, all, redriven, dry_run, yes, force;
    bool done_too; /* filters let pass also what was put back */
    /* Of the configuration: what can be put back into. */
    const struct leat_config_source *sources;
    size_t source_count;
    struct leat_dead_box box;
};

/* Fills path and sink, unless --file did, and with `sources` what can be put back into; from the configuration.
 * EXIT_DONE, or an exit status after a message. */
int leat_dead_setup(struct leat_dead_call *dead, bool sources);
/* Marks the entries that ids and options mean: `ids` if there are any, else all that the filters let pass. */
leat_status leat_dead_choose(struct leat_dead_call *dead, struct leat_dead_box *box, size_t *retcount,
                             struct leat_error *reterr);
/* Asks on the terminal, unless --yes. EXIT_DONE: yes; EXIT_OUTCOME: no; EXIT_USAGE_ERROR: nobody is there to be asked.
 */
int leat_dead_ask(const struct leat_dead_call *dead, const char *what, size_t count, const char *where);

/* Each returns an exit status; dead->box is open. */
int leat_dead_ls(struct leat_dead_call *dead);
int leat_dead_show(struct leat_dead_call *dead);
int leat_dead_redrive(struct leat_dead_call *dead);
int leat_dead_purge(struct leat_dead_call *dead);

#endif
