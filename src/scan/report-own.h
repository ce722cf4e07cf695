// SPDX-License-Identifier: GPL-2.0-or-later
// Reports from within, for the files that they are made of: report.c tells what is going on,
// report-why.c the evidence, report-names.c how names stand, report-options.c what is configured.
#pragma once

#include "scan/report.h"

// NULL is "".
struct slice report_text(const char *s);

// Borrows the ban's texts; spared is room for those of whom it spares.
struct control_ban report_ban(const struct desk *d, const struct ban *b,
                              char spared[static PEERS_TEXT_MAX]);

// What the ledger says where it failed (r): an empty answer would say that there is nothing.
int report_refuse(const struct desk *d, int r, struct caller *to);
