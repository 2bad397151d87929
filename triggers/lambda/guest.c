/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a guest: when its child is started, what an invocation ends in, what happens if it says nothing. */
#include "guest_private.h"

#include <leat/alloc.h>

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_MS 500
#define LINGER_MS 500      /* for what a child that has ended had sent */
#define INIT_ERROR_MS 1000 /* to end after it said that its initialisation failed */

static void start_child(struct leat_guest *guest);

/* --- the end of a call --------------------------------------------------------------------------------------- */

/* The last thing its caller does: another call may come out of it. */
static void end_call(struct leat_guest *guest, const struct leat_guest_result *result)
{
    leat_timer_clear(guest->timer);
    guest->called = false;
    guest->call.answered(guest->call.argument, result);
}

void leat_guest_answer(struct leat_guest *guest, const struct leat_answer *answer)
{
    struct leat_guest_result result = {.answer = *answer};
    result.duration_us = leat_clock_us(&leat_clock_system) - guest->taken_us;
    guest->state = LEAT_GUEST_ANSWERED;
    end_call(guest, &result);
}

static void answer_error(struct leat_guest *guest, const char *type, const char *message)
{
    struct leat_answer answer = {.error_type = leat_str_c(type), .error_message = leat_str_c(message)};
    leat_guest_answer(guest, &answer);
}

static void give_up(struct leat_guest *guest, const char *what)
{
    struct leat_guest_result result = {0};
    result.status = leat_error_set(&result.error, LEAT_STATUS(CONFIG), "%s %s%s%s", guest->options.label, what,
                                   guest->init_error[0] != '\0' ? ": " : "", guest->init_error);
    leat_error_fix(&result.error, "what it says itself stands above; it must ask for events as Lambda's runtimes do");
    end_call(guest, &result);
}

/* --- the end of a child ------------------------------------------------------------------------------------------ */

static void describe_end(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(text, size, "exit status %d", WEXITSTATUS(status));
}

static void clear_child(struct leat_guest *guest)
{
    leat_timer_clear(guest->timer);
    leat_guest_disconnect(guest);
    guest->ended = false;
}

/* A call that no child has taken waits for the next one. */
static void start_again(struct leat_guest *guest, const char *how)
{
    char what[160];
    if (guest->starts < LEAT_GUEST_STARTS_MAX) {
        start_child(guest);
        return;
    }
    snprintf(what, sizeof(what), "ended %u times before it took an event: %s", guest->starts, how);
    give_up(guest, what);
}

static void finish_end(struct leat_guest *guest)
{
    char how[80], message[160];
    bool ran = guest->state == LEAT_GUEST_RUNNING;
    describe_end(guest->wait_status, how, sizeof(how));
    clear_child(guest);
    if (ran) {
        snprintf(message, sizeof(message), "Runtime exited with error: %s", how);
        answer_error(guest, "Runtime.ExitError",
                     guest->wait_status != 0 ? message : "Runtime exited without providing a reason");
    } else if (guest->called)
        start_again(guest, how);
}

/* Whatever else is in its group ends with it, so its connections end too, behind what was sent on them. */
static void on_ended(void *argument, short what)
{
    struct leat_guest *guest = argument;
    (void)what;
    leat_guest_accept(guest);
    guest->wait_status = leat_guest_process_stop(&guest->process, 0);
    guest->ended = true;
    if (guest->connections == NULL)
        finish_end(guest);
    else
        leat_timer_set(guest->timer, LINGER_MS);
}

void leat_guest_disconnected(struct leat_guest *guest)
{
    if (guest->ended && guest->connections == NULL)
        finish_end(guest);
}

static void kill_child(struct leat_guest *guest)
{
    guest->wait_status = leat_guest_process_stop(&guest->process, 0);
    clear_child(guest);
}

/* --- time ------------------------------------------------------------------------------------------------------------
 */

static void time_out(struct leat_guest *guest)
{
    char message[80];
    kill_child(guest);
    snprintf(message, sizeof(message), "Task timed out after %.2f seconds", (double)guest->options.time_ms / 1000.0);
    answer_error(guest, "Function.Timeout", message);
}

static void on_time(void *argument)
{
    struct leat_guest *guest = argument;
    char what[80];
    if (guest->ended) {
        finish_end(guest);
    } else if (guest->state == LEAT_GUEST_RUNNING) {
        time_out(guest);
    } else if (guest->state == LEAT_GUEST_FAILED || guest->state == LEAT_GUEST_ANSWERED) {
        kill_child(guest);
        if (guest->called)
            start_again(guest, "it had to be killed");
    } else if (guest->called) {
        kill_child(guest);
        snprintf(what, sizeof(what), "asked for no event within %.2f seconds", (double)guest->options.init_ms / 1000.0);
        give_up(guest, what);
    }
}

/* --- the start of a child
 * ----------------------------------------------------------------------------------------------- */

static void start_child(struct leat_guest *guest)
{
    struct leat_guest_result result = {0};
    struct leat_guest_start start = {
        .command = (char *const *)(uintptr_t)guest->options.command,
        .environment = guest->environment,
        .folder = guest->options.folder,
        .ended = on_ended,
        .argument = guest,
    };
    guest->state = LEAT_GUEST_STARTED;
    guest->extension = false;
    guest->init_error[0] = '\0';
    guest->starts++;
    result.status = leat_guest_process_start(&guest->process, guest->loop, &start, &result.error);
    if (leat_is_ok(result.status))
        leat_timer_set(guest->timer, guest->options.init_ms);
    else
        end_call(guest, &result);
}

void leat_guest_init_failed(struct leat_guest *guest, leat_str type, leat_str message)
{
    guest->state = LEAT_GUEST_FAILED;
    snprintf(guest->init_error, sizeof(guest->init_error), "%.*s: %.*s", LEAT_ARG(type), LEAT_ARG(message));
    leat_timer_set(guest->timer, INIT_ERROR_MS);
}

/* --- the start of a call
 * ---------------------------------------------------------------------------------------------------- */

static struct leat_guest_connection *find_waiting(const struct leat_guest *guest)
{
    for (struct leat_guest_connection *at = guest->connections; at != NULL; at = at->next)
        if (at->hold == LEAT_GUEST_WAITS_FOR_NEXT)
            return at;
    return NULL;
}

void leat_guest_offer(struct leat_guest *guest)
{
    struct leat_guest_connection *connection = find_waiting(guest);
    if (guest->state == LEAT_GUEST_STARTED || guest->ended || connection == NULL || !guest->called)
        return;
    leat_timer_set(guest->timer, guest->options.time_ms);
    guest->state = LEAT_GUEST_RUNNING;
    guest->starts = 0;
    guest->attempts++;
    guest->taken_us = leat_clock_us(&leat_clock_system);
    guest->deadline_ms = leat_clock_wall_ms(&leat_clock_system) + guest->options.time_ms;
    snprintf(guest->request_id, sizeof(guest->request_id), "%.*s", LEAT_ARG(guest->call.invocation.request_id));
    snprintf(guest->attempt_id, sizeof(guest->attempt_id), "%08x-0000-4000-9000-%012llx", (unsigned)getpid(),
             (unsigned long long)guest->attempts);
    leat_guest_give(connection);
}

void leat_guest_invoke(struct leat_guest *guest, const struct leat_guest_call *call)
{
    guest->call = *call;
    guest->called = true;
    if (guest->ended) { /* finish_end starts the next child */
        leat_timer_set(guest->timer, LINGER_MS);
        return;
    }
    if (guest->process.pid == 0) {
        start_child(guest);
        return;
    }
    leat_timer_set(guest->timer, guest->options.init_ms);
    leat_guest_offer(guest);
}

/* --- the guest
 * ------------------------------------------------------------------------------------------------------------------ */

leat_status leat_guest_new(struct leat_loop *loop, const struct leat_guest_options *options,
                           struct leat_guest **retguest, struct leat_error *reterr)
{
    struct leat_guest *guest = leat_alloc(sizeof(*guest));
    *retguest = guest;
    if (guest == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    guest->loop = loop;
    guest->options = *options;
    guest->listener = -1;
    leat_arena_init(&guest->arena, 0);
    guest->timer = leat_loop_timer(loop, on_time, guest);
    if (guest->timer == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    LEAT_TRY(leat_guest_listen(guest, reterr));
    return leat_guest_make_environment(guest, reterr);
}

void leat_guest_free(struct leat_guest *guest)
{
    if (guest == NULL)
        return;
    (void)leat_guest_process_stop(&guest->process, STOP_MS);
    leat_guest_disconnect(guest);
    leat_watch_free(guest->accepting);
    if (guest->listener >= 0)
        close(guest->listener);
    leat_timer_free(guest->timer);
    leat_arena_fini(&guest->arena);
    leat_free(guest);
}
