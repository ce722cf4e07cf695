// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/outlook.h"

#include <errno.h>
#include <stdlib.h>

struct outlook *outlook_free(struct outlook *o)
{
    if (o) {
        needles_free(o->needles);
        free(o->strands);
        free(o->text);
        free(o->may);
        free(o->filters);
        free(o->chosen);
        free(o);
    }
    return NULL;
}

size_t chosen_list(const struct mesh *m, const uint64_t *filters, const uint64_t *may,
                   struct chosen *ret)
{
    size_t n = 0, end = m->n_filters;

    for (size_t i = bit_next(filters, end, 0); i < end; i = bit_next(filters, end, i + 1)) {
        const struct mesh_filter *f = &m->filter[i];
        ret[n++] = (struct chosen){i, f->parts.one_line ? may + f->word : NULL};
    }
    return n;
}

static void choose(const struct mesh *m, size_t strand, uint64_t *may, uint64_t *filters)
{
    const struct strand *s = &m->strand[strand];

    bit_set(may + m->filter[s->filter].word, s->rule);
    bit_set(filters, s->filter);
}

static void need(const struct mesh *m, const struct strand *s, uint64_t *needed)
{
    for (size_t i = s->clause; i < s->clause + s->n_clauses; i++) {
        for (size_t k = m->clause[i].start; k < m->clause[i].end; k++)
            bit_set(needed, m->member[k]);
    }
}

static int make_needles(const struct mesh *m, struct outlook *o)
{
    uint64_t *needed = calloc(bit_words(m->n_texts) + 1, sizeof(*needed));
    struct slice *text = calloc(m->n_texts + 1, sizeof(*text));
    size_t end = m->n_strands;
    int r = -ENOMEM;

    if (!needed || !text)
        goto out;
    for (size_t i = bit_next(o->strands, end, 0); i < end; i = bit_next(o->strands, end, i + 1))
        need(m, &m->strand[i], needed);
    end = m->n_texts;
    for (size_t t = bit_next(needed, end, 0); t < end; t = bit_next(needed, end, t + 1)) {
        text[o->n_texts] = m->text[t];
        o->text[o->n_texts++] = (uint32_t)t;
    }
    r = o->n_texts > 0 ? needles_new(text, o->n_texts, &o->needles) : 0;
out:
    free(needed);
    free(text);
    return r;
}

static int make_room(const struct mesh *m, struct outlook *o)
{
    o->strands = calloc(bit_words(m->n_strands) + 1, sizeof(*o->strands));
    o->text = calloc(m->n_texts + 1, sizeof(*o->text));
    o->may = calloc(m->n_words + 1, sizeof(*o->may));
    o->filters = calloc(bit_words(m->n_filters) + 1, sizeof(*o->filters));
    o->chosen = calloc(m->n_filters + 1, sizeof(*o->chosen));
    return o->strands && o->text && o->may && o->filters && o->chosen ? 0 : -ENOMEM;
}

// What there is to choose on every line.
static void choose_always(const struct mesh *m, struct outlook *o)
{
    for (size_t i = 0; i < m->n_strands; i++) {
        const struct strand *s = &m->strand[i];
        if (s->n_clauses == 0 && bit_get(o->strands, i) && m->filter[s->filter].parts.one_line)
            choose(m, i, o->may, o->filters);
    }
    o->n_chosen = chosen_list(m, o->filters, o->may, o->chosen);
}

int outlook_new(const struct mesh *m, const uint64_t *strands, struct outlook **ret)
{
    struct outlook *o = calloc(1, sizeof(*o));
    int r = o ? make_room(m, o) : -ENOMEM;

    if (r == 0) {
        memcpy(o->strands, strands, bit_words(m->n_strands) * sizeof(*strands));
        r = make_needles(m, o);
    }
    if (r < 0) {
        outlook_free(o);
        return r;
    }
    choose_always(m, o);
    *ret = o;
    return 0;
}

// Of the strands that a text is a sign of, those that have all they need.
static void follow_sign(const struct outlook *o, const struct mesh *m, uint32_t text,
                        struct finding *f)
{
    for (size_t i = m->first_sign[text]; i < m->first_sign[text + 1]; i++) {
        uint32_t strand = m->sign[i];
        if (bit_get(o->strands, strand) && mesh_holds(m, &m->strand[strand], f->text))
            choose(m, strand, f->may, f->filters);
    }
}

static void note_wide(const struct mesh *m, const struct finding *f, struct vigil *v)
{
    for (size_t w = 0; w < bit_words(m->n_texts); w++) {
        for (uint64_t bits = f->text[w] & m->wide[w]; bits; bits &= bits - 1)
            vigil_note(v, w * 64 + (size_t)__builtin_ctzll(bits));
    }
}

bool outlook_find(const struct outlook *o, const struct mesh *m, struct slice text,
                  struct finding *f, struct vigil *v)
{
    size_t n = o->n_texts;
    bool found = n > 0 && needles_find(o->needles, text, f->needle);

    if (!found && v->line > v->awake)
        return false;
    memcpy(f->may, o->may, m->n_words * sizeof(*f->may));
    memcpy(f->filters, o->filters, bit_words(m->n_filters) * sizeof(*f->filters));
    if (!found)
        return true;
    for (size_t i = bit_next(f->needle, n, 0); i < n; i = bit_next(f->needle, n, i + 1))
        bit_set(f->text, o->text[i]);
    if (v->n > 0)
        note_wide(m, f, v);
    for (size_t i = bit_next(f->needle, n, 0); i < n; i = bit_next(f->needle, n, i + 1))
        follow_sign(o, m, o->text[i], f);
    memset(f->needle, 0, bit_words(n) * sizeof(*f->needle));
    memset(f->text, 0, bit_words(m->n_texts) * sizeof(*f->text));
    return true;
}
