// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/datepattern.h"

#include "engine/datelist.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

enum { NEVER = SIZE_MAX };

#define UNUSED_LONG (300 * USEC_PER_SEC)

// How a template has done so far.
struct record {
    size_t entry;    // in the list
    uint64_t found;  // how often it matched,
    uint64_t hits;   // and how often that was the date
    usec_t used;     // the time of the last line that it dated
    size_t distance; // where its last match began
};

// What stood at the borders of the last date; -1: the end of the line.
struct border {
    int outside, inside;
};

struct datepattern {
    const char *word; // for the list, as long as nobody needed it: most logs have stamps
    struct datelist list;
    struct record *order; // of the list's entries
    struct matcher matcher;
    struct wall wall;
    struct zone_change offset; // of the zone, where it is given
    struct zone zone;
    size_t last; // in order
    size_t start, end;
    struct border before, behind; // start and end
    size_t first_unused;          // in order
    uint64_t limits_hit;
};

static int prepare(struct datepattern *d, const struct pattern *pattern, size_t n,
                   struct filter_error *ret_error)
{
    uint32_t captures = 1;
    int r;

    datelist_done(&d->list);
    matcher_done(&d->matcher);
    free(d->order);
    d->order = NULL;
    r = datelist_init(&d->list, pattern, n, ret_error);
    if (r < 0)
        return r;
    d->order = calloc(d->list.n, sizeof(*d->order));
    if (!d->order)
        return -ENOMEM;
    for (size_t i = 0; i < d->list.n; i++) {
        uint32_t own = d->list.entry[i].template.regex.captures;
        d->order[i] = (struct record){.entry = i, .distance = NEVER};
        captures = own > captures ? own : captures;
    }
    return matcher_init(&d->matcher, captures);
}

int datepattern_new(const struct pattern *pattern, size_t n, const int32_t *offset,
                    struct datepattern **ret, struct filter_error *ret_error)
{
    struct datepattern *d = calloc(1, sizeof(*d));
    int r;

    if (!d)
        return -ENOMEM;
    if (offset) {
        d->offset = (struct zone_change){INT64_MIN, *offset};
        d->zone = (struct zone){1, &d->offset};
    }
    wall_init(&d->wall, NULL);
    d->last = NEVER;
    d->start = 1;
    d->word = datelist_word(pattern, n);
    r = d->word ? 0 : prepare(d, pattern, n, ret_error);
    if (r < 0) {
        datepattern_free(d);
        return r;
    }
    *ret = d;
    return 0;
}

struct datepattern *datepattern_free(struct datepattern *d)
{
    if (d) {
        datelist_done(&d->list);
        matcher_done(&d->matcher);
        free(d->order);
        free(d);
    }
    return NULL;
}

uint64_t datepattern_limits_hit(const struct datepattern *d)
{
    return d->limits_hit;
}

static struct dateentry *entry_at(const struct datepattern *d, size_t i)
{
    return &d->list.entry[d->order[i].entry];
}

static bool is_anchored(const struct datepattern *d, size_t i)
{
    return entry_at(d, i)->template.at_begin || entry_at(d, i)->template.at_end;
}

static bool find(struct datepattern *d, size_t i, struct slice text, size_t from,
                 struct found_date *ret)
{
    int r = datetemplate_find(&entry_at(d, i)->template, &d->matcher, text, from, ret);

    d->limits_hit += r == REGEX_E_LIMIT;
    d->order[i].found += r == REGEX_E_MATCH;
    return r == REGEX_E_MATCH;
}

static int byte_at(struct slice text, size_t i)
{
    return i < text.n ? (unsigned char)text.p[i] : -1;
}

// Whether a place looks like a border of the last date: the same outside, or inside, where that is
// no letter or digit.
static bool is_border(const struct border *b, int outside, int inside)
{
    return outside == b->outside || (inside == b->inside && inside >= 0 && !isalnum(inside));
}

static bool has_borders(const struct datepattern *d, struct slice text)
{
    return is_border(&d->before, d->start > 0 ? byte_at(text, d->start - 1) : -1,
                     byte_at(text, d->start)) &&
           is_border(&d->behind, byte_at(text, d->end),
                     d->end > 0 ? byte_at(text, d->end - 1) : -1);
}

// The search for a line's date: the best so far, and which template need not be tried again.
struct search {
    struct found_date best;
    size_t index; // of the best in the order; NEVER: none
    size_t skip;
};

// The last template, at the last place. True: that is the date.
static bool try_last(struct datepattern *d, struct slice text, struct search *s)
{
    struct slice part = text;
    size_t from = 0;

    if (d->last == NEVER)
        return false;
    if (!is_anchored(d, d->last) && d->start <= text.n && has_borders(d, text)) {
        from = d->start;
        part.n = d->end < text.n ? d->end : text.n;
    } else {
        s->skip = d->last;
    }
    if (from > part.n || !find(d, d->last, part, from, &s->best))
        return false;
    s->index = d->last;
    return d->list.n == 1 || is_anchored(d, d->last) ||
           (s->best.start == d->start && s->best.end == d->end);
}

// Whether a match of template i ends the search. One that lies further right than before may be
// something else, and is only kept for the case that there is none better.
static bool wins(const struct datepattern *d, size_t i, const struct found_date *found)
{
    const struct record *r = &d->order[i];

    if (i + 1 == d->list.n || is_anchored(d, i))
        return true;
    if (found->start == 0 && r->hits > 0 && d->order[i + 1].found == 0)
        return true;
    return found->start <= r->distance && found->start <= d->start;
}

static void try_all(struct datepattern *d, struct slice text, struct search *s)
{
    for (size_t i = 0; i < d->list.n; i++) {
        struct found_date found;
        bool won;
        if (i == s->skip || !find(d, i, text, 0, &found))
            continue;
        won = wins(d, i, &found);
        if (won || s->index == NEVER || found.start < s->best.start) {
            s->best = found;
            s->index = i;
        }
        if (won)
            return;
    }
}

// Whether the one at `to` should make room for the one at `from`.
static bool gives_way(const struct datepattern *d, size_t from, size_t to)
{
    const struct record *r[2] = {&d->order[from], &d->order[to]};
    double weight[2];

    for (size_t i = 0; i < 2; i++) {
        bool is_twin = d->list.entry[r[i]->entry].is_twin;
        double near = r[i]->distance > 0 ? (double)r[i]->distance : 1;
        weight[i] = (double)r[i]->hits * (is_twin ? 100 : 1) / near;
    }
    return weight[0] > weight[1] || usec_sub(r[0]->used, UNUSED_LONG) > r[1]->used;
}

// Moves a template up that did well; returns where it is then.
static size_t promote(struct datepattern *d, size_t i)
{
    size_t to = d->first_unused < i ? d->first_unused : i / 2;
    struct record r = d->order[i];

    if (!gives_way(d, i, to)) {
        if (to == i - 1 || !gives_way(d, i, i - 1))
            return i;
        to = i - 1;
    }
    memmove(&d->order[to + 1], &d->order[to], (i - to) * sizeof(r));
    d->order[to] = r;
    while (d->first_unused < d->list.n && d->order[d->first_unused].hits > 0)
        d->first_unused++;
    return to;
}

static void remember(struct datepattern *d, struct slice text, const struct search *s)
{
    struct record *r = &d->order[s->index];
    size_t i = s->index;

    r->hits++;
    r->used = d->wall.last;
    r->distance = s->best.start;
    d->first_unused += d->first_unused == i;
    d->start = s->best.start;
    d->end = s->best.end;
    d->before =
        (struct border){d->start > 0 ? byte_at(text, d->start - 1) : -1, byte_at(text, d->start)};
    d->behind = (struct border){byte_at(text, d->end), d->end > 0 ? byte_at(text, d->end - 1) : -1};
    d->last = i > 0 && i != d->last ? promote(d, i) : i;
}

static void use_zone(struct datepattern *d, const struct zone *zone)
{
    usec_t last = d->wall.last;

    if (d->zone.n > 0)
        zone = &d->zone;
    if (d->wall.zone == zone)
        return;
    wall_init(&d->wall, zone);
    d->wall.last = last;
}

bool datepattern_is_plain(const struct datepattern *d)
{
    return (d->word || d->list.plain) && d->zone.n == 0;
}

// -ENOMEM.
static int make_ready(struct datepattern *d)
{
    struct pattern pattern = {.text = d->word};
    struct filter_error error;
    int r = d->word ? prepare(d, &pattern, 1, &error) : 0;

    if (r == 0)
        d->word = NULL;
    return r;
}

void datepattern_date(struct datepattern *d, usec_t now, struct line *line)
{
    struct search s = {.index = NEVER, .skip = NEVER};
    usec_t time;

    if (make_ready(d) < 0)
        return;
    use_zone(d, line->zone);
    line->date = (struct slice){line->text.p, 0};
    line->dated = false;
    if (line->text.n > 0 && !try_last(d, line->text, &s))
        try_all(d, line->text, &s);
    if (s.index != NEVER) {
        line->date = s.best.cut.n > 0 ? s.best.cut : line->date;
        line->dated = s.best.cut.n > 0 && dateparts_time(&s.best.parts, &d->wall, now, &time);
    }
    if (line->dated)
        d->wall.last = time;
    if (s.index != NEVER)
        remember(d, line->text, &s);
    // Where the stamp knows no time either, it is now.
    if (line->dated || (d->wall.last && (line->time == now || line->time < d->wall.last)))
        line->time = d->wall.last;
}
