// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cleanup.h"
#include "base/log.h"
#include "scan/clock.h"
#include "scan/daemon-own.h"
#include "scan/enforcer.h"
#include "scan/secret.h"
#include "scan/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define OWN_WAIT (2 * USEC_PER_SEC)

// Logs

// A block, and the bans it led to on their way before anything else is done.
static void read_block(struct daemon *d)
{
    usec_t now = clock_now();

    log_hold();
    judge_read(d->judge, now);
    link_flush(d->link, now);
    log_release();
}

static int on_logs(sd_event_source *s, int fd, uint32_t events, void *user)
{
    struct daemon *d = user;
    int r = judge_dispatch(d->judge);

    (void)s;
    (void)fd;
    (void)events;
    if (r < 0)
        log_line(LEVEL_ERROR, "the logs cannot be watched: %s", strerror(-r));
    else if (d->may_read && link_has_room(d->link) && judge_ready(d->judge))
        read_block(d);
    return r;
}

static int on_reading(sd_event_source *s, void *user)
{
    (void)s;
    read_block(user);
    return 0;
}

static int on_due(sd_event_source *s, uint64_t usec, void *user)
{
    struct daemon *d = user;

    (void)s;
    (void)usec;
    judge_tick(d->judge, clock_now());
    return 0;
}

static int on_own_waited(sd_event_source *s, uint64_t usec, void *user)
{
    struct daemon *d = user;

    (void)s;
    (void)usec;
    d->may_read = true;
    return 0;
}

// What leads to bans waits while as many are on their way as the link takes.
static void settle_judge(struct daemon *d)
{
    usec_t due = judge_due(d->judge);
    bool has_room = link_has_room(d->link);

    sd_event_source_set_enabled(
        d->reading, d->may_read && has_room && judge_ready(d->judge) ? SD_EVENT_ON : SD_EVENT_OFF);
    sd_event_source_set_enabled(d->requests, has_room ? SD_EVENT_ON : SD_EVENT_OFF);
    if (due != USEC_FOREVER)
        sd_event_source_set_time(d->due, due);
    sd_event_source_set_enabled(d->due, due == USEC_FOREVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

// The kernel would let the banned in too early or too late, and the next checkpoint may have come
// to lie hours ahead.
static void settle_clock(struct daemon *d)
{
    usec_t now = clock_now();

    if (!drift_seen(&d->drift, now, clock_monotonic()))
        return;
    log_line(LEVEL_NOTICE, "the clock was set: all bans are put in force again, to end by it");
    judge_keep(d->judge, now);
    link_resend(d->link);
}

// After whatever has happened, before the loop sleeps.
static int on_settle(sd_event_source *s, void *user)
{
    struct daemon *d = user;

    (void)s;
    settle_clock(d);
    settle_judge(d);
    liaison_settle(d->liaison);
    server_tell(d->server, clock_now());
    return 0;
}

static int on_server(sd_event_source *s, int fd, uint32_t events, void *user)
{
    struct daemon *d = user;

    (void)s;
    (void)fd;
    (void)events;
    log_hold();
    server_dispatch(d->server);
    link_flush(d->link, clock_now());
    log_release();
    return 0;
}

// The configuration

static int load(struct daemon *d)
{
    struct config config = {0};
    usec_t now = clock_now();
    int r = config_load(d->setup.config, &config);

    herald_problems(&config);
    if (r < 0) {
        config_done(&config);
        return r;
    }
    log_set_level(d->setup.verbose ? LEVEL_DEBUG : (enum log_level)config.settings.loglevel);
    d->logs = sd_event_source_disable_unref(d->logs);
    r = judge_load(d->judge, &config, now);
    if (r >= 0) {
        link_set_roster(d->link, judge_roster(d->judge));
        judge_pardon(d->judge, now);
        appeals_forget(d->appeals);
        witness_load(d->witness, &judge_roster(d->judge)->config.settings.dns);
        appeals_set_timeout(d->appeals, judge_roster(d->judge)->config.settings.hooktimeout);
        d->desk.loaded = now;
        hooks_set_timeout(d->hooks, judge_roster(d->judge)->config.settings.hooktimeout);
        ledger_keep_evidence(d->ledger, judge_roster(d->judge)->config.settings.evidence);
        herald_jails(judge_roster(d->judge));
        herald_damage(&d->herald, d->ledger);
    }
    if (judge_roster(d->judge)) {
        int e = sd_event_add_io(d->event, &d->logs, judge_fd(d->judge), EPOLLIN, on_logs, d);
        r = r < 0 ? r : e;
    }
    return r < 0 ? r : 0;
}

static int reload(void *user)
{
    struct daemon *d = user;
    int r;

    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)clock_monotonic());
    r = load(d);
    herald_reload(&d->herald, d->setup.config, r);
    sd_notify(0, "READY=1");
    return r;
}

// Signals

static int on_hup(sd_event_source *s, const struct signalfd_siginfo *si, void *user)
{
    (void)s;
    (void)si;
    reload(user);
    return 0;
}

static int on_term(sd_event_source *s, const struct signalfd_siginfo *si, void *user)
{
    struct daemon *d = user;

    (void)s;
    (void)si;
    return sd_event_exit(d->event, 0);
}

static int arm(struct daemon *d)
{
    int r = sd_event_add_signal(d->event, NULL, SIGTERM, on_term, d);

    if (r >= 0)
        r = sd_event_add_signal(d->event, NULL, SIGINT, on_term, d);
    if (r >= 0)
        r = sd_event_add_signal(d->event, NULL, SIGHUP, on_hup, d);
    if (r >= 0)
        r = sd_event_add_defer(d->event, &d->reading, on_reading, d);
    if (r >= 0)
        r = sd_event_add_time(d->event, &d->due, CLOCK_REALTIME, 0, 0, on_due, d);
    if (r >= 0)
        r = sd_event_add_time_relative(d->event, NULL, CLOCK_MONOTONIC, OWN_WAIT, 0, on_own_waited,
                                       d);
    if (r >= 0)
        r = sd_event_add_io(d->event, &d->requests, server_fd(d->server), EPOLLIN, on_server, d);
    if (r >= 0)
        r = sd_event_add_post(d->event, &d->settling, on_settle, d);
    // Before whatever else waits its turn: what is polled for may have changed.
    if (r >= 0)
        r = sd_event_source_set_priority(d->settling, SD_EVENT_PRIORITY_IMPORTANT);
    return r < 0 ? r : sd_event_set_watchdog(d->event, true);
}

// Opening and closing

static int open_liaison(struct daemon *d)
{
    const struct liaison_setup setup = {.event = d->event,
                                        .link = d->link,
                                        .path = d->enforce_path,
                                        .keeper = d->setup.keeper,
                                        .user = d,
                                        .missing = daemon_missing};

    d->setup.keeper = -1;
    return liaison_new(&setup, &d->liaison);
}

static int open_secret(struct daemon *d)
{
    struct siphash_key key;
    int r = secret_read(d->setup.state, &key);

    if (r == 0)
        judge_recognize(d->judge, &key);
    return r;
}

static int open_parts(struct daemon *d)
{
    const struct judge_hooks judge_hooks = daemon_judge_hooks(d);
    const struct link_hooks link_hooks = daemon_link_hooks(d);
    int r = zone_local(&d->zone);

    if (r >= 0)
        r = sd_event_default(&d->event);
    if (r >= 0)
        r = judge_new(d->ledger, &d->zone, &judge_hooks, &d->judge);
    if (r >= 0)
        r = open_secret(d);
    if (r >= 0)
        r = hooks_new(d->event, d->ledger, &d->hooks);
    if (r >= 0)
        r = appeals_new(d->event, d->ledger, daemon_decided, d, &d->appeals);
    if (r >= 0)
        r = link_new(d->ledger, &link_hooks, &d->link);
    if (r >= 0)
        r = witness_new(d->event, d->judge, d->link, &d->witness);
    if (r >= 0)
        r = open_liaison(d);
    if (r >= 0)
        r = server_new(d->setup.control, desk_answer, &d->desk, &d->server);
    d->setup.control = -1;
    d->herald.server = d->server;
    if (r < 0)
        log_line(LEVEL_ERROR, "tailband cannot start: %s", strerror(-r));
    return r;
}

int daemon_new(const struct daemon_setup *setup, struct daemon **ret)
{
    struct daemon *d = calloc(1, sizeof(*d));
    int r;

    if (!d)
        return -ENOMEM;
    d->setup = *setup;
    snprintf(d->enforce_path, sizeof(d->enforce_path), "%s/enforce.sock", setup->run);
    r = shelf_open(d->setup.state, clock_now(), d->trouble, &d->ledger);
    if (r >= 0)
        r = open_parts(d);
    if (r >= 0) {
        d->desk = (struct desk){.judge = d->judge,
                                .link = d->link,
                                .ledger = d->ledger,
                                .trouble = d->trouble,
                                .hooks = d->hooks,
                                .witness = d->witness,
                                .config = d->setup.config,
                                .started = clock_now(),
                                .reload = reload,
                                .user = d};
        r = load(d);
        if (r < 0)
            log_line(LEVEL_ERROR, "%s cannot be loaded: %s", setup->config, strerror(-r));
    }
    if (r >= 0)
        r = herald_restored(judge_roster(d->judge), d->ledger);
    if (r >= 0)
        r = arm(d);
    if (r < 0) {
        daemon_free(d);
        return r;
    }
    if (d->setup.enforcer >= 0)
        link_attach(d->link, d->setup.enforcer);
    d->setup.enforcer = -1;
    *ret = d;
    return 0;
}

int daemon_run(struct daemon *d)
{
    int r;

    settle_judge(d);
    liaison_settle(d->liaison);
    sd_notify(0, "READY=1");
    r = sd_event_loop(d->event);
    sd_notify(0, "STOPPING=1");
    return r;
}

struct daemon *daemon_free(struct daemon *d)
{
    if (!d)
        return NULL;
    d->logs = sd_event_source_disable_unref(d->logs);
    sd_event_source_disable_unref(d->requests);
    sd_event_source_disable_unref(d->reading);
    sd_event_source_disable_unref(d->due);
    sd_event_source_disable_unref(d->settling);
    witness_free(d->witness);
    appeals_free(d->appeals);
    judge_free(d->judge);
    hooks_free(d->hooks);
    liaison_free(d->liaison);
    sd_event_unref(d->event);
    link_free(d->link);
    server_free(d->server);
    ledger_close(d->ledger);
    zone_done(&d->zone);
    closep(&d->setup.enforcer);
    closep(&d->setup.keeper);
    if (d->setup.control >= 0)
        close(d->setup.control);
    if (d->setup.keeper_pid > 0)
        enforcer_wait(d->setup.keeper_pid);
    free(d);
    return NULL;
}
