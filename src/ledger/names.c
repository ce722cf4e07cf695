// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 64 };

void names_done(struct names *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->text[i]);
    free(s->text);
    free(s->slot);
    *s = (struct names){0};
}

// Where the name is, or would be.
static size_t place_of(const struct names *s, const char *text)
{
    uint32_t hash = 2166136261;
    size_t i;

    for (const char *p = text; *p; p++)
        hash = (hash ^ (uint8_t)*p) * 16777619;
    i = hash & (s->n_slot - 1);
    while (s->slot[i] && strcmp(s->text[s->slot[i] - 1], text) != 0)
        i = (i + 1) & (s->n_slot - 1);
    return i;
}

uint32_t names_find(const struct names *s, const char *text)
{
    return s->n_slot > 0 ? s->slot[place_of(s, text)] : 0;
}

// Half of the slots stay free.
static int grow_slots(struct names *s)
{
    size_t n = s->n_slot ? 2 * s->n_slot : SLOTS_FIRST;
    uint32_t *slot;

    if (2 * (s->n + 1) <= s->n_slot)
        return 0;
    slot = calloc(n, sizeof(*slot));
    if (!slot)
        return -ENOMEM;
    free(s->slot);
    s->slot = slot;
    s->n_slot = n;
    for (size_t i = 0; i < s->n; i++) {
        if (s->text[i])
            s->slot[place_of(s, s->text[i])] = (uint32_t)i + 1;
    }
    return 0;
}

static int grow_texts(struct names *s)
{
    size_t n = s->allocated ? 2 * s->allocated : SLOTS_FIRST / 2;
    char **text;

    if (s->n < s->allocated)
        return 0;
    text = reallocarray(s->text, n, sizeof(*text));
    if (!text)
        return -ENOMEM;
    s->text = text;
    s->allocated = n;
    return 0;
}

static int append(struct names *s, const char *text, uint32_t *ret)
{
    char *copy = strdup(text);

    if (!copy || grow_texts(s) < 0 || grow_slots(s) < 0) {
        free(copy);
        return -ENOMEM;
    }
    s->text[s->n++] = copy;
    *ret = s->slot[place_of(s, copy)] = (uint32_t)s->n;
    return 0;
}

int names_add(struct names *s, const char *text, uint32_t *ret)
{
    uint32_t *hint = &s->hint[(uintptr_t)text / sizeof(void *) % NAMES_HINTS], number = *hint;
    int r = 0;

    if (number == 0 || strcmp(s->text[number - 1], text) != 0)
        number = names_find(s, text);
    if (number == 0)
        r = append(s, text, &number);
    if (r == 0)
        *ret = *hint = number;
    return r;
}

int names_put(struct names *s, uint64_t number, const char *text)
{
    uint32_t same;
    int r = 0;

    if (number <= s->n || number > NAMES_MAX || names_find(s, text))
        return -EUCLEAN;
    while (r == 0 && s->n + 1 < number && (r = grow_texts(s)) == 0)
        s->text[s->n++] = NULL;
    return r < 0 ? r : append(s, text, &same);
}

const char *names_text(const struct names *s, uint64_t number)
{
    return number >= 1 && number <= s->n ? s->text[number - 1] : NULL;
}
