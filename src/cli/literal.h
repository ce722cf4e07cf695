// SPDX-License-Identifier: GPL-2.0-or-later
// What may stand on the command line itself in place of a file, as fail2ban-regex takes it.
#pragma once

#include "engine/filter.h"

#include <stdbool.h>

// Whether a word is a regex and no filter's name: it is no file, and has a tag or a group in it.
bool literal_is_regex(const char *word);

// Whether a word is a line of a log and no log: it is no file, and has blanks in it.
bool literal_is_line(const char *word);

// A filter of one failregex, which is borrowed with the word.
void literal_filter(const char *word, struct pattern *pattern, struct filter_spec *ret);
