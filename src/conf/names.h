// SPDX-License-Identifier: GPL-2.0-or-later
// Names of clients as people write them: helo:ylmf-pc user:admin@example.com
#pragma once

#include "engine/jail.h"

// One name. -EINVAL where it is none.
int names_parse(struct slice word, enum fingerprint_kind *ret_kind, struct slice *ret_name);

// The first name of a list separated by blanks, which is cut off from it. 1, 0 at its end, -EINVAL.
int names_next(struct slice *list, enum fingerprint_kind *ret_kind, struct slice *ret_name);

// -EINVAL where a list holds something else.
int names_check(struct slice list);

// "helo:win-<mixed:11>"
void names_format(enum fingerprint_kind kind, const char *family,
                  char ret[static FINGERPRINT_TEXT_MAX]);

// The same of the fingerprint that led to a verdict; empty where none did.
void names_of_verdict(const struct verdict *v, char ret[static FINGERPRINT_TEXT_MAX]);
