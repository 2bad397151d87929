/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the source share. Loop thread only. */
#ifndef LEAT_SPOOL_STATE_H
#define LEAT_SPOOL_STATE_H

#include "folders.h"
#include "spool.h"
#include "waiting.h"

#include <dirent.h>

/* What becomes of a file that was claimed. */
enum leat_spool_end {
    LEAT_SPOOL_OPEN,      /* it is being worked on */
    LEAT_SPOOL_REMOVED,   /* done */
    LEAT_SPOOL_KEPT,      /* done, and kept in done/ */
    LEAT_SPOOL_REJECTED,  /* into failed/ */
    LEAT_SPOOL_GIVEN_BACK /* into new/, by what `as` says */
};

/* A file in the worker's own folder. */
struct leat_spool_claim {
    struct leat_spool_claim *next, **at; /* among all of this worker */
    char name[LEAT_SPOOL_NAME_SIZE];     /* there */
    char base[LEAT_SPOOL_NAME_SIZE];
    struct leat_spool_name as;
    enum leat_spool_end end;
    uint32_t generation;    /* of the folder that it is in */
    bool stuck;             /* it ended, but could not be moved yet */
    struct leat_unit *unit; /* to be answered when it was; NULL: it was never delivered */
};

struct leat_spool {
    struct leat_source *source;
    struct leat_loop *loop;
    struct leat_spool_options options;
    struct leat_spool_folders folders;
    char id[40];         /* of this worker: the name of its folder in cur/ */
    int own;             /* that folder; locked as long as we live */
    uint32_t generation; /* rises with each such folder: what was claimed in one that is gone is not in this one */
    struct leat_spool_waiting waiting;
    struct leat_spool_claim *claims;
    uint64_t taken;
    uint32_t units; /* credit */
    size_t bytes;

    DIR *scan; /* new/ is being read */
    int notice;
    struct leat_watch *watch;
    int root_watch, new_watch;
    bool polls; /* there is no inotify */

    struct leat_timer *turn;  /* there is something to do, or a file's time comes */
    struct leat_timer *check; /* other workers have claims: do they live? */
    struct leat_timer *again; /* after trouble */
    struct leat_timer *poll;  /* without inotify */
    int64_t again_ms;         /* how long the last wait for that was */
    bool troubled;            /* nothing is taken */
    bool doubt;               /* since then nothing has succeeded */
    bool checking;            /* that timer is set */
    bool stopping;

    enum leat_source_state state;
    char why[160];
};

struct leat_spool_now leat_spool_now(void);
void leat_spool_log(const struct leat_spool *spool, enum leat_log_level level, const char *format, ...)
    LEAT_PRINTF(3, 4);

/* source.c */
void leat_spool_go_on(struct leat_spool *spool); /* soon, if there is anything to do */
void leat_spool_report(struct leat_spool *spool);
/* Nothing works until `error` is mended; it is tried again by itself. */
void leat_spool_trouble(struct leat_spool *spool, const char *what, int error);
void leat_spool_fine(struct leat_spool *spool); /* something succeeded */

/* Soon: do others that have claims still live? */
void leat_spool_check(struct leat_spool *spool);

/* scan.c */
/* The name of a file in new/ was seen. */
void leat_spool_seen(struct leat_spool *spool, leat_str name);
void leat_spool_rescan(struct leat_spool *spool); /* begins */
void leat_spool_scan_on(struct leat_spool *spool);
void leat_spool_scan_end(struct leat_spool *spool);

/* take.c */
/* Claims a file, reads and delivers it. False: not now. */
bool leat_spool_take(struct leat_spool *spool, struct leat_spool_entry *entry);

/* claim.c */
/* 0, or an errno: then there is no claim. */
int leat_spool_claim(struct leat_spool *spool, const struct leat_spool_entry *entry,
                     struct leat_spool_claim **retclaim);
/* Moves the file where it goes, now or when that works again, and answers its settlement. */
void leat_spool_claim_end(struct leat_spool *spool, struct leat_spool_claim *claim, enum leat_spool_end end);
/* Those that are stuck once more. False: it does not work yet. */
bool leat_spool_claims_retry(struct leat_spool *spool);
void leat_spool_claims_free(struct leat_spool *spool);

/* workers.c */
/* Unless it has its folder already, and that is still there. On failure errno is set. */
leat_status leat_spool_join(struct leat_spool *spool, struct leat_error *reterr);
void leat_spool_leave(struct leat_spool *spool); /* what is claimed still goes back */
/* What workers that have gone had claimed goes back into new/. True: others live that have claims. */
bool leat_spool_take_over(struct leat_spool *spool);

/* notice.c */
void leat_spool_notice_open(struct leat_spool *spool); /* without inotify: a timer */
void leat_spool_notice_close(struct leat_spool *spool);

#endif
