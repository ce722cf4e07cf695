// SPDX-License-Identifier: GPL-2.0-or-later
// For the tests of conf: problems, values and what was read as lines of text.
#pragma once

#include "conf/dialect.h"
#include "conf/problems.h"

#include <stdio.h>
#include <stdlib.h>

// "FILE:LINE: error: TEXT\n" for each.
static inline void print_problems(const struct problem *problem, size_t n, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct problem *p = &problem[i];
        fprintf(out, "%s:%u: %s: %s\n", p->file ? p->file : "-", p->line,
                p->severity == PROBLEM_ERROR ? "error" : "warning", p->text);
    }
}

// "LINE: text\n" for each line.
static inline void print_text(const struct text *t, FILE *out)
{
    struct text_cursor c = {0};
    struct slice line;
    struct origin at;

    while (text_next(t, &c, &line, &at))
        fprintf(out, "%s%s%u: %.*s\n", at.file ? at.file : "", at.file ? ":" : "", at.line,
                (int)line.n, line.p);
}

// "[section]\noption\nLINE: text\n…"
static inline void print_ini(const struct ini *ini, FILE *out)
{
    const char *section, *option;

    for (size_t s = 0; (section = ini_section(ini, s)); s++) {
        fprintf(out, "[%s]\n", section);
        for (size_t c = 0; (option = ini_next(ini, section, &c));) {
            struct text value = {0};
            fprintf(out, "%s\n", option);
            if (ini_get(ini, section, option, &value) == 0)
                print_text(&value, out);
            text_done(&value);
        }
    }
}
