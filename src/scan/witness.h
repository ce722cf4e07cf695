// SPDX-License-Identifier: GPL-2.0-or-later
// Asks DNS about suspects where the configuration wants it, and tells the judge what comes of it.
#pragma once

#include "conf/dnsconf.h"
#include "dns/inquiry.h"
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

// What has come of it. False: DNS is not asked.
bool witness_counters(const struct witness *w, struct inquiry_counters *ret);

// What is wrong with the list number n, counted from 0. False: nothing is, or there is none.
enum { WITNESS_TEXT_MAX = DNS_ZONE_MAX + 160 };
bool witness_trouble(const struct witness *w, size_t n, char ret[static WITNESS_TEXT_MAX]);

// How things stand for a host; the lists by their names, separated by commas. False: DNS is not
// asked.
enum { WITNESS_LISTS_MAX = DNS_LISTS_MAX * (DNS_ZONE_MAX + 2) };
struct witness_view {
    struct inquiry_view of;
    char clean[WITNESS_LISTS_MAX], silent[WITNESS_LISTS_MAX];
};
bool witness_look(const struct witness *w, const struct addr *addr, struct witness_view *ret);

void witness_suspect(struct witness *w, const struct cell *cell, const struct hit *hit);
