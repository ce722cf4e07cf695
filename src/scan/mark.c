// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/mark.h"

#include "base/log.h"
#include "conf/names.h"
#include "scan/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct mark {
    enum fingerprint_kind kind;
    char family[FAMILY_MAX];
    char text[FINGERPRINT_TEXT_MAX]; // both
    enum control_mark as;
};

static const struct {
    enum fingerprint_state state;
    const char *is; // what is said in the log
} marks[CONTROL_MARK_MAX] = {
    [CONTROL_ADD] = {FINGERPRINT_ADDED, "is a fingerprint"},
    [CONTROL_KEEP] = {FINGERPRINT_KEPT, "is never a fingerprint"},
    [CONTROL_REMOVE] = {FINGERPRINT_SUSPECT, "is forgotten"},
};

// Names of users may have blanks in them, as clients do say such.
static const char *fault_of(enum fingerprint_kind kind, struct slice name)
{
    if (slice_trim(name).n < name.n || (kind == FINGERPRINT_HELO && memchr(name.p, ' ', name.n)))
        return "a HELO name has no blanks, and a user's none around it";
    for (size_t i = 0; i < name.n; i++) {
        if ((unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f)
            return "a name has no control characters";
    }
    return NULL;
}

static int read_mark(struct slice text, enum control_mark as, struct caller *to, struct mark *ret)
{
    struct slice name;
    const char *fault;

    if (names_parse(text, &ret->kind, &name) < 0)
        return caller_refuse(to, EINVAL, "write helo:NAME or user:NAME");
    fault = fault_of(ret->kind, name);
    if (fault)
        return caller_refuse(to, EINVAL, "%s", fault);
    family_name(name, NULL, ret->family);
    names_format(ret->kind, ret->family, ret->text);
    ret->as = as;
    return 0;
}

static int apply(struct fingerprints *f, const struct mark *m, usec_t now)
{
    const struct slice family = slice_of(m->family);

    if (m->as == CONTROL_REMOVE)
        return fingerprints_remove(f, m->kind, family) ? 0 : -ENOMEM;
    return fingerprints_set(f, m->kind, family, marks[m->as].state, now);
}

// Why not, or NULL. *ret_done: it is so already.
static const char *object(const struct mark *m, const struct fingerprint_standing *s,
                          bool *ret_done)
{
    *ret_done = m->as != CONTROL_REMOVE && s->state == marks[m->as].state;
    if (*ret_done)
        return NULL;
    if (s->is_listed)
        return s->state == FINGERPRINT_KEPT
                   ? "stands in the configuration: change fingerprint.keep in tailban.conf"
                   : "stands in the configuration: change fingerprint.known in tailban.conf";
    return m->as == CONTROL_REMOVE && s->state == FINGERPRINT_SUSPECT && s->hits == 0
               ? "is not known"
               : NULL;
}

int mark_set(struct desk *d, struct slice text, enum control_mark as, struct caller *to)
{
    struct fingerprints *f = judge_roster(d->judge)->reputation.fingerprints;
    usec_t now = clock_now();
    struct fingerprint_standing s;
    struct mark m;
    const char *why;
    bool done;
    int r = read_mark(text, as, to, &m);

    if (r < 0)
        return r;
    fingerprints_look(f, &(struct name){m.kind, slice_of(m.family), NULL}, now, &s);
    why = object(&m, &s, &done);
    if (why)
        return caller_refuse(to, s.is_listed ? EPERM : ENOENT, "%s %s", m.text, why);
    caller_count(to, 1, done);
    if (done)
        return 0;
    r = apply(f, &m, now);
    if (r < 0)
        return caller_refuse(to, -r, "%s: %s", m.text, strerror(-r));
    log_line(LEVEL_NOTICE, "%s %s: by hand", m.text, marks[as].is);
    r = judge_keep(d->judge, now);
    return r < 0 ? caller_refuse(to, -r, "%s %s, but not after a restart: %s", m.text, marks[as].is,
                                 ledger_error(d->ledger))
                 : 0;
}
