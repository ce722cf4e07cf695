// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/herald.h"

#include "base/log.h"
#include "conf/names.h"
#include "scan/clock.h"
#include "scan/reason.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { STAMP_MAX = sizeof("2026-02-28 06:08:03") };
enum { RESTORED_SAID_MAX = 1000 }; // lines at the start; how many more there are is said

static struct control_occurrence occurrence(enum control_event kind)
{
    return (struct control_occurrence){.kind = kind, .time = clock_now()};
}

static struct control_occurrence about(enum control_event kind, const struct cell *cell,
                                       const struct addr *net)
{
    struct control_occurrence e = occurrence(kind);

    e.jail = slice_of(cell->conf->name);
    e.has_net = true;
    e.net = *net;
    return e;
}

// fail2ban's words, its level's name included and nothing behind the address: filters such as its
// recidive, and dashboards, read them.
static void log_event(enum log_level level, const char *jail, const char *what,
                      const struct addr *net)
{
    const char *name = level == LEVEL_NOTICE ? "NOTICE  [" : "INFO    [";
    char text[ADDR_TEXT_MAX];

    addr_format(net, text);
    log_texts(level, (const char *[]){name, jail, "] ", what, " ", text, NULL});
}

static void log_again(const struct cell *cell, const struct addr *net)
{
    char text[ADDR_TEXT_MAX];

    addr_format(net, text);
    log_texts(LEVEL_NOTICE,
              (const char *[]){"NOTICE  [", cell->conf->name, "] ", text, " already banned", NULL});
}

static void format_stamp(usec_t t, char ret[static STAMP_MAX])
{
    time_t seconds = (time_t)(t / USEC_PER_SEC);
    struct tm local;

    if (!localtime_r(&seconds, &local) ||
        strftime(ret, STAMP_MAX, "%Y-%m-%d %H:%M:%S", &local) == 0)
        ret[0] = '\0';
}

static void log_hit(const struct cell *cell, const struct hit *hit)
{
    char text[ADDR_TEXT_MAX], time[STAMP_MAX];

    addr_format(&hit->addr, text);
    format_stamp(hit->time, time);
    log_line(LEVEL_INFO, "INFO    [%s] Found %s - %s, %u of %u", cell->conf->name, text, time,
             hit->hits, cell->conf->spec.maxretry);
}

void herald_hit(struct herald *h, const struct cell *cell, const struct hit *hit)
{
    if (server_is_watched(h->server)) {
        struct control_occurrence e = about(CONTROL_EVENT_HIT, cell, &hit->addr);
        e.count = hit->count;
        e.hits = hit->hits;
        server_event(h->server, &e);
    }
    if (log_says(LEVEL_INFO))
        log_hit(cell, hit);
}

// Why, in a line of its own.
static void log_reason(const struct cell *cell, const struct ban *ban, enum judge_news news)
{
    char net[ADDR_TEXT_MAX], length[SPAN_TEXT_MAX], findtime[SPAN_TEXT_MAX], hosts[32] = "";
    const char *verb = news == JUDGE_OVER ? "was to be banned" : "is banned";
    const char *over = news == JUDGE_OVER ? ", which is over" : "";

    addr_format(&ban->net, net);
    span_format(ban->until == USEC_FOREVER ? USEC_FOREVER : ban->until - ban->since, length);
    span_format(ban->findtime, findtime);
    if (ban->reason == BAN_BLOCK)
        snprintf(hosts, sizeof(hosts), " by %u hosts", ban->hosts);
    if (ban->reason == BAN_MANUAL)
        log_line(LEVEL_INFO, "%s is banned in %s for %s: by hand", net, cell->conf->name, length);
    else if (ban->reason == BAN_FINGERPRINT)
        log_line(LEVEL_INFO, "%s %s in %s for %s%s: %s is a fingerprint", net, verb,
                 cell->conf->name, length, over, ban->name);
    else
        log_line(LEVEL_INFO, "%s %s in %s for %s%s: %u %s%s in %s", net, verb, cell->conf->name,
                 length, over, ban->hits, config_weighs(cell->conf) ? "points" : "hits", hosts,
                 findtime);
}

static void tell_ban(struct herald *h, const struct cell *cell, const struct ban *ban,
                     enum judge_news news)
{
    struct control_occurrence e =
        about(news == JUDGE_EXTENDED ? CONTROL_EVENT_EXTENDED : CONTROL_EVENT_BAN, cell, &ban->net);

    e.until = ban->until;
    e.hits = ban->hits;
    e.hosts = ban->hosts;
    e.points = config_weighs(cell->conf);
    e.reason = reason_of(ban);
    e.name = slice_of(ban->name);
    server_event(h->server, &e);
}

void herald_ban(struct herald *h, const struct cell *cell, const struct ban *ban,
                enum judge_news news)
{
    if (server_is_watched(h->server))
        tell_ban(h, cell, ban, news);
    if (news == JUDGE_BANNED)
        log_event(LEVEL_NOTICE, cell->conf->name, "Ban", &ban->net);
    else if (news == JUDGE_EXTENDED)
        log_again(cell, &ban->net);
    if (log_says(LEVEL_INFO))
        log_reason(cell, ban, news);
}

static bool is_too_many(struct herald *h, usec_t now)
{
    if (usec_sub(now, h->minute) >= 60 * USEC_PER_SEC) {
        h->minute = now;
        h->learned = 0;
    }
    h->learned += h->learned <= HERALD_LEARNED_MAX;
    return h->learned > HERALD_LEARNED_MAX;
}

void herald_learned(struct herald *h, enum fingerprint_kind kind,
                    const struct fingerprint_standing *s, usec_t now)
{
    struct control_occurrence e = occurrence(CONTROL_EVENT_LEARNED);
    char name[FINGERPRINT_TEXT_MAX];
    unsigned before = h->learned;

    if (is_too_many(h, now)) {
        if (h->learned > before)
            log_line(LEVEL_NOTICE,
                     "more names than %d in a minute have become fingerprints: "
                     "tailban fingerprints has all",
                     HERALD_LEARNED_MAX);
        return;
    }
    names_format(kind, s->family, name);
    e.name = slice_of(name);
    e.hosts = s->hosts;
    e.blocks = s->blocks;
    server_event(h->server, &e);
    log_line(LEVEL_NOTICE, "%s has become a fingerprint: failures from %u hosts in %u blocks", name,
             s->hosts, s->blocks);
}

// A span as Python writes it: "2:00:00", "1 day, 2:00:00".
static void format_timedelta(usec_t span, char *ret, size_t size)
{
    uint64_t seconds = span / USEC_PER_SEC, days = seconds / 86400;
    char before[32] = "";

    if (days > 0)
        snprintf(before, sizeof(before), "%" PRIu64 " day%s, ", days, days > 1 ? "s" : "");
    seconds %= 86400;
    snprintf(ret, size, "%s%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, before, seconds / 3600,
             seconds / 60 % 60, seconds % 60);
}

void herald_increase(const struct cell *cell, const struct ban *ban, uint32_t count)
{
    char net[ADDR_TEXT_MAX], span[64] = "permanent", until[STAMP_MAX] = "infinite";

    addr_format(&ban->net, net);
    if (ban->until != USEC_FOREVER) {
        format_timedelta(ban->until - ban->since, span, sizeof(span));
        format_stamp(ban->until, until);
    }
    log_line(LEVEL_NOTICE, "NOTICE  [%s] Increase Ban %s (%u # %s -> %s)", cell->conf->name, net,
             count, span, until);
}

struct restored {
    const struct roster *roster;
    uint64_t n;
};

static int log_restored(void *user, const struct ban *ban)
{
    struct restored *r = user;

    if (!roster_find(r->roster, slice_of(ban->jail)))
        return 0;
    if (r->n++ < RESTORED_SAID_MAX)
        log_event(LEVEL_NOTICE, ban->jail, "Restore Ban", &ban->net);
    return 0;
}

int herald_restored(const struct roster *roster, struct ledger *ledger)
{
    struct restored r = {.roster = roster};
    int error = ledger_bans(ledger, NULL, clock_now(), 0, log_restored, &r);

    if (r.n > RESTORED_SAID_MAX)
        log_line(LEVEL_NOTICE, "%" PRIu64 " more bans are in force",
                 r.n - (uint64_t)RESTORED_SAID_MAX);
    return error;
}

void herald_unban(struct herald *h, const struct cell *cell, const struct ban *ban, bool ended)
{
    struct control_occurrence e =
        about(ended ? CONTROL_EVENT_EXPIRED : CONTROL_EVENT_UNBAN, cell, &ban->net);

    server_event(h->server, &e);
    log_event(LEVEL_NOTICE, cell->conf->name, "Unban", &ban->net);
}

void herald_enforced(struct herald *h, bool enforced, const char *text)
{
    struct control_occurrence e = occurrence(CONTROL_EVENT_ENFORCER);

    e.text = slice_of(text);
    server_event(h->server, &e);
    if (enforced)
        log_line(LEVEL_NOTICE, "bans are enforced");
    else if (!h->is_missing)
        log_line(LEVEL_ERROR, "bans are NOT enforced: tailban-enforce: %s", text);
    h->is_missing = !enforced;
}

void herald_problems(const struct config *c)
{
    for (size_t i = 0; i < c->n_problem; i++) {
        const struct problem *p = &c->problem[i];
        enum log_level level = p->severity == PROBLEM_ERROR ? LEVEL_ERROR : LEVEL_WARNING;
        if (p->file && p->line > 0)
            log_line(level, "%s:%u: %s", p->file, p->line, p->text);
        else if (p->file)
            log_line(level, "%s: %s", p->file, p->text);
        else
            log_line(level, "%s", p->text);
    }
}

void herald_jails(const struct roster *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++) {
        n += r->cell[i].jail != NULL;
        if (r->cell[i].problem)
            log_line(LEVEL_ERROR, "jail %s judges nothing: %s", r->cell[i].conf->name,
                     r->cell[i].problem);
    }
    log_line(LEVEL_INFO, "%zu jails", n);
}

void herald_damage(struct herald *h, const struct ledger *ledger)
{
    char text[LEDGER_DAMAGE_MAX];
    size_t damaged = ledger_damaged(ledger);

    if (damaged > h->damaged) {
        ledger_damage_text(ledger, text);
        log_line(LEVEL_ERROR,
                 "the ledger is damaged: what could not be read is set aside, all else holds: %s",
                 text);
    }
    h->damaged = damaged;
}

void herald_reload(struct herald *h, const char *folder, int r)
{
    struct control_occurrence e = occurrence(CONTROL_EVENT_RELOAD);

    if (r < 0)
        log_line(LEVEL_ERROR, "%s cannot be loaded, the former configuration goes on: %s", folder,
                 strerror(-r));
    else
        log_line(LEVEL_NOTICE, "%s is loaded anew", folder);
    server_event(h->server, &e);
}
