// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/report.h"

#include "conf/names.h"
#include "scan/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static_assert((int)FINGERPRINT_HELO == (int)CONTROL_HELO &&
                  (int)FINGERPRINT_USER == (int)CONTROL_USER &&
                  (int)FINGERPRINT_KINDS == (int)CONTROL_NAME_KIND_MAX &&
                  (int)FINGERPRINT_SUSPECT == (int)CONTROL_SUSPECT &&
                  (int)FINGERPRINT_LEARNED == (int)CONTROL_LEARNED &&
                  (int)FINGERPRINT_ADDED == (int)CONTROL_ADDED &&
                  (int)FINGERPRINT_KEPT == (int)CONTROL_KEPT,
              "the wire numbers names as the engine does");

enum { ROWS_MAX = FINGERPRINTS_LEARNED_MAX + FINGERPRINTS_SET_MAX };

struct row {
    struct fingerprint_standing s;
    enum fingerprint_kind kind;
};

struct rows {
    struct row *row;
    size_t n;
};

static int put_row(const struct row *row, struct caller *to)
{
    const struct fingerprint_standing *s = &row->s;
    struct control record = {.type = CONTROL_IS_FINGERPRINT};

    record.fingerprint = (struct control_fingerprint){
        .kind = (enum control_name_kind)row->kind,
        .name = slice_of(s->family),
        .state = (enum control_name_state)s->state,
        .is_fingerprint = s->is_fingerprint,
        .is_listed = s->is_listed,
        .is_doubtful = s->is_doubtful,
        .hosts = s->hosts,
        .blocks = s->blocks,
        .need_hosts = s->need_hosts,
        .need_blocks = s->need_blocks,
        .failures = s->hits,
        .first = s->first,
        .last = s->last,
        .cleared = s->cleared,
    };
    return caller_put(to, &record);
}

static void look(const struct desk *d, enum fingerprint_kind kind, struct slice text,
                 struct row *ret)
{
    const struct name name = {kind, text, NULL};

    ret->kind = kind;
    fingerprints_look(judge_roster(d->judge)->reputation.fingerprints, &name, clock_now(), &ret->s);
}

void report_note(const struct desk *d, const struct name *name, bool only_fingerprints,
                 struct report_said *said)
{
    struct fingerprint_standing *s;

    if (!said || name->text.n == 0 || said->n == REPORT_SAID_MAX)
        return;
    s = &said->name[said->n];
    fingerprints_look(judge_roster(d->judge)->reputation.fingerprints, name, clock_now(), s);
    if (only_fingerprints && !s->is_fingerprint)
        return;
    for (size_t i = 0; i < said->n; i++) {
        if (said->kind[i] == name->kind && strcmp(said->name[i].family, s->family) == 0)
            return;
    }
    said->kind[said->n++] = name->kind;
}

int report_said(const struct report_said *said, struct caller *to)
{
    int r = 0;

    for (size_t i = 0; i < said->n && r >= 0; i++)
        r = put_row(&(struct row){said->name[i], said->kind[i]}, to);
    return r;
}

int report_name(const struct desk *d, struct slice text, struct caller *to)
{
    enum fingerprint_kind only = FINGERPRINT_KINDS;
    int r = 0;

    names_parse(text, &only, &text);
    for (enum fingerprint_kind kind = 0; kind < FINGERPRINT_KINDS && r >= 0; kind++) {
        struct row row;
        if (only != FINGERPRINT_KINDS && kind != only)
            continue;
        look(d, kind, text, &row);
        r = put_row(&row, to);
    }
    return r;
}

static int put_bans(const struct desk *d, const struct row *row, struct caller *to)
{
    char name[FINGERPRINT_TEXT_MAX];

    names_format(row->kind, row->s.family, name);
    return report_bans_about(d, NULL, name, NULL, to);
}

static int put_lines(const struct desk *d, const struct row *row, struct caller *to)
{
    return report_lines(d, row->kind, row->s.family, to);
}

int report_why_name(const struct desk *d, struct slice text, struct caller *to)
{
    static int (*const parts[])(const struct desk *, const struct row *,
                                struct caller *) = {put_bans, put_lines};
    enum fingerprint_kind only = FINGERPRINT_KINDS;
    int r = report_name(d, text, to);

    names_parse(text, &only, &text);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        for (enum fingerprint_kind kind = 0; kind < FINGERPRINT_KINDS && r >= 0; kind++) {
            struct row row;
            if (only != FINGERPRINT_KINDS && kind != only)
                continue;
            look(d, kind, text, &row);
            r = parts[i](d, &row, to);
        }
    }
    return r;
}

static int gather(void *user, const struct fingerprint_standing *s, enum fingerprint_kind kind)
{
    struct rows *rows = user;

    if (rows->n < ROWS_MAX)
        rows->row[rows->n++] = (struct row){*s, kind};
    return 0;
}

static int compare(const void *x, const void *y)
{
    const struct row *a = x, *b = y;

    if (a->s.is_fingerprint != b->s.is_fingerprint)
        return a->s.is_fingerprint ? -1 : 1;
    if (a->s.last != b->s.last)
        return a->s.last > b->s.last ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return strcmp(a->s.family, b->s.family);
}

int report_fingerprints(const struct desk *d, struct caller *to)
{
    struct fingerprints *f = judge_roster(d->judge)->reputation.fingerprints;
    struct rows rows = {.row = calloc(ROWS_MAX, sizeof(*rows.row))};
    int r = 0;

    if (!rows.row)
        return -ENOMEM;
    fingerprints_list(f, clock_now(), gather, &rows);
    qsort(rows.row, rows.n, sizeof(*rows.row), compare);
    for (size_t i = 0; i < rows.n && r >= 0; i++)
        r = put_row(&rows.row[i], to);
    free(rows.row);
    return r;
}
