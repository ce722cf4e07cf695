// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"
#include "scan/judge-own.h"
#include "scan/recall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { WRITES_MAX = 1 << 17, ENDED_MAX = 1000 };

#define EXPIRE_PAUSE (60 * USEC_PER_SEC)

int judge_new(struct ledger *ledger, const struct zone *zone, const struct judge_hooks *hooks,
              struct judge **ret)
{
    struct judge *j = calloc(1, sizeof(*j));

    if (!j)
        return -ENOMEM;
    j->books.ledger = ledger;
    j->zone = zone;
    j->hooks = *hooks;
    j->expire = USEC_FOREVER;
    *ret = j;
    return 0;
}

void judge_recognize(struct judge *j, const struct siphash_key *key)
{
    j->key = *key;
    j->has_key = true;
}

struct judge *judge_free(struct judge *j)
{
    if (j) {
        if (j->roster)
            judge_checkpoint(j);
        intake_free(j->intake);
        roster_free(j->roster);
        exempt_done(&j->own);
        books_done(&j->books);
        free(j);
    }
    return NULL;
}

static double chance(void)
{
    uint64_t bits = 0;

    // Where there is no randomness, a ban is a little more predictable.
    if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t)sizeof(bits))
        return 0;
    return (double)(bits >> 11) * 0x1p-53;
}

static struct past past_of(void *user, const struct jail_spec *spec, const struct addr *net,
                           usec_t time)
{
    struct judge *j = user;
    const char *jail = spec->sentence.growth->overalljails ? NULL : spec->name;
    struct past past = {.chance = chance()};

    past.bans = ledger_prior(j->books.ledger, jail, net,
                             source_is_off(j->source, time, j->now) ? j->now : time);
    return past;
}

static void ask(struct judge *j, struct roster *roster)
{
    for (size_t i = 0; i < roster->n; i++) {
        if (roster->cell[i].jail)
            jail_ask(roster->cell[i].jail, past_of, j);
    }
}

struct missed {
    struct judge *judge;
    const struct roster *roster;
    usec_t now;
};

// What ended while nobody was there is nobody's news.
static int on_missed(void *user, const struct ban *ban)
{
    const struct missed *m = user;

    if (ban->reason == BAN_MANUAL)
        judge_free_net(m->judge, m->roster, &ban->net, m->now);
    return 0;
}

static void count_in_force(const struct ledger *ledger, struct roster *roster)
{
    for (size_t i = 0; i < roster->n; i++)
        roster->cell[i].banned = ledger_in_force(ledger, roster->cell[i].conf->name);
}

int judge_load(struct judge *j, struct config *config, usec_t now)
{
    struct roster *roster = NULL;
    struct intake *intake = NULL;
    int r = roster_new(config, &roster);

    // What cannot be written is read again in the logs, as after a crash: who has no room on his
    // disk can be spared nonetheless.
    if (j->roster && judge_checkpoint(j) < 0)
        books_done(&j->books);
    if (r == 0)
        r = roster_spare(roster, &j->own);
    if (r == 0 && j->has_key)
        r = roster_recognize(roster, &j->key);
    if (r == 0 && j->roster)
        r = caps_resume(roster->caps, j->roster->caps);
    if (r == 0)
        r = recall_restore(j->books.ledger, roster, now);
    if (r == 0 && !j->roster)
        r = ledger_ended(j->books.ledger, now, SIZE_MAX, on_missed,
                         &(struct missed){j, roster, now});
    if (r == 0) {
        count_in_force(j->books.ledger, roster);
        ask(j, roster);
    }
    if (r == 0)
        r = intake_new(roster, j->books.ledger, j->zone, now, &intake);
    if (r < 0) {
        roster_free(roster);
        return r;
    }
    intake_free(j->intake);
    roster_free(j->roster);
    j->roster = roster;
    j->intake = intake;
    alarms_resume(&j->alarms, roster->caps);
    judge_respare(j, now);
    // A log that is rotated before the first checkpoint would not be found again after a crash.
    judge_keep(j, now);
    return 0;
}

int judge_fd(const struct judge *j)
{
    return intake_fd(j->intake);
}

int judge_dispatch(struct judge *j)
{
    int r = intake_dispatch(j->intake);

    return r == LOGS_E_TAKEN ? judge_checkpoint(j) : r;
}

bool judge_ready(const struct judge *j)
{
    return intake_ready(j->intake);
}

static void write_hit(struct judge *j, struct cell *c, const char *source, const struct hit *hit)
{
    books_hit(&j->books, c->conf->name, hit, source, j->now);
    j->counters.hits++;
    j->hooks.hit(j->hooks.user, c, hit);
}

// What a jail has read from the journal may stand in a log as well, and the other way round. When
// it changes from one to the other, the last hit tells what has been counted; to the second, for
// most logs know no more. A hit of a clock that was ahead tells nothing.
static bool is_repeated(const struct judge *j, const struct cell *c, const struct source *s,
                        const struct line *line)
{
    usec_t other = c->heard[s->kind == SOURCE_FILE ? SOURCE_JOURNAL : SOURCE_FILE];

    return line->dated && other <= j->now && line->time / USEC_PER_SEC <= other / USEC_PER_SEC &&
           !source_is_off(s, line->time, j->now);
}

// What is known of him today says nothing of what he did long ago.
static bool is_suspect(const struct judge *j, const struct cell *c, const struct hit *hit)
{
    const struct jail_spec *spec = &c->conf->spec;

    return j->hooks.suspect && (uint64_t)hit->hits * 2 >= spec->maxretry &&
           usec_add(hit->time, spec->findtime) > j->now;
}

// A line before its jails.
struct hearing {
    struct judge *judge;
    struct source *source;
    const struct line *line;
};

// The wait for the memory is long where a ban comes of it.
static void expect(const struct judge *j, const struct sign *sign)
{
    const struct match *m = &sign->match;
    struct addr host;

    if (sign->r != FILTER_E_MATCH || !m->has_host || m->success || m->nofail)
        return;
    host = addr_host(&m->host);
    ledger_expect(j->books.ledger, &host);
}

static int hear(void *user, size_t jail, unsigned filter, const struct sign *sign)
{
    const struct hearing *h = user;
    struct judge *j = h->judge;
    struct source *s = h->source;
    struct cell *c = &j->roster->cell[s->panel->cell[jail]];
    struct hit hit;
    struct verdict verdict;
    int r;

    if (is_repeated(j, c, s, h->line))
        return 0;
    expect(j, sign);
    r = jail_take(c->jail, filter, sign, j->now, &hit, &verdict);
    if (r < 0)
        log_line(LEVEL_ERROR, "jail %s: a line could not be judged: %s", c->conf->name,
                 strerror(-r));
    if (r == JAIL_E_HIT || r == JAIL_E_VERDICT) {
        roster_hear(c, s->kind, hit.time);
        write_hit(j, c, s->name, &hit);
    }
    if (r == JAIL_E_VERDICT)
        judge_sentence(j, c, &verdict, &hit, source_is_off(s, verdict.time, j->now));
    else if (r == JAIL_E_HIT && is_suspect(j, c, &hit))
        j->hooks.suspect(j->hooks.user, c, &hit);
    return 0;
}

void judge_testify(struct judge *j, const char *jail, const struct addr *addr, usec_t time,
                   uint32_t weight, const char *text, usec_t now)
{
    // A ban that comes of it begins now, however late that is.
    static const struct source dns = {.name = SOURCE_DNS, .live = true};
    const struct source *source = j->source;
    struct cell *c = roster_find(j->roster, slice_of(jail));
    struct hit hit;
    struct verdict verdict;
    int r;

    if (!c || !c->jail)
        return;
    j->now = now;
    j->source = &dns;
    r = jail_testify(c->jail, addr, time, weight, slice_of(text), &hit, &verdict);
    if (r == JAIL_E_HIT || r == JAIL_E_VERDICT)
        write_hit(j, c, dns.name, &hit);
    if (r == JAIL_E_VERDICT)
        judge_sentence(j, c, &verdict, &hit, source_is_off(&dns, verdict.time, j->now));
    j->source = source;
}

static void on_line(void *user, struct source *s, const struct line *line)
{
    struct judge *j = user;
    struct line believed = *line;
    struct hearing hearing = {j, s, &believed};
    int r = 0;

    believed.time = source_believe(s, line->time, j->now);
    j->counters.lines++;
    j->source = s;
    if (line->dated)
        source_check(s, line->time, j->now);
    if (line->dated && line->time < s->since)
        return;
    if (!s->panel)
        r = roster_panel(j->roster, s->cell, s->n_cells, &s->panel);
    if (r < 0)
        log_line(LEVEL_ERROR, "%s: a line could not be judged: %s", s->name, strerror(-r));
    else
        lineup_line(s->panel->lineup, &believed, j->now, hear, &hearing);
}

// Memory is freed when nothing is left to read: until then it may still be asked for.
static void arm_expiry(struct judge *j, usec_t now)
{
    usec_t next = roster_next(j->roster);

    if (next != USEC_FOREVER && next < usec_add(now, EXPIRE_PAUSE))
        next = usec_add(now, EXPIRE_PAUSE);
    j->expire = next;
}

// A checkpoint, and what the ledger keeps no longer.
static void close_books(struct judge *j, usec_t now)
{
    judge_checkpoint(j);
    books_prune(&j->books, usec_add(j->roster->memory, RECALL_LATE), now);
}

static int on_news(void *user, const struct fingerprint_standing *s, enum fingerprint_kind kind)
{
    const struct judge *j = user;

    j->hooks.learned(j->hooks.user, kind, s);
    return 0;
}

void judge_read(struct judge *j, usec_t now)
{
    books_begin(&j->books, now);
    j->now = now;
    intake_read(j->intake, now, on_line, j);
    roster_pass(j->roster);
    alarms_tell(&j->alarms, j->roster->caps);
    if (j->hooks.learned)
        fingerprints_news(j->roster->reputation.fingerprints, on_news, j);
    if (j->books.writes >= WRITES_MAX && !j->books.is_failing)
        close_books(j, now);
    if (!intake_ready(j->intake))
        arm_expiry(j, now);
}

static usec_t checkpoint_due(const struct judge *j)
{
    return j->books.is_open ? usec_add(j->books.opened, j->roster->config.settings.checkpoint)
                            : USEC_FOREVER;
}

usec_t judge_due(const struct judge *j)
{
    usec_t due = checkpoint_due(j), end = ledger_next_end(j->books.ledger);

    if (end < due)
        due = end;
    return due < j->expire ? due : j->expire;
}

static int on_ended(void *user, const struct ban *ban)
{
    struct judge *j = user;
    const struct cell *c = roster_find(j->roster, slice_of(ban->jail));

    if (ban->reason == BAN_MANUAL)
        judge_free_net(j, j->roster, &ban->net, j->now);
    if (c)
        j->hooks.ended(j->hooks.user, c, ban);
    return 0;
}

void judge_tick(struct judge *j, usec_t now)
{
    if (now >= checkpoint_due(j))
        close_books(j, now);
    // In pieces, so that a hundred thousand that end together stop nobody.
    j->now = now;
    ledger_ended(j->books.ledger, now, ENDED_MAX, on_ended, j);
    judge_respare(j, now);
    if (now < j->expire)
        return;
    roster_expire(j->roster, now);
    arm_expiry(j, now);
}

int judge_checkpoint(struct judge *j)
{
    int r;

    if (!j->books.is_open)
        return 0;
    r = recall_keep(j->books.ledger, j->roster);
    if (r == 0)
        r = intake_keep(j->intake);
    return books_commit(&j->books, r);
}

int judge_keep(struct judge *j, usec_t now)
{
    int r = books_begin(&j->books, now);

    return r < 0 ? r : judge_checkpoint(j);
}

const struct roster *judge_roster(const struct judge *j)
{
    return j->roster;
}

const struct intake *judge_intake(const struct judge *j)
{
    return j->intake;
}

struct judge_counters judge_counters(const struct judge *j)
{
    return j->counters;
}

bool judge_is_failing(const struct judge *j)
{
    return j->books.is_failing;
}
