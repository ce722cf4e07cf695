// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/sieve.h"

#include "base/hash.h"
#include "engine/lines.h"
#include "engine/outlook.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

enum { HEAD_MAX = 96, SLOTS = 2 * SIEVE_HEADS_MAX };

#define HASH_KEY UINT64_C(0xe7037ed1a0b428db)

// What a line begins with, up to its first '[' or ':', and what that leaves.
struct head {
    uint64_t hash;
    const struct outlook *outlook;
    size_t n;
    char text[HEAD_MAX];
};

struct sieve {
    struct mesh mesh;
    struct outlook *outlook[SIEVE_OUTLOOKS_MAX];
    size_t n_outlooks; // the first is that of any beginning
    struct head *head;
    size_t n_heads;
    struct head *slot[SLOTS]; // by its hash; NULL: free
    struct chosen *all;
    bool redates;           // a filter looks for dates itself
    struct finding finding; // of the line
    struct vigil vigil;
    struct chosen *chosen;
    uint64_t *strands, *known; // that may follow a beginning; texts that it has
    char *joined;
    usec_t newest;
};

// The outlook of what is known of a beginning. NULL: there is no room for another.
static const struct outlook *find_outlook(struct sieve *s)
{
    size_t strands = bit_words(s->mesh.n_strands) * sizeof(*s->strands);
    size_t known = bit_words(s->mesh.n_texts) * sizeof(*s->known);

    for (size_t i = 0; i < s->n_outlooks; i++) {
        if (memcmp(s->outlook[i]->strands, s->strands, strands) == 0 &&
            memcmp(s->outlook[i]->known, s->known, known) == 0)
            return s->outlook[i];
    }
    if (s->n_outlooks == SIEVE_OUTLOOKS_MAX ||
        outlook_new(&s->mesh, s->strands, s->known, &s->outlook[s->n_outlooks]) < 0)
        return NULL;
    return s->outlook[s->n_outlooks++];
}

static int make_room(struct sieve *s)
{
    const struct mesh *m = &s->mesh;
    struct finding *f = &s->finding;

    s->head = calloc(SIEVE_HEADS_MAX, sizeof(*s->head));
    s->all = calloc(m->n_filters + 1, sizeof(*s->all));
    s->chosen = calloc(m->n_filters + 1, sizeof(*s->chosen));
    s->strands = calloc(bit_words(m->n_strands) + 1, sizeof(*s->strands));
    s->known = calloc(bit_words(m->n_texts) + 1, sizeof(*s->known));
    s->joined = malloc(LINES_MAX + 1);
    f->sign = calloc(bit_words(m->n_texts) + 1, sizeof(*f->sign));
    f->other = calloc(bit_words(m->n_texts) + 1, sizeof(*f->other));
    f->text = calloc(bit_words(m->n_texts) + 1, sizeof(*f->text));
    f->may = calloc(m->n_words + 1, sizeof(*f->may));
    f->filters = calloc(bit_words(m->n_filters) + 1, sizeof(*f->filters));
    return s->head && s->all && s->chosen && s->strands && s->known && s->joined && f->sign &&
                   f->other && f->text && f->may && f->filters
               ? 0
               : -ENOMEM;
}

int sieve_new(struct filter *const *filter, size_t n, struct sieve **ret)
{
    struct sieve *s = calloc(1, sizeof(*s));
    int r;

    if (!s)
        return -ENOMEM;
    r = mesh_init(&s->mesh, filter, n);
    if (r == 0)
        r = make_room(s);
    if (r == 0)
        r = vigil_init(&s->vigil, &s->mesh);
    if (r == 0) {
        for (size_t i = 0; i < n; i++) {
            s->all[i] = (struct chosen){i, NULL};
            s->redates |= !s->mesh.filter[i].parts.is_plain;
        }
        for (size_t i = 0; i < s->mesh.n_strands; i++)
            bit_set(s->strands, i);
        r = find_outlook(s) ? 0 : -ENOMEM;
    }
    if (r < 0) {
        sieve_free(s);
        return r;
    }
    *ret = s;
    return 0;
}

struct sieve *sieve_free(struct sieve *s)
{
    if (s) {
        for (size_t i = 0; i < s->n_outlooks; i++)
            outlook_free(s->outlook[i]);
        vigil_done(&s->vigil);
        mesh_done(&s->mesh);
        free(s->head);
        free(s->all);
        free(s->chosen);
        free(s->finding.sign);
        free(s->finding.other);
        free(s->finding.text);
        free(s->finding.may);
        free(s->finding.filters);
        free(s->strands);
        free(s->known);
        free(s->joined);
        free(s);
    }
    return NULL;
}

// The strands that a text can match that begins so.
static void follow(struct sieve *s, struct slice head)
{
    const struct mesh *m = &s->mesh;

    memset(s->strands, 0, bit_words(m->n_strands) * sizeof(*s->strands));
    for (size_t i = 0; i < m->n_filters; i++) {
        const struct mesh_filter *f = &m->filter[i];
        const struct filter_parts *p = &f->parts;
        bool has_prefix = p->prefix != NULL, known = p->is_plain && p->one_line;
        if (known && has_prefix && !regex_may_follow(&p->prefix->regex, p->matcher, head))
            continue;
        for (size_t k = 0; k < p->fail->n; k++) {
            if (!known || has_prefix || regex_may_follow(&p->fail->rule[k].regex, p->matcher, head))
                bit_set(s->strands, f->strand + k);
        }
    }
}

// What the beginning has of the texts that these need besides their signs, such as its program's
// name.
static void know(struct sieve *s, struct slice head)
{
    const struct mesh *m = &s->mesh;
    size_t end = m->n_strands;

    memset(s->known, 0, bit_words(m->n_texts) * sizeof(*s->known));
    for (size_t i = bit_next(s->strands, end, 0); i < end; i = bit_next(s->strands, end, i + 1)) {
        const struct strand *t = &m->strand[i];
        for (size_t c = t->clause + 1; c < t->clause + t->n_clauses; c++) {
            for (size_t k = m->clause[c].start; k < m->clause[c].end; k++) {
                struct slice text = m->text[m->member[k]];
                if (memmem(head.p, head.n, text.p, text.n))
                    bit_set(s->known, m->member[k]);
            }
        }
    }
}

// How long a head is; 0: there is none.
static size_t head_length(struct slice body)
{
    typedef uint64_t words __attribute__((vector_size(16)));
    typedef signed char bytes __attribute__((vector_size(sizeof(words))));
    size_t most = body.n < HEAD_MAX ? body.n : HEAD_MAX, n = 0;

    for (; n + sizeof(bytes) <= most; n += sizeof(bytes)) {
        bytes part;
        memcpy(&part, body.p + n, sizeof(part));
        words ends = (words)((part == '[') | (part == ':'));
        if (ends[0])
            return n + (size_t)__builtin_ctzll(le64toh(ends[0])) / 8 + 1;
        if (ends[1])
            return n + (size_t)__builtin_ctzll(le64toh(ends[1])) / 8 + 9;
    }
    for (; n < most; n++) {
        if (body.p[n] == '[' || body.p[n] == ':')
            return n + 1;
    }
    return 0;
}

static uint64_t read_word(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

// The last bytes are those of a word that has some of the word before.
static uint64_t hash_head(const char *p, size_t n)
{
    uint64_t hash = n;

    if (n < sizeof(hash))
        return hash_bytes(p, n, HASH_KEY);
    for (size_t i = 0; i + sizeof(hash) < n; i += sizeof(hash))
        hash = hash_fold(hash ^ read_word(p + i), HASH_KEY);
    return hash_fold(hash ^ read_word(p + n - sizeof(hash)), HASH_KEY);
}

// Of beginnings that are more than there is room for, the first are remembered: a stranger cannot
// have what is remembered of the server's own thrown out again and again. Not inlined: most lines
// need none of its registers.
static __attribute__((noinline)) const struct outlook *meet(struct sieve *s, struct slice text,
                                                            uint64_t hash, size_t slot)
{
    struct head *h = &s->head[s->n_heads];
    const struct outlook *o;

    if (s->n_heads == SIEVE_HEADS_MAX)
        return s->outlook[0];
    follow(s, text);
    know(s, text);
    o = find_outlook(s);
    *h = (struct head){.hash = hash, .n = text.n, .outlook = o ? o : s->outlook[0]};
    memcpy(h->text, text.p, text.n);
    s->slot[slot] = h;
    s->n_heads++;
    return h->outlook;
}

static const struct outlook *outlook_of(struct sieve *s, struct slice body)
{
    size_t n = head_length(body), i;
    const struct head *h;
    uint64_t hash;

    if (n == 0)
        return s->outlook[0];
    hash = hash_head(body.p, n);
    for (i = hash % SLOTS; (h = s->slot[i]); i = (i + 1) % SLOTS) {
        if (h->hash == hash && h->n == n && memcmp(h->text, body.p, n) == 0)
            return h->outlook;
    }
    return meet(s, (struct slice){body.p, n}, hash, i);
}

static size_t look(struct sieve *s, const struct outlook *o, struct slice text,
                   const struct chosen **ret)
{
    const struct mesh *m = &s->mesh;

    *ret = o->chosen;
    if (!outlook_search(o, text, &s->finding) && !vigil_is_awake(&s->vigil))
        return o->n_chosen;
    *ret = s->chosen;
    outlook_tell(o, m, text, &s->finding, &s->vigil);
    vigil_choose(&s->vigil, m, s->finding.filters);
    return chosen_list(m, s->finding.filters, s->finding.may, s->chosen);
}

// The two ends of the text meet where the date is cut out.
static void join(struct sieve *s, struct line *line)
{
    size_t before = line->date.n > 0 ? (size_t)(line->date.p - line->text.p) : 0;
    size_t n = line->text.n - line->date.n;

    if (line->text.n > 0) {
        memcpy(s->joined, line->text.p, before);
        memcpy(s->joined + before, line->text.p + before + line->date.n, n - before);
    }
    s->joined[n] = '\n';
    line->body = (struct slice){s->joined, n};
}

// With filters that date lines themselves, the whole text is searched, as they see all of it but
// for a date that need not be the stamp's. Where that is in the middle, its two ends do not meet
// there.
static bool is_known(const struct sieve *s, const struct line *line, bool begins)
{
    return line->dated && line->text.n <= LINES_MAX && (begins || !s->redates);
}

size_t sieve_line(struct sieve *s, struct line *line, const struct chosen **ret)
{
    bool begins = line->date.n == 0 || line->date.p == line->text.p;
    size_t n = s->mesh.n_filters;

    vigil_begin(&s->vigil);
    *ret = s->all;
    if (is_known(s, line, begins)) {
        if (!line->body.p)
            join(s, line);
        if (line->time > s->newest)
            s->newest = line->time;
        n = look(s, begins ? outlook_of(s, line->body) : s->outlook[0],
                 s->redates ? line->text : line->body, ret);
    } else {
        vigil_note_all(&s->vigil);
        vigil_choose(&s->vigil, &s->mesh, s->finding.filters);
    }
    if (s->vigil.recent)
        recent_add(s->vigil.recent, line);
    return n;
}

usec_t sieve_newest(const struct sieve *s, size_t i)
{
    return s->mesh.filter[i].parts.is_plain ? s->newest : 0;
}
