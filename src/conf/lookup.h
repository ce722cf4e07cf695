// SPDX-License-Identifier: GPL-2.0-or-later
// What a word of ignoreip stands for: an address or block, a host's name, or a file of such words
// ("file:/path", one or more a line, '#' begins a comment). Each name and each file is looked up
// once per reading of the configuration.
#pragma once

#include "conf/problems.h"
#include "engine/exempt.h"

enum { LOOKUP_MAX = 256, LOOKUP_BUDGET_S = 5 }; // names and files; for all names together

struct lookup;

struct lookup *lookup_new(void); // NULL: out of memory
struct lookup *lookup_free(struct lookup *l);
void lookup_freep(struct lookup **l);

// Adds what the word stands for. A name or file that cannot be looked up is a warning, and nobody
// is spared for it; -EINVAL with a problem for what is neither, -ENOMEM. l NULL: no name or file
// is.
int lookup_add(struct lookup *l, struct slice word, struct origin at, struct problems *problems,
               struct exempt *to);
