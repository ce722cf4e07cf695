// SPDX-License-Identifier: GPL-2.0-or-later
// Sections and options as they were read, before interpolation. iniparser's dictionary holds them:
// one has the values under "section:option", a second one under the same keys where they stand.
// Section names keep their case; option names are lower case.
#pragma once

#include "conf/text.h"

#include <stdbool.h>
#include <stddef.h>

#define INI_DEFAULT "DEFAULT"
#define INI_KNOWN   "KNOWN/" // in front of a section's name: what its options were before

// An ini full of options refuses more: a file has dozens, fail2ban's whole configuration 1000.
enum { INI_OPTIONS_MAX = 16384 };

enum { INI_E_MISSING = 1 };

struct ini;

struct ini *ini_new(void); // NULL: out of memory
struct ini *ini_free(struct ini *i);
void ini_freep(struct ini **i);

// Makes the section known, empty or not; its place is where it was first seen. -ENOMEM, -E2BIG.
int ini_add_section(struct ini *i, const char *section, struct origin at);
bool ini_has_section(const struct ini *i, const char *section);
struct origin ini_section_origin(const struct ini *i, const char *section);

// The names in the order of reading, to the caller's index; NULL at the end.
const char *ini_section(const struct ini *i, size_t index);

// Sets, or replaces. -ENOMEM, -E2BIG.
int ini_set(struct ini *i, const char *section, const char *option, const struct text *value);

// The same for a value that is interpolated already: '%' is doubled, so that interpolating it again
// gives back what was set.
int ini_set_literal(struct ini *i, const char *section, const char *option,
                    const struct text *value);

bool ini_has(const struct ini *i, const char *section, const char *option);
const char *ini_value(const struct ini *i, const char *section, const char *option); // or NULL
struct origin ini_origin(const struct ini *i, const char *section, const char *option);

// 0, INI_E_MISSING, -ENOMEM, -E2BIG. The origins' file names live as long as the ini.
int ini_get(const struct ini *i, const char *section, const char *option, struct text *ret);

// The section's own options in the order of reading, from *cursor = 0; NULL at the end.
const char *ini_next(const struct ini *i, const char *section, size_t *cursor);

// Puts a later file's options over those read before. What it replaces is kept in KNOWN/section.
// [section?condition] adds its options to [section], with ?condition behind their names.
int ini_merge(struct ini *to, const struct ini *from);
