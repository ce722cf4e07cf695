// SPDX-License-Identifier: GPL-2.0-or-later
// The text of one file in fail2ban's dialect:
//
//     [section]
//     option = value        also "option: value"; option names are read in lower case
//              continued    indented deeper than its option; comments between are dropped
//     # comment             ';' as well, at any indent; behind a value only " ;" begins one
//
// A section or option that stands twice in one file, and a line that is neither, are errors.
#pragma once

#include "base/slice.h"
#include "conf/ini.h"
#include "conf/problems.h"

// -EINVAL where there were errors, each among the problems; the file is then of no use.
int dialect_read(struct slice text, const char *file, struct problems *problems, struct ini **ret);

// What to say behind a complaint about this line where it looks like a continuation line that lost
// its indent, as lines pasted from a web page do; else "". previous: the option before it, or NULL.
const char *dialect_hint(const char *previous, struct slice line);
