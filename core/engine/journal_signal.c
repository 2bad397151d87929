/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs, as the slot's thread writes it down, and the fatal signal or exit() that interrupts it. Nothing here may
 * allocate, lock or print, but for what opens and closes a thread.
 */
#include "journal_private.h"

#include <leat/alloc.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STACK_BYTES = 64 << 10, STDERR_WAIT_MS = 100, EXIT_CRASHED = 70 /* EX_SOFTWARE */ };

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};

#define FATAL_COUNT (sizeof(fatal) / sizeof(fatal[0]))

static struct sigaction before[FATAL_COUNT];

/* What this thread is in the middle of. Set last and cleared first, so the lines behind it are whole. */
static _Thread_local struct leat_journal_slot *volatile running;

/* --- what runs ---------------------------------------------------------------------------------------------------- */

static void set_mark(struct leat_journal_line *line, char mark)
{
    __atomic_store_n(&line->mark, mark, __ATOMIC_RELEASE);
}

static void write_unit(struct leat_journal_line *line, const struct leat_journal_unit *unit)
{
    leat_journal_put_name(line->source, sizeof(line->source), unit->source);
    leat_journal_put_name(line->unit, sizeof(line->unit), unit->unit);
    leat_journal_put_number(line->attempt, sizeof(line->attempt), unit->attempt);
}

static void write_run(struct leat_journal_slot *slot, const char *handler, const struct leat_journal_unit *units,
                      uint32_t count)
{
    struct leat_journal_line *first = slot->lines;
    slot->named = count < LEAT_JOURNAL_NAMES ? count : LEAT_JOURNAL_NAMES;
    slot->runs++;
    memset(first->cause, ' ', sizeof(first->cause));
    leat_journal_put_number(first->number, sizeof(first->number), slot->runs);
    leat_journal_put_number(first->count, sizeof(first->count), count);
    leat_journal_put_name(first->handler, sizeof(first->handler), leat_str_c(handler));
    write_unit(first, &units[0]);
    for (uint32_t i = 1; i < slot->named; i++) {
        memcpy(first[i].number, first->number, sizeof(first->number));
        memcpy(first[i].handler, first->handler, sizeof(first->handler));
        write_unit(&first[i], &units[i]);
        set_mark(&first[i], MARK_ALSO);
    }
}

void leat_journal_begin(struct leat_journal *journal, uint32_t slot, const char *handler,
                        const struct leat_journal_unit *units, uint32_t count)
{
    if (journal == NULL || slot >= journal->slot_count || count == 0)
        return;
    leat_journal_end(journal, slot);
    write_run(&journal->slots[slot], handler, units, count);
    set_mark(journal->slots[slot].lines, MARK_RUNS);
    running = &journal->slots[slot];
}

void leat_journal_end(struct leat_journal *journal, uint32_t slot)
{
    if (journal == NULL || slot >= journal->slot_count)
        return;
    struct leat_journal_slot *own = &journal->slots[slot];
    running = NULL;
    /* An exchange, since what is written behind it may not come before it. */
    (void)__atomic_exchange_n(&own->lines->mark, (char)MARK_NONE, __ATOMIC_ACQ_REL);
    for (uint32_t i = 1; i < own->named; i++)
        set_mark(&own->lines[i], MARK_NONE);
    own->named = 0;
}

/* One store, for the slot's own thread may write the line at the same time; the cause is in the mark. */
void leat_journal_hang(struct leat_journal *journal, uint32_t slot)
{
    char runs = MARK_RUNS;
    if (journal != NULL && slot < journal->slot_count)
        (void)__atomic_compare_exchange_n(&journal->slots[slot].lines->mark, &runs, (char)MARK_HUNG, false,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

/* --- what interrupts it ------------------------------------------------------------------------------------------- */

static size_t append(char *text, size_t at, size_t size, leat_str more)
{
    size_t len = more.len < size - at ? more.len : size - at;
    if (len > 0)
        memcpy(text + at, more.ptr, len);
    return at + len;
}

/* A reader that does not read may not keep a process from dying. */
static void tell(const struct leat_journal_slot *slot)
{
    char text[1024];
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    size_t len = append(text, 0, sizeof(text), LEAT_STR("leat: fatal: "));
    len += leat_journal_describe(slot->lines, text + len, sizeof(text) - len);
    len = append(text, len, sizeof(text) - 1, LEAT_STR("; it is noted in "));
    len = append(text, len, sizeof(text) - 1, leat_str_c(slot->journal->path));
    len = append(text, len, sizeof(text), LEAT_STR("\n"));
    if (poll(&out, 1, STDERR_WAIT_MS) != 1)
        return;
    ssize_t written = write(STDERR_FILENO, text, len);
    (void)written;
}

/* In a child that the handler forked nothing of this life's ends. */
static struct leat_journal_slot *interrupted(void)
{
    struct leat_journal_slot *slot = running;
    return slot != NULL && slot->journal->pid == getpid() ? slot : NULL;
}

static void note_signal(struct leat_journal_slot *slot, int number)
{
    leat_journal_put_number(slot->lines->cause, sizeof(slot->lines->cause), (uint64_t)number);
    set_mark(slot->lines, MARK_CRASHED);
    tell(slot);
}

/* The one that was there before is called as it stands; else the signal comes again, for good, when this returns. */
static void go_on(int number, siginfo_t *info, void *context)
{
    const struct sigaction *old = NULL;
    for (size_t i = 0; i < FATAL_COUNT; i++)
        if (fatal[i] == number)
            old = &before[i];
    (void)sigaction(number, old, NULL);
    if ((old->sa_flags & SA_SIGINFO) != 0)
        old->sa_sigaction(number, info, context);
    else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN)
        old->sa_handler(number);
    else
        (void)raise(number);
}

/* A watchdog's SIGABRT says nothing about the handler that happens to run on the thread it hits. */
static void on_fatal(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    bool from_outside = info->si_code <= 0 && info->si_pid != getpid();
    struct leat_journal_slot *slot = from_outside ? NULL : interrupted();
    if (slot != NULL)
        note_signal(slot, number);
    go_on(number, info, context);
    errno = saved;
}

/* Called on the thread that called exit(). False: it is no slot's. */
static bool note_exit(void)
{
    struct leat_journal_slot *slot = interrupted();
    if (slot == NULL)
        return false;
    memcpy(slot->lines->cause, "exit", sizeof(slot->lines->cause));
    set_mark(slot->lines, MARK_CRASHED);
    tell(slot);
    return true;
}

/* A supervisor takes a 0 for an end that was wanted, and does not start it again. */
static void on_exit_called(int status, void *argument)
{
    (void)argument;
    if (!note_exit() || status != 0)
        return;
    (void)fflush(NULL);
    _exit(EXIT_CRASHED);
}

static void on_quick_exit_called(void)
{
    (void)note_exit();
}

/* No SA_RESETHAND: two threads may fault at once, and the second must not end the process before the first is noted.
 * A fault inside the handler is blocked there, and so the end. */
void leat_journal_catch(struct leat_journal *journal)
{
    static atomic_flag installed = ATOMIC_FLAG_INIT;
    struct sigaction action = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    if (journal == NULL || atomic_flag_test_and_set(&installed))
        return;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < FATAL_COUNT; i++)
        (void)sigaction(fatal[i], &action, &before[i]);
    (void)on_exit(on_exit_called, NULL);
    (void)at_quick_exit(on_quick_exit_called);
}

/* --- the signal handler's stack ----------------------------------------------------------------------------------- */

leat_status leat_journal_thread(struct leat_journal *journal, uint32_t slot)
{
    stack_t now;
    if (journal == NULL || slot >= journal->slot_count)
        return LEAT_OK;
    if (sigaltstack(NULL, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0)
        return LEAT_OK;
    size_t size = (size_t)SIGSTKSZ + STACK_BYTES; /* the former is what the CPU's registers need */
    void *memory = leat_alloc_raw(size);
    if (memory == NULL)
        return LEAT_STATUS(NO_MEMORY);
    const stack_t own = {.ss_sp = memory, .ss_size = size};
    if (sigaltstack(&own, NULL) != 0) {
        leat_free(memory);
        return LEAT_OK;
    }
    journal->slots[slot].stack = memory;
    return LEAT_OK;
}

void leat_journal_thread_end(struct leat_journal *journal, uint32_t slot)
{
    if (journal == NULL || slot >= journal->slot_count || journal->slots[slot].stack == NULL)
        return;
    const stack_t none = {.ss_flags = SS_DISABLE};
    (void)sigaltstack(&none, NULL);
    leat_free(LEAT_TAKE(journal->slots[slot].stack));
}
