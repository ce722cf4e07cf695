// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/heard.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { SETS = HEARD_MAX / 2 };

struct heard {
    struct word {
        usec_t time; // 0: none
        uint8_t n;
        char text[HEARD_TEXT_MAX];
    } at[SETS][2]; // the later one first
};

struct heard *heard_new(void)
{
    return calloc(1, sizeof(struct heard));
}

struct heard *heard_free(struct heard *h)
{
    free(h);
    return NULL;
}

// p NULL: too long, or there is no blank before it.
static struct slice last_word(struct slice body)
{
    size_t n = body.n > 0 && body.p[body.n - 1] == '\n' ? body.n - 1 : body.n;
    const char *blank = n > 0 ? memrchr(body.p, ' ', n) : NULL;
    struct slice word = {0};

    if (blank)
        word = (struct slice){blank + 1, n - (size_t)(blank + 1 - body.p)};
    return word.n <= HEARD_TEXT_MAX ? word : (struct slice){0};
}

static size_t set_of(struct slice word)
{
    return hash_bytes(word.p, word.n, 0) % SETS;
}

static bool is(const struct word *w, struct slice word, usec_t time)
{
    return w->time > 0 && w->n == word.n && time >= w->time && time - w->time < PEERS_FRESH &&
           memcmp(w->text, word.p, word.n) == 0;
}

bool heard_has(const struct heard *h, struct slice body, usec_t time)
{
    struct slice word = last_word(body);
    const struct word *set = h->at[word.p ? set_of(word) : 0];

    return word.p && (is(&set[0], word, time) || is(&set[1], word, time));
}

void heard_note(struct heard *h, struct slice body, const struct match *m, usec_t time)
{
    struct slice word = last_word(body);
    struct word *set = h->at[word.p ? set_of(word) : 0];

    if (!word.p || m->delivery.p != word.p)
        return;
    set[1] = set[0];
    set[0].time = time;
    set[0].n = (uint8_t)word.n;
    memcpy(set[0].text, word.p, word.n);
}
