// SPDX-License-Identifier: GPL-2.0-or-later
// Texts and lists as Python's repr() writes them: what fail2ban-client prints, and scripts that
// call it read with Python's own parser.
#pragma once

#include "base/slice.h"

#include <stdio.h>

void python_text(FILE *out, struct slice text);

// A list that grows: "[", then a comma before each but the first.
struct python_list {
    FILE *out;
    size_t n;
};
struct python_list python_open(FILE *out);
FILE *python_next(struct python_list *l);
void python_close(struct python_list *l);
