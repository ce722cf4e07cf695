// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/journals.h"

#include "base/log.h"
#include "scan/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    ENTRIES_PER_TURN = 256,
    TURNS_TO_YIELD = 256, // and not longer: a jail that lags that far behind misses the rest
};

struct reader {
    struct source source;
    const struct journal_conf *conf;
    struct journal *journal;
    char *name;
};

struct journals {
    const struct roster *roster;
    struct ledger *ledger;
    int poll_fd;
    struct reader *reader; // room for one per jail
    size_t n, turn;
    uint64_t overlong;
};

static bool wants_journal(const struct cell *c, size_t cell, const struct logs *logs)
{
    if (!c->jail || !c->conf->journal.matches)
        return false;
    return c->conf->backend == BACKEND_SYSTEMD ||
           (c->conf->backend == BACKEND_AUTO && !logs_has(logs, (uint16_t)cell));
}

static struct reader *find(const struct journals *j, const struct journal_conf *c)
{
    for (size_t i = 0; i < j->n; i++) {
        if (strcmp(j->reader[i].conf->where, c->where) == 0 &&
            strcmp(j->reader[i].conf->matches, c->matches) == 0)
            return &j->reader[i];
    }
    return NULL;
}

// Other entries than before are read from where the journal was read to: a log does not begin anew
// because a jail asks for more of it.
static int find_start(const struct journals *j, const struct journal_conf *c, usec_t now,
                      struct bookmark *ret)
{
    int r = ledger_bookmark_of(j->ledger, c->where, c->matches, ret);

    if (r != -ENOENT)
        return r;
    r = ledger_bookmark_of(j->ledger, c->where, NULL, ret);
    ret->cursor[0] = '\0';
    if (r == -ENOENT)
        ret->time = usec_sub(now, j->roster->findtime);
    return r == -ENOENT ? 0 : r;
}

static int add_reader(struct journals *j, const struct journal_conf *c, usec_t now,
                      struct reader **ret)
{
    struct reader r = {.conf = c};
    struct bookmark start;
    int e = find_start(j, c, now, &start);

    if (e < 0)
        return e;
    if (asprintf(&r.name, "journal%s%s%s %s", c->where[0] ? "[" : "", c->where,
                 c->where[0] ? "]" : "", c->matches) < 0)
        return -ENOMEM;
    e = journal_new(c, &start, j->poll_fd, &r.journal);
    if (e < 0) {
        free(r.name);
        return e;
    }
    r.source =
        (struct source){.kind = SOURCE_JOURNAL, .name = r.name, .ready = true, .moved = true};
    log_line(LEVEL_INFO, "%s is followed", r.name);
    j->reader[j->n] = r;
    *ret = &j->reader[j->n++];
    return 0;
}

static int add_cell(struct journals *j, const struct logs *logs, size_t cell, usec_t now)
{
    const struct cell *c = &j->roster->cell[cell];
    struct reader *r;
    int e = 0;

    if (!wants_journal(c, cell, logs))
        return 0;
    r = find(j, &c->conf->journal);
    if (!r)
        e = add_reader(j, &c->conf->journal, now, &r);
    return e < 0 ? e : source_join(&r->source, (uint16_t)cell);
}

int journals_new(const struct roster *roster, const struct logs *logs, struct ledger *ledger,
                 usec_t now, struct journals **ret)
{
    struct journals *j = calloc(1, sizeof(*j));
    int r = 0;

    if (!j)
        return -ENOMEM;
    *j = (struct journals){.roster = roster, .ledger = ledger};
    j->reader = calloc(roster->n, sizeof(*j->reader));
    j->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!j->reader || j->poll_fd < 0)
        r = j->reader ? -errno : -ENOMEM;
    for (size_t i = 0; i < roster->n && r == 0; i++)
        r = add_cell(j, logs, i, now);
    if (r < 0) {
        journals_free(j);
        return r;
    }
    *ret = j;
    return 0;
}

static void drop(struct reader *r)
{
    journal_free(r->journal);
    source_done(&r->source);
    free(r->name);
}

struct journals *journals_free(struct journals *j)
{
    if (j) {
        for (size_t i = 0; i < j->n; i++)
            drop(&j->reader[i]);
        free(j->reader);
        if (j->poll_fd >= 0)
            close(j->poll_fd);
        free(j);
    }
    return NULL;
}

int journals_fd(const struct journals *j)
{
    return j->poll_fd;
}

void journals_dispatch(struct journals *j)
{
    for (size_t i = 0; i < j->n; i++) {
        if (journal_process(j->reader[i].journal))
            j->reader[i].source.ready = true;
    }
}

bool journals_ready(const struct journals *j)
{
    for (size_t i = 0; i < j->n; i++) {
        if (j->reader[i].source.ready)
            return true;
    }
    return false;
}

static void read_some(struct journals *j, struct reader *r, usec_t now, line_fn *fn, void *user)
{
    struct line line;
    int e = 1;

    for (size_t i = 0; i < ENTRIES_PER_TURN && e > 0; i++) {
        e = journal_read(r->journal, &line);
        if (e == JOURNAL_E_LINE)
            source_give(&r->source, &line, fn, user);
        j->overlong += e == JOURNAL_E_OVERLONG;
        r->source.moved = r->source.moved || e > 0;
    }
    r->source.ready = e > 0;
    r->source.active = now;
    // What is not there yet is waited for.
    source_error(&r->source, e < 0 && e != -ENOENT ? e : 0);
}

void journals_read(struct journals *j, usec_t now, line_fn *fn, void *user)
{
    for (size_t i = 0; i < j->n; i++) {
        struct reader *r = &j->reader[j->turn++ % j->n];
        if (!r->source.ready)
            continue;
        read_some(j, r, now, fn, user);
        return;
    }
}

static void yield_reader(struct journals *j, struct reader *r, const struct logs *logs, usec_t now,
                         line_fn *fn, void *user)
{
    for (size_t i = 0; i < j->roster->n; i++) {
        const struct cell *c = &j->roster->cell[i];
        if (c->conf->backend != BACKEND_AUTO || !source_has(&r->source, (uint16_t)i) ||
            !logs_has(logs, (uint16_t)i))
            continue;
        r->source.ready = true;
        for (size_t turn = 0; turn < TURNS_TO_YIELD && r->source.ready; turn++)
            read_some(j, r, now, fn, user);
        source_leave(&r->source, (uint16_t)i);
        log_line(LEVEL_NOTICE, "jail %s reads its log, which is there now, and not the journal",
                 c->conf->name);
    }
}

static int keep_one(struct journals *j, struct reader *r)
{
    int e =
        ledger_bookmark(j->ledger, r->conf->where, r->conf->matches, journal_bookmark(r->journal));

    r->source.moved = e < 0;
    return e;
}

// The ledger remembers it for when the log is gone again.
void journals_yield(struct journals *j, const struct logs *logs, usec_t now, line_fn *fn,
                    void *user)
{
    size_t n = 0;

    for (size_t i = 0; i < j->n; i++) {
        struct reader *r = &j->reader[i];
        yield_reader(j, r, logs, now, fn, user);
        if (r->source.n_cells > 0 || keep_one(j, r) < 0)
            j->reader[n++] = *r;
        else
            drop(r);
    }
    j->n = n;
}

int journals_keep(struct journals *j)
{
    int e = 0;

    for (size_t i = 0; i < j->n && e == 0; i++)
        e = j->reader[i].source.moved ? keep_one(j, &j->reader[i]) : 0;
    return e;
}

size_t journals_count(const struct journals *j)
{
    return j->n;
}

struct journal_state journals_at(const struct journals *j, size_t i)
{
    return (struct journal_state){&j->reader[i].source, journal_has_entries(j->reader[i].journal)};
}

uint64_t journals_overlong(const struct journals *j)
{
    return j->overlong;
}
