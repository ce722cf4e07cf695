// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/stamp.h"

#include "base/take.h"
#include "engine/shape.h"

#include <stdlib.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

void stamp_init(struct stamp *s, const struct zone *zone)
{
    *s = (struct stamp){0};
    wall_init(&s->wall, zone);
}

void stamp_hint_name(struct stamp *s, struct slice name)
{
    int64_t day;

    if (!shape_name(name, &day))
        return;
    s->at = day * DAY;
    s->day_from = STAMP_DAY_NAME;
}

void stamp_hint_mtime(struct stamp *s, usec_t mtime)
{
    s->mtime = mtime;
    if (s->day_from == STAMP_DAY_UNKNOWN)
        s->day_from = STAMP_DAY_MTIME;
}

void line_put_back(const struct line *l, struct slice body, struct slice *part)
{
    size_t before = l->date.n > 0 ? (size_t)(l->date.p - l->text.p) : l->text.n, start;

    if (!body.p || !part->p || part->p < body.p || part->p > body.p + body.n)
        return;
    start = (size_t)(part->p - body.p);
    if (start >= before)
        part->p = l->text.p + start + l->date.n;
    else if (start + part->n <= before)
        part->p = l->text.p + start;
}

// What lies behind the stamp.
static struct slice behind(struct slice text, const struct shape *shape)
{
    return slice_from(text, (size_t)(shape->date.p + shape->date.n - text.p));
}

// Whether two times of day are about the same, midnight between them or not.
static bool is_close(uint32_t a, uint32_t b)
{
    uint32_t apart = a > b ? a - b : b - a;

    return apart <= MINUTE || apart >= DAY - MINUTE;
}

// Whether the line is a banner that was given at the line's own time.
static bool is_banner(struct slice text, const struct shape *line, struct shape *ret)
{
    return line->kind == SHAPE_CLOCK && shape_greeting(behind(text, line), ret) &&
           is_close(ret->second, line->second);
}

// True where the banner tells the line's date.
static bool learn(struct stamp *s, const struct shape *banner)
{
    // Summer time may begin within a file; nothing else moves a server's clock.
    if (!s->has_offset || abs(banner->offset - s->offset) <= HOUR) {
        s->offset = banner->offset;
        s->has_offset = true;
    }
    if (s->day_from == STAMP_DAY_NAME)
        return false;
    s->at = banner->day * DAY + banner->second;
    s->day_from = STAMP_DAY_BANNER;
    return true;
}

void stamp_hint_head(struct stamp *s, struct slice head)
{
    struct shape line, banner;

    while (head.n > 0) {
        const char *end = memchr(head.p, '\n', head.n);
        size_t n = end ? (size_t)(end - head.p) : head.n;
        struct slice text = slice_trim((struct slice){head.p, n});
        if (shape_find(text, &line) && is_banner(text, &line, &banner)) {
            learn(s, &banner);
            return;
        }
        head = slice_from(head, n + 1);
    }
}

// The clock on the wall to UTC, and back, for lines with a time of day only, whose clock a banner
// may have told.
static int64_t clock_time(struct stamp *s, int64_t local)
{
    return s->has_offset ? local - s->offset : wall_to_utc(&s->wall, local);
}

static int64_t clock_local(const struct stamp *s, usec_t t)
{
    return s->has_offset ? (int64_t)(t / USEC_PER_SEC) + s->offset : wall_from_utc(&s->wall, t);
}

// The earliest day that puts the clock at or after a time.
static int64_t day_from(int64_t local, uint32_t second)
{
    int64_t rest = local - second;

    return rest / DAY + (rest % DAY > 0);
}

// How far before what is known of the day the first line may lie: before the start of the name's
// day, before the banner, before the mtime.
static const int64_t early[] = {
    [STAMP_DAY_UNKNOWN] = DAY - MINUTE,
    [STAMP_DAY_MTIME] = DAY - MINUTE,
    [STAMP_DAY_BANNER] = DAY / 2,
    [STAMP_DAY_NAME] = MINUTE,
};

static int64_t first_day(const struct stamp *s, uint32_t second, usec_t now)
{
    int64_t known = s->day_from == STAMP_DAY_UNKNOWN ? clock_local(s, now)
                    : s->day_from == STAMP_DAY_MTIME ? clock_local(s, s->mtime)
                                                     : s->at;

    return day_from(known - early[s->day_from], second);
}

// A file that is named for its day holds nothing of other days, but for the minute around midnight.
static int64_t keep_to_name(const struct stamp *s, uint32_t second, int64_t day)
{
    int64_t named = s->at / DAY;
    bool before = day == named - 1 && second >= DAY - MINUTE;
    bool after = day == named + 1 && second < MINUTE;

    return before || after ? day : named;
}

static int64_t find_day(struct stamp *s, struct slice text, const struct shape *line, usec_t now)
{
    bool named = s->day_from == STAMP_DAY_NAME;
    struct shape banner;
    int64_t day;

    if (is_banner(text, line, &banner) && learn(s, &banner))
        return first_day(s, line->second, now);
    if (s->wall.last == 0)
        day = first_day(s, line->second, now);
    else
        day = day_from(clock_local(s, s->wall.last) - (named ? MINUTE : 2 * HOUR), line->second);
    return named ? keep_to_name(s, line->second, day) : day;
}

static bool find_time(struct stamp *s, struct slice text, const struct shape *shape, usec_t now,
                      usec_t *ret)
{
    int64_t day = shape->day, local, utc;

    if (shape->kind == SHAPE_YEARLESS &&
        !wall_find_day(&s->wall, shape->month, shape->mday, shape->second, NULL, now, &day))
        return false;
    if (shape->kind == SHAPE_CLOCK)
        day = find_day(s, text, shape, now);
    local = day * DAY + shape->second;
    utc = shape->has_offset            ? local - shape->offset
          : shape->kind == SHAPE_CLOCK ? clock_time(s, local)
                                       : wall_to_utc(&s->wall, local);
    if (utc < 0)
        return false;
    *ret = (usec_t)utc * USEC_PER_SEC + shape->micro;
    return true;
}

// Whether a stamp certainly ends here, where it ended in another line: what follows is no fraction,
// year or zone, but the space and the name that syslog writes.
static bool ends_here(struct slice behind)
{
    return behind.n > 1 && behind.p[0] == ' ' && behind.p[1] >= 'a' && behind.p[1] <= 'z';
}

static bool begins_alike(const struct stamp_memo *m, struct slice text)
{
    uint64_t differs = 0;

    if (text.n < m->n_words * sizeof(uint64_t))
        return false;
    for (size_t i = 0; i < m->n_words; i++) {
        uint64_t word;
        memcpy(&word, text.p + i * sizeof(word), sizeof(word));
        differs |= (word ^ m->word[i]) & m->mask[i];
    }
    return differs == 0;
}

// The line before's stamp again, but for its fraction.
static bool recall(const struct stamp_memo *m, struct slice text, usec_t now, usec_t *ret)
{
    uint32_t micro = 0;

    if (m->n == 0 || m->now != now || !begins_alike(m, text) || !ends_here(slice_from(text, m->n)))
        return false;
    if (m->fraction < m->fraction_end) {
        struct slice rest = {text.p + m->fraction, m->fraction_end - m->fraction};
        if (!take_fraction(&rest, &micro) || rest.n > 0)
            return false;
    }
    *ret = m->time + micro;
    return true;
}

static void memorize(struct stamp *s, struct slice text, const struct shape *shape, usec_t now,
                     usec_t time)
{
    struct stamp_memo *m = &s->memo;
    struct slice date = shape->date;
    size_t at = 0;

    m->n = 0;
    // A time of day is read by what is known of the day, and a time that occurs twice by the line
    // before.
    if (date.p != text.p || date.n > STAMP_MEMO_MAX || shape->kind == SHAPE_CLOCK || s->wall.leaned)
        return;
    m->n = date.n;
    m->n_words = (date.n + sizeof(*m->word) - 1) / sizeof(*m->word);
    m->now = now;
    m->time = time - shape->micro;
    while (at < date.n && date.p[at] != '.' && date.p[at] != ',')
        at++;
    m->fraction = m->fraction_end = at < date.n ? at + 1 : at;
    while (m->fraction_end < date.n && is_digit(date.p[m->fraction_end]))
        m->fraction_end++;
    memcpy(m->word, date.p, date.n);
    memset(m->mask, 0, sizeof(m->mask));
    memset(m->mask, 0xff, date.n);
    memset((char *)m->mask + m->fraction, 0, m->fraction_end - m->fraction);
}

static bool read_time(struct stamp *s, struct slice text, usec_t now, struct slice *ret_date,
                      usec_t *ret)
{
    struct shape shape;

    if (recall(&s->memo, text, now, ret)) {
        *ret_date = (struct slice){text.p, s->memo.n};
        return true;
    }
    s->wall.leaned = false;
    if (!shape_find(text, &shape) || !find_time(s, text, &shape, now, ret))
        return false;
    memorize(s, text, &shape, now, *ret);
    *ret_date = shape.date;
    return true;
}

void stamp_line(struct stamp *s, struct slice text, usec_t now, struct line *ret)
{
    *ret = (struct line){.text = text,
                         .date = {text.p, 0},
                         .zone = s->wall.zone,
                         .time = s->wall.last ? s->wall.last : now};
    ret->dated = read_time(s, text, now, &ret->date, &ret->time);
    if (ret->dated)
        s->wall.last = ret->time;
}
