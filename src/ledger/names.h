// SPDX-License-Identifier: GPL-2.0-or-later
// The numbers that stand for the names of jails, files and places of regexes. All of them are in
// memory: they come from the configuration, so they are few. Only for this folder.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// NAMES_MAX: beyond, a number that is read is none.
enum { NAMES_HINTS = 256, NAMES_MAX = 1 << 20 };

struct names {
    char **text; // of number i + 1; NULL: it was lost
    size_t n, allocated;
    uint32_t *slot;             // numbers by the hash of their text; 0: free
    size_t n_slot;              // a power of two
    size_t saved;               // the first ones are in the file
    uint32_t hint[NAMES_HINTS]; // the latest number asked for by a text at such an address
};

void names_done(struct names *s);

// The number of a name, 0 where it has none.
uint32_t names_find(const struct names *s, const char *text);

// The same, a new one if need be. -ENOMEM.
int names_add(struct names *s, const char *text, uint32_t *ret);

// A name that was read, with its number: greater than all before; those between are lost. -EUCLEAN
// where it is not, or another number has the text. -ENOMEM.
int names_put(struct names *s, uint64_t number, const char *text);

// NULL: there is no such number.
const char *names_text(const struct names *s, uint64_t number);
