// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"
#include "scan/clock.h"
#include "scan/daemon-own.h"

#include <string.h>
#include <systemd/sd-daemon.h>

static void on_hit(void *user, const struct cell *cell, const struct hit *hit)
{
    struct daemon *d = user;

    herald_hit(&d->herald, cell, hit);
}

// The judge has asked the ledger the same before it sentenced.
static void say_increase(struct daemon *d, const struct cell *cell, const struct ban *ban)
{
    const char *jail = cell->conf->growth.overalljails ? NULL : ban->jail;
    uint32_t prior;

    if (!cell->conf->increment || ban->reason == BAN_MANUAL)
        return;
    prior = ledger_prior(d->ledger, jail, &ban->net, ban->since);
    if (prior > 0)
        herald_increase(cell, ban, prior + 1);
}

static void on_order(void *user, const struct cell *cell, const struct addr *net, usec_t until)
{
    struct daemon *d = user;

    link_ban(d->link, cell, net, until);
    link_hurry(d->link, clock_now());
}

static void on_spare(void *user, const struct addr *host, usec_t until)
{
    struct daemon *d = user;

    link_spare(d->link, host, until);
}

static void on_ban(void *user, const struct cell *cell, const struct ban *ban,
                   const struct hit *last, enum judge_news news)
{
    struct daemon *d = user;

    herald_ban(&d->herald, cell, ban, news);
    if (news != JUDGE_BANNED)
        return;
    say_increase(d, cell, ban);
    hooks_ban(d->hooks, cell, ban, last);
}

static void on_unban(void *user, const struct cell *cell, const struct ban *ban)
{
    struct daemon *d = user;

    link_unban(d->link, cell, &ban->net, clock_now());
    herald_unban(&d->herald, cell, ban, false);
    hooks_unban(d->hooks, cell, ban);
}

static void on_ended(void *user, const struct cell *cell, const struct ban *ban)
{
    struct daemon *d = user;

    herald_unban(&d->herald, cell, ban, true);
    hooks_unban(d->hooks, cell, ban);
}

static enum judge_appeal on_appeal(void *user, const struct cell *cell, const struct ban *ban,
                                   const struct hit *last)
{
    static const enum judge_appeal answers[] = {
        [0] = JUDGE_GOES_ON, [APPEALS_E_SPARED] = JUDGE_SPARES, [APPEALS_E_WAITING] = JUDGE_WAITS};
    struct daemon *d = user;

    return answers[appeals_file(d->appeals, cell, ban, last)];
}

void daemon_decided(void *user, const struct ban *ban, const struct hit *last, bool is_spared)
{
    struct daemon *d = user;

    judge_decide(d->judge, ban, last, is_spared, clock_now());
}

static void on_learned(void *user, enum fingerprint_kind kind, const struct fingerprint_standing *s)
{
    struct daemon *d = user;

    herald_learned(&d->herald, kind, s, clock_now());
}

static void on_suspect(void *user, const struct cell *cell, const struct hit *hit)
{
    struct daemon *d = user;

    witness_suspect(d->witness, cell, hit);
}

static void on_own(void *user, const struct exempt *own)
{
    struct daemon *d = user;
    int r = judge_spare(d->judge, own, clock_now());

    if (r < 0)
        log_line(LEVEL_ERROR, "this host's own addresses cannot be spared: %s", strerror(-r));
    d->may_read = true;
}

static void on_state(void *user, bool enforced, const char *text)
{
    struct daemon *d = user;

    herald_enforced(&d->herald, enforced, text);
    sd_notifyf(0, "STATUS=%s", enforced ? "Bans are enforced." : "Bans are NOT enforced.");
}

void daemon_missing(void *user, int error)
{
    struct daemon *d = user;

    d->may_read = true;
    if (!d->herald.is_missing)
        on_state(d, false, strerror(-error));
}

struct judge_hooks daemon_judge_hooks(struct daemon *d)
{
    return (struct judge_hooks){d,        on_hit,    on_order,   on_ban,     on_unban,
                                on_ended, on_appeal, on_suspect, on_learned, on_spare};
}

struct link_hooks daemon_link_hooks(struct daemon *d)
{
    return (struct link_hooks){d, on_own, on_state};
}
