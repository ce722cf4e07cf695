// SPDX-License-Identifier: GPL-2.0-or-later
// Of a mesh, the strands that may match a line with a certain beginning, and the texts that tell
// which of them may match that line. Inside the engine only.
#pragma once

#include "engine/mesh.h"
#include "engine/needles.h"
#include "engine/sieve.h"
#include "engine/vigil.h"

// Texts that are searched together.
struct search {
    struct needles *needles; // NULL: there are none
    uint32_t *text;          // the needles', by their numbers in the mesh
    size_t n;
};

struct outlook {
    uint64_t *strands; // bits
    uint64_t *known;   // bits of texts that the beginning has
    // What a line is searched for first, one clause of each strand: of most lines, that is all. The
    // other clauses' texts are looked for where that has found what they are needed for.
    struct search signs, others;
    uint64_t *leads; // bits of the signs that need others
    // Where none of the texts occurs: what strands come to that need none.
    uint64_t *may, *filters;
    struct chosen *chosen;
    size_t n_chosen;
};

// -ENOMEM.
int outlook_new(const struct mesh *m, const uint64_t *strands, const uint64_t *known,
                struct outlook **ret);
struct outlook *outlook_free(struct outlook *o);

// What is known of a line: the texts that occur in it, by the numbers of the two searches and those
// of the mesh, all zero between lines, and what that comes to: bits of failregexes, by the words of
// their filter, and of filters.
struct finding {
    uint64_t *sign, *other, *text;
    uint64_t *may, *filters;
};

// Whether a text has any of the signs, which *f has then.
static inline bool outlook_search(const struct outlook *o, struct slice text, struct finding *f)
{
    return o->signs.n > 0 && needles_find(o->signs.needles, text, f->sign);
}

// Of a text that has been searched, *f has what may match, but of filters that look at several
// lines: what occurs of their texts is noted in *v. Where there is no sign, that is what the
// outlook has without any text.
void outlook_tell(const struct outlook *o, const struct mesh *m, struct slice text,
                  struct finding *f, struct vigil *v);

// Lists filters by their bits, in order; returns how many.
size_t chosen_list(const struct mesh *m, const uint64_t *filters, const uint64_t *may,
                   struct chosen *ret);
