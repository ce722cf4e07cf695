// SPDX-License-Identifier: GPL-2.0-or-later
// Which filters that look at several lines are to be shown a line: those of which all texts that
// they cannot match without have been in one of the last lines. They are told of the lines between
// then. Inside the engine only.
#pragma once

#include "engine/mesh.h"
#include "engine/recent.h"

struct vigil {
    struct recent *recent; // NULL: no filter looks at several lines
    uint64_t line;         // the number of the one that is looked at
    uint64_t *seen;        // by text of the mesh: the last line that had it
    uint64_t all_seen;     // the last that may have had any
    struct watch {
        size_t filter;
        uint64_t until; // the last line that it may match
        uint64_t shown; // the last line that it knows
    } * watch;
    size_t n;
    uint64_t awake; // the latest of until
    bool noted;     // something has been seen in this line
};

// -ENOMEM. vigil_done() is due in any case.
int vigil_init(struct vigil *v, const struct mesh *m);
void vigil_done(struct vigil *v);

// The next line: first vigil_begin(), then what is in it, then the choice.
static inline void vigil_begin(struct vigil *v)
{
    v->line++;
    v->noted = false;
}

// Whether there are filters to be shown the line even if there is nothing in it.
static inline bool vigil_is_awake(const struct vigil *v)
{
    return v->line <= v->awake;
}

static inline void vigil_note(struct vigil *v, size_t text)
{
    v->seen[text] = v->line;
    v->noted = true;
}

// Any text may be in it.
static inline void vigil_note_all(struct vigil *v)
{
    v->all_seen = v->line;
    v->noted = true;
}

// Sets the bits of the filters that are to be shown the line, and tells them of those before it.
void vigil_choose(struct vigil *v, const struct mesh *m, uint64_t *filters);
