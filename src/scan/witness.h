// SPDX-License-Identifier: GPL-2.0-or-later
// Asks DNS about suspects where the configuration wants it, and tells the judge what comes of it.
#pragma once

#include "conf/dnsconf.h"
#include "scan/judge.h"

struct link;
struct sd_event;
struct witness;

// All are borrowed. It does nothing before witness_load(). -ENOMEM.
int witness_new(struct sd_event *event, struct judge *judge, struct link *link,
                struct witness **ret);
struct witness *witness_free(struct witness *w);

// From now on as this says; where it says the same as before, what is known stays. What does not
// work is said, and nothing is asked then.
void witness_load(struct witness *w, const struct dns_conf *conf);

void witness_suspect(struct witness *w, const struct cell *cell, const struct hit *hit);
