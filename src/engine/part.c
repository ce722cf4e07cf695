// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/part.h"

#include "engine/everyday.h"

enum { LENGTH_ENOUGH = 16 }; // beyond, longer is not rarer

static void texts_set(struct texts *t, const char *text, size_t n)
{
    t->n = 1;
    t->length[0] = (uint8_t)n;
    memcpy(t->text[0], text, n);
}

static void texts_copy(struct texts *to, const struct texts *from)
{
    to->n = from->n;
    memcpy(to->length, from->length, from->n);
    for (size_t i = 0; i < from->n; i++)
        memcpy(to->text[i], from->text[i], from->length[i]);
}

static struct slice texts_get(const struct texts *t, size_t i)
{
    return (struct slice){t->text[i], t->length[i]};
}

// a and then b, added to a set. False: that is too much.
static bool texts_add(struct texts *t, struct slice a, struct slice b)
{
    char *to = t->text[t->n];

    if (a.n + b.n > PART_TEXT_MAX)
        return false;
    for (size_t i = 0; i < t->n; i++)
        if (t->length[i] == a.n + b.n && memcmp(t->text[i], a.p, a.n) == 0 &&
            memcmp(t->text[i] + a.n, b.p, b.n) == 0)
            return true;
    if (t->n == PART_TEXTS_MAX)
        return false;
    memcpy(to, a.p, a.n);
    memcpy(to + a.n, b.p, b.n);
    t->length[t->n++] = (uint8_t)(a.n + b.n);
    return true;
}

static bool texts_cross(const struct texts *a, const struct texts *b, struct texts *ret)
{
    ret->n = 0;
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++)
            if (!texts_add(ret, texts_get(a, i), texts_get(b, k)))
                return false;
    return true;
}

static bool texts_unite(struct texts *t, const struct texts *more)
{
    for (size_t i = 0; i < more->n; i++)
        if (!texts_add(t, texts_get(more, i), (struct slice){"", 0}))
            return false;
    return true;
}

static bool contains(struct slice text, struct slice what)
{
    return memmem(text.p, text.n, what.p, what.n) != NULL;
}

static void texts_remove(struct texts *t, size_t i)
{
    for (t->n--; i < t->n; i++) {
        t->length[i] = t->length[i + 1];
        memcpy(t->text[i], t->text[i + 1], t->length[i]);
    }
}

// Whether one of b's texts is there wherever one of a's is.
static bool texts_imply(const struct texts *a, const struct texts *b)
{
    for (size_t i = 0; i < a->n; i++) {
        size_t k = 0;
        while (k < b->n && !contains(texts_get(a, i), texts_get(b, k)))
            k++;
        if (k == b->n)
            return false;
    }
    return true;
}

static int rarity(struct slice text)
{
    if (text.n < LITERAL_SHORTEST)
        return 0;
    if (everyday_says(text))
        return text.n < LENGTH_ENOUGH / 2 ? 1 : 2;
    return text.n < LENGTH_ENOUGH ? (int)text.n : LENGTH_ENOUGH;
}

// As rare as the least rare text is.
static int texts_rarity(const struct texts *t)
{
    int least = LENGTH_ENOUGH;

    for (size_t i = 0; i < t->n; i++) {
        int rare = rarity(texts_get(t, i));
        least = rare < least ? rare : least;
    }
    return least;
}

// The rarer the better, and the fewer. 0: worth nothing.
static int texts_worth(const struct texts *t)
{
    int rare = texts_rarity(t);

    return rare == 0 ? 0 : rare * 4 + PART_TEXTS_MAX - (int)t->n;
}

// The same clause in fewer texts, each of its first or last bytes only: of several that hold
// one of the others, that one is enough.
static void texts_shorten(const struct texts *from, size_t length, bool last, struct texts *ret)
{
    ret->n = 0;
    for (size_t i = 0; i < from->n; i++) {
        struct slice text = texts_get(from, i);
        size_t over = text.n > length ? text.n - length : 0, k = 0;
        text = (struct slice){text.p + (last ? over : 0), text.n - over};
        while (k < ret->n && !contains(text, texts_get(ret, k)))
            k++;
        if (k < ret->n)
            continue;
        for (k = ret->n; k-- > 0;)
            if (contains(texts_get(ret, k), text))
                texts_remove(ret, k);
        texts_add(ret, text, (struct slice){"", 0});
    }
}

// What of a clause is worth most.
static int texts_simplify(const struct texts *from, struct texts *ret)
{
    struct texts first, last;
    int worth, worth_first, worth_last;

    texts_shorten(from, PART_TEXT_MAX, false, ret);
    worth = texts_worth(ret);
    if (worth == 0 || ret->n == 1)
        return worth;
    texts_shorten(from, LENGTH_ENOUGH, false, &first);
    texts_shorten(from, LENGTH_ENOUGH, true, &last);
    worth_first = texts_worth(&first);
    worth_last = texts_worth(&last);
    if (worth_first > worth && worth_first >= worth_last)
        texts_copy(ret, &first);
    else if (worth_last > worth)
        texts_copy(ret, &last);
    return texts_worth(ret);
}

static void remove_clause(struct part *p, size_t i)
{
    for (p->n--; i < p->n; i++)
        texts_copy(&p->clause[i], &p->clause[i + 1]);
}

// Adds a clause where it says more than the others, and is rarer than the last of too many.
static void add_clause(struct part *p, const struct texts *given)
{
    struct texts simple, *t = &simple;
    int worth = texts_simplify(given, t);
    size_t at = 0;

    for (size_t i = 0; i < p->n; i++)
        if (texts_imply(&p->clause[i], t))
            return;
    for (size_t i = p->n; worth > 0 && i-- > 0;)
        if (texts_imply(t, &p->clause[i]))
            remove_clause(p, i);
    while (at < p->n && texts_worth(&p->clause[at]) >= worth)
        at++;
    if (worth == 0 || at == PART_CLAUSES_MAX)
        return;
    p->n += p->n < PART_CLAUSES_MAX;
    for (size_t i = p->n - 1; i > at; i--)
        texts_copy(&p->clause[i], &p->clause[i - 1]);
    texts_copy(&p->clause[at], t);
}

void part_any(struct part *p)
{
    p->exact = false;
    p->n = 0;
    texts_set(&p->head, "", 0);
    texts_set(&p->tail, "", 0);
}

void part_empty(struct part *p)
{
    p->exact = true;
    p->n = 0;
    texts_set(&p->head, "", 0);
}

void part_byte(struct part *p, struct slice bytes)
{
    part_any(p);
    if (bytes.n == 0 || bytes.n > PART_BYTES_MAX)
        return;
    p->exact = true;
    p->head.n = bytes.n;
    for (size_t i = 0; i < bytes.n; i++) {
        p->head.length[i] = 1;
        p->head.text[i][0] = bytes.p[i];
    }
}

void part_append(struct part *p, const struct part *next)
{
    struct texts *end = p->exact ? &p->head : &p->tail, joined;
    bool fits = texts_cross(end, &next->head, &joined);

    // What stands at the seam is in the middle now, but where one side has nothing beside it.
    if (fits && !p->exact && !next->exact)
        add_clause(p, &joined);
    if (!fits && !p->exact)
        add_clause(p, &p->tail);
    if (!fits && !next->exact)
        add_clause(p, &next->head);
    if (fits && (p->exact || next->exact))
        texts_copy(p->exact ? &p->head : &p->tail, &joined);
    if (!next->exact)
        texts_copy(&p->tail, &next->tail);
    else if (!fits)
        texts_copy(&p->tail, &next->head);
    p->exact = p->exact && next->exact && fits;
    for (size_t i = 0; i < next->n; i++)
        add_clause(p, &next->clause[i]);
}

// The rarest of what is known.
static void best_clause(const struct part *p, struct texts *ret)
{
    const struct texts *ends[] = {&p->head, p->exact ? &p->head : &p->tail};
    int worth = 0;

    ret->n = 0;
    if (p->n > 0) {
        texts_copy(ret, &p->clause[0]);
        worth = texts_worth(ret);
    }
    for (size_t i = 0; i < 2; i++) {
        if (texts_worth(ends[i]) <= worth)
            continue;
        texts_copy(ret, ends[i]);
        worth = texts_worth(ret);
    }
}

static void unite_ends(struct texts *t, const struct texts *other)
{
    if (!texts_unite(t, other))
        texts_set(t, "", 0);
}

void part_either(struct part *p, const struct part *other)
{
    struct texts best, best_other;
    bool exact = p->exact && other->exact;

    best_clause(p, &best);
    best_clause(other, &best_other);
    if (exact && texts_unite(&p->head, &other->head)) {
        p->n = 0;
        return;
    }
    if (p->exact)
        texts_copy(&p->tail, &p->head);
    p->exact = false;
    p->n = 0;
    unite_ends(&p->head, &other->head);
    unite_ends(&p->tail, other->exact ? &other->head : &other->tail);
    if (best.n > 0 && best_other.n > 0 && texts_unite(&best, &best_other))
        add_clause(p, &best);
}

void part_repeat(struct part *p, unsigned min, unsigned max)
{
    static const struct texts empty = {.n = 1};

    if (max == 0) {
        part_empty(p);
    } else if (min == 0) {
        p->n = 0;
        if (!p->exact || max > 1 || !texts_unite(&p->head, &empty))
            part_any(p);
    } else if (max > 1 && p->exact) {
        texts_copy(&p->tail, &p->head);
        p->exact = false;
    }
}

// What every line has, or is far less rare than the first, costs a search and decides nothing.
static bool is_idle(const struct part *p, const struct texts *t)
{
    return texts_rarity(t) < LITERAL_SHORTEST || 2 * texts_worth(t) < texts_worth(&p->clause[0]);
}

void part_close(struct part *p)
{
    add_clause(p, &p->head);
    if (!p->exact)
        add_clause(p, &p->tail);
    while (p->n > 1 && is_idle(p, &p->clause[p->n - 1]))
        p->n--;
}

void part_look(struct part *p)
{
    part_close(p);
    p->exact = true;
    texts_set(&p->head, "", 0);
}
