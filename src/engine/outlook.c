// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/outlook.h"

#include <errno.h>
#include <stdlib.h>

struct outlook *outlook_free(struct outlook *o)
{
    if (o) {
        needles_free(o->signs.needles);
        needles_free(o->others.needles);
        free(o->signs.text);
        free(o->others.text);
        free(o->leads);
        free(o->strands);
        free(o->known);
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

static void need(const struct mesh *m, size_t clause, uint64_t *needed)
{
    for (size_t k = m->clause[clause].start; k < m->clause[clause].end; k++)
        bit_set(needed, m->member[k]);
}

static bool is_known(const struct outlook *o, const struct mesh *m, size_t clause)
{
    size_t k = m->clause[clause].start, end = m->clause[clause].end;

    while (k < end && !bit_get(o->known, m->member[k]))
        k++;
    return k < end;
}

// The first clause; a filter that looks at several lines has all of its texts noted.
static bool has_signs(const struct mesh *m, const struct strand *s, size_t clause)
{
    return clause == s->clause || !m->filter[s->filter].parts.one_line;
}

static bool needs_others(const struct outlook *o, const struct mesh *m, const struct strand *s)
{
    size_t i = s->clause, end = s->clause + s->n_clauses;

    while (i < end && (has_signs(m, s, i) || is_known(o, m, i)))
        i++;
    return i < end;
}

static int make_search(const struct mesh *m, const uint64_t *needed, struct search *s)
{
    struct slice *text = calloc(m->n_texts + 1, sizeof(*text));
    size_t end = m->n_texts;
    int r = text ? 0 : -ENOMEM;

    for (size_t t = bit_next(needed, end, 0); r == 0 && t < end; t = bit_next(needed, end, t + 1)) {
        text[s->n] = m->text[t];
        s->text[s->n++] = (uint32_t)t;
    }
    if (s->n > 0)
        r = needles_new(text, s->n, &s->needles);
    free(text);
    return r;
}

static bool leads(const struct mesh *m, const struct outlook *o, uint32_t text)
{
    for (size_t i = m->first_sign[text]; i < m->first_sign[text + 1]; i++) {
        if (bit_get(o->strands, m->sign[i]) && needs_others(o, m, &m->strand[m->sign[i]]))
            return true;
    }
    return false;
}

static int make_searches(const struct mesh *m, struct outlook *o)
{
    size_t words = bit_words(m->n_texts) + 1, end = m->n_strands;
    uint64_t *signs = calloc(words, sizeof(*signs)), *others = calloc(words, sizeof(*others));
    int r = signs && others ? 0 : -ENOMEM;

    for (size_t i = bit_next(o->strands, end, 0); r == 0 && i < end;
         i = bit_next(o->strands, end, i + 1)) {
        const struct strand *s = &m->strand[i];
        for (size_t c = s->clause; c < s->clause + s->n_clauses; c++) {
            if (has_signs(m, s, c))
                need(m, c, signs);
            else if (!is_known(o, m, c))
                need(m, c, others);
        }
    }
    for (size_t w = 0; r == 0 && w < words; w++)
        others[w] &= ~signs[w];
    if (r == 0)
        r = make_search(m, signs, &o->signs);
    if (r == 0)
        r = make_search(m, others, &o->others);
    for (size_t i = 0; r == 0 && i < o->signs.n; i++) {
        if (leads(m, o, o->signs.text[i]))
            bit_set(o->leads, i);
    }
    free(signs);
    free(others);
    return r;
}

static int make_room(const struct mesh *m, struct outlook *o)
{
    o->strands = calloc(bit_words(m->n_strands) + 1, sizeof(*o->strands));
    o->known = calloc(bit_words(m->n_texts) + 1, sizeof(*o->known));
    o->signs.text = calloc(m->n_texts + 1, sizeof(*o->signs.text));
    o->others.text = calloc(m->n_texts + 1, sizeof(*o->others.text));
    o->leads = calloc(bit_words(m->n_texts) + 1, sizeof(*o->leads));
    o->may = calloc(m->n_words + 1, sizeof(*o->may));
    o->filters = calloc(bit_words(m->n_filters) + 1, sizeof(*o->filters));
    o->chosen = calloc(m->n_filters + 1, sizeof(*o->chosen));
    return o->strands && o->known && o->signs.text && o->others.text && o->leads && o->may &&
                   o->filters && o->chosen
               ? 0
               : -ENOMEM;
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

int outlook_new(const struct mesh *m, const uint64_t *strands, const uint64_t *known,
                struct outlook **ret)
{
    struct outlook *o = calloc(1, sizeof(*o));
    int r = o ? make_room(m, o) : -ENOMEM;

    if (r == 0) {
        memcpy(o->strands, strands, bit_words(m->n_strands) * sizeof(*strands));
        memcpy(o->known, known, bit_words(m->n_texts) * sizeof(*known));
        r = make_searches(m, o);
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

// What a search has found, by its numbers in the mesh.
static void note(const struct search *s, const uint64_t *needle, uint64_t *text)
{
    for (size_t w = 0; w < bit_words(s->n); w++) {
        for (uint64_t bits = needle[w]; bits; bits &= bits - 1)
            bit_set(text, s->text[w * 64 + (size_t)__builtin_ctzll(bits)]);
    }
}

static bool is_led_on(const struct outlook *o, const uint64_t *sign)
{
    for (size_t w = 0; w < bit_words(o->signs.n); w++) {
        if (sign[w] & o->leads[w])
            return true;
    }
    return false;
}

static void find_others(const struct outlook *o, struct slice text, struct finding *f)
{
    const struct search *s = &o->others;

    if (s->n == 0 || !is_led_on(o, f->sign) || !needles_find(s->needles, text, f->other))
        return;
    note(s, f->other, f->text);
    memset(f->other, 0, bit_words(s->n) * sizeof(*f->other));
}

static void follow_signs(const struct outlook *o, const struct mesh *m, struct finding *f)
{
    for (size_t w = 0; w < bit_words(o->signs.n); w++) {
        for (uint64_t bits = f->sign[w]; bits; bits &= bits - 1)
            follow_sign(o, m, o->signs.text[w * 64 + (size_t)__builtin_ctzll(bits)], f);
    }
}

void outlook_tell(const struct outlook *o, const struct mesh *m, struct slice text,
                  struct finding *f, struct vigil *v)
{
    const struct search *s = &o->signs;

    memcpy(f->may, o->may, m->n_words * sizeof(*f->may));
    memcpy(f->filters, o->filters, bit_words(m->n_filters) * sizeof(*f->filters));
    memcpy(f->text, o->known, bit_words(m->n_texts) * sizeof(*f->text));
    note(s, f->sign, f->text);
    find_others(o, text, f);
    if (v->n > 0)
        note_wide(m, f, v);
    follow_signs(o, m, f);
    memset(f->sign, 0, bit_words(s->n) * sizeof(*f->sign));
    memset(f->text, 0, bit_words(m->n_texts) * sizeof(*f->text));
}
