// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/herald.h"

#include "base/log.h"
#include "scan/clock.h"

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

void herald_hit(struct herald *h, const struct cell *cell, const struct hit *hit)
{
    char text[ADDR_TEXT_MAX];

    if (server_is_watched(h->server)) {
        struct control_occurrence e = about(CONTROL_EVENT_HIT, cell, &hit->addr);
        e.count = hit->count;
        e.hits = hit->hits;
        server_event(h->server, &e);
    }
    addr_format(&hit->addr, text);
    log_line(LEVEL_DEBUG, "%s hit in %s: %u of %u", text, cell->conf->name, hit->hits,
             cell->conf->spec.maxretry);
}

static void log_ban(const struct cell *cell, const struct ban *ban, bool in_force)
{
    char net[ADDR_TEXT_MAX], length[SPAN_TEXT_MAX], findtime[SPAN_TEXT_MAX];
    const char *over = in_force ? "" : ", which is over";

    addr_format(&ban->net, net);
    span_format(ban->until == USEC_FOREVER ? USEC_FOREVER : ban->until - ban->since, length);
    span_format(ban->findtime, findtime);
    if (ban->reason == BAN_MANUAL)
        log_line(LEVEL_NOTICE, "%s banned in %s for %s: by hand", net, cell->conf->name, length);
    else if (ban->reason == BAN_BLOCK)
        log_line(LEVEL_NOTICE, "%s banned in %s for %s%s: %u hits by %u hosts in %s", net,
                 cell->conf->name, length, over, ban->hits, ban->hosts, findtime);
    else
        log_line(LEVEL_NOTICE, "%s banned in %s for %s%s: %u hits in %s", net, cell->conf->name,
                 length, over, ban->hits, findtime);
}

void herald_ban(struct herald *h, const struct cell *cell, const struct ban *ban, bool in_force)
{
    static const enum control_reason reasons[] = {
        [BAN_HOST] = CONTROL_HOST, [BAN_BLOCK] = CONTROL_BLOCK, [BAN_MANUAL] = CONTROL_MANUAL};
    struct control_occurrence e = about(CONTROL_EVENT_BAN, cell, &ban->net);

    e.until = ban->until;
    e.hits = ban->hits;
    e.hosts = ban->hosts;
    e.reason = reasons[ban->reason];
    server_event(h->server, &e);
    log_ban(cell, ban, in_force);
}

void herald_unban(struct herald *h, const struct cell *cell, const struct ban *ban)
{
    struct control_occurrence e = about(CONTROL_EVENT_UNBAN, cell, &ban->net);
    char net[ADDR_TEXT_MAX];

    server_event(h->server, &e);
    addr_format(&ban->net, net);
    log_line(LEVEL_NOTICE, "%s unbanned in %s", net, cell->conf->name);
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
