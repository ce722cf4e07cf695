// SPDX-License-Identifier: GPL-2.0-or-later
// journalmatch: which entries of a journal a jail reads. FIELD=value, all of which must hold (of
// several for one field, any); "+" or a new line begins an alternative; quoted as for a shell.
#pragma once

#include "conf/definition.h"

#include <stdio.h>

// The jail's own, else its filter's; nothing where neither has one. -EINVAL with a problem,
// -ENOMEM.
int journalmatch_read(const struct definition *d, struct journal_conf *ret);

void journalmatch_print(const struct journal_conf *j, FILE *out);
