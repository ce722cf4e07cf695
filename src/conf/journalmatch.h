// SPDX-License-Identifier: GPL-2.0-or-later
// journalmatch: which entries of a journal a jail reads. FIELD=value, all of which must hold (of
// several for one field, any); "+" or a new line begins an alternative; quoted as for a shell.
#pragma once

#include "conf/definition.h"

#include <stdio.h>

// The jail's own, else the filter's; nothing where neither has one. What *ret has already, of
// another filter of the jail, is an alternative to it. -EINVAL with a problem, -ENOMEM.
int journalmatch_read(const struct definition *d, struct journal_conf *ret);

void journalmatch_print(const struct journal_conf *j, FILE *out);
