// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/recent.h"

#include "engine/backlog.h"
#include "engine/lines.h"

#include <errno.h>
#include <stdlib.h>

enum {
    SIZE = 2 * BACKLOG_BYTES_MAX, // with their dates, which a backlog does not keep
    USUAL = 32 * 1024             // as long as the lines need no more, the rest is not touched
};

struct kept {
    struct line line; // but for where its text and date are
    size_t start, date;
    bool is_there;
};

// The lines lie one behind the other in text, from the oldest's start to the end.
struct recent {
    char *text;
    size_t end;
    struct kept *kept; // line number n is at n % lines
    size_t lines;
    uint64_t oldest, newest; // their numbers; newest 0: none yet
};

int recent_new(size_t lines, struct recent **ret)
{
    struct recent *r = calloc(1, sizeof(*r));

    if (!r)
        return -ENOMEM;
    r->lines = lines;
    r->oldest = 1;
    r->text = malloc(SIZE);
    r->kept = calloc(lines, sizeof(*r->kept));
    if (!r->text || !r->kept) {
        recent_free(r);
        return -ENOMEM;
    }
    *ret = r;
    return 0;
}

struct recent *recent_free(struct recent *r)
{
    if (r) {
        free(r->text);
        free(r->kept);
        free(r);
    }
    return NULL;
}

static struct kept *kept_at(const struct recent *r, uint64_t number)
{
    return &r->kept[number % r->lines];
}

static size_t begin(const struct recent *r)
{
    return r->oldest <= r->newest ? kept_at(r, r->oldest)->start : r->end;
}

static void move_down(struct recent *r)
{
    size_t by = begin(r);

    memmove(r->text, r->text + by, r->end - by);
    for (uint64_t n = r->oldest; n <= r->newest; n++)
        kept_at(r, n)->start -= by;
    r->end -= by;
}

static void make_room(struct recent *r, size_t n)
{
    while (r->oldest <= r->newest &&
           (r->newest - r->oldest + 1 >= r->lines || r->end - begin(r) + n > SIZE))
        r->oldest++;
    if (r->end + n > SIZE || (r->end + n > USUAL && begin(r) >= r->end / 2))
        move_down(r);
}

void recent_add(struct recent *r, const struct line *line)
{
    size_t n = line->text.n <= LINES_MAX ? line->text.n : 0;
    struct kept *k;

    make_room(r, n);
    k = kept_at(r, ++r->newest);
    k->line = *line;
    k->line.text.n = n;
    k->line.body = (struct slice){0};
    k->start = r->end;
    k->date = line->date.n > 0 ? (size_t)(line->date.p - line->text.p) : 0;
    k->is_there = n == line->text.n;
    if (n > 0)
        memcpy(r->text + r->end, line->text.p, n);
    r->end += n;
}

bool recent_get(const struct recent *r, uint64_t number, struct line *ret)
{
    const struct kept *k = kept_at(r, number);

    if (number < r->oldest || number > r->newest || !k->is_there)
        return false;
    *ret = k->line;
    ret->text.p = r->text + k->start;
    ret->date.p = ret->text.p + k->date;
    return true;
}
