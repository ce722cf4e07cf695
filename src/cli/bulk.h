// SPDX-License-Identifier: GPL-2.0-or-later
// Many requests of one kind, from the command line or, with "-", one a line from standard input:
// as many in a packet as fit, so that 100,000 bans take seconds.
#pragma once

#include "cli/client.h"

// form: the request, its net excepted. words: "-", or addresses and blocks. What fails is said with
// its line, and the rest goes on. *ret_done: how many were carried out. The exit code.
int bulk_run(const struct arguments *a, const struct control *form, char **words, size_t n,
             uint64_t *ret_done);
