// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon knows, put into replies. All functions: 0 or -errno, refused or -ENOMEM.
#pragma once

#include "scan/desk.h"

// only: one jail and what it reads; NULL: all.
int report_status(const struct desk *d, const struct cell *only, struct caller *to);

// As an answer_fn: CALLER_E_MORE until the last ban is told.
int report_list(const struct desk *d, const struct cell *only, uint64_t *cursor, struct caller *to);

// text: a name, with its kind in front or without.
int report_why_name(const struct desk *d, struct slice text, struct caller *to);
int report_name(const struct desk *d, struct slice text, struct caller *to);

// All that are fingerprints or kept: fingerprints first, those that failed last before others.
int report_fingerprints(const struct desk *d, struct caller *to);

// Names that came up: each family once, the first REPORT_SAID_MAX of them; those that are
// fingerprints only, where that is asked for. said NULL: none.
enum { REPORT_SAID_MAX = 8 };
struct report_said {
    struct fingerprint_standing name[REPORT_SAID_MAX];
    enum fingerprint_kind kind[REPORT_SAID_MAX];
    size_t n;
};
void report_note(const struct desk *d, const struct name *name, bool only_fingerprints,
                 struct report_said *said);
int report_said(const struct report_said *said, struct caller *to);

// The bans of a name, or (net) of a net, newest first, each with what explains it; said: the
// fingerprints in their lines are noted.
int report_bans_about(const struct desk *d, const struct addr *net, const char *name,
                      struct report_said *said, struct caller *to);

// The lines that came with a name and led to no ban, the latest ones.
int report_lines(const struct desk *d, enum fingerprint_kind kind, const char *family,
                 struct caller *to);

int report_why(const struct desk *d, const struct addr *net, struct caller *to);

// cell: whose options.
int report_options(const struct cell *cell, struct caller *to);

int report_problems(const struct desk *d, struct caller *to);
