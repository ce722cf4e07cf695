// SPDX-License-Identifier: GPL-2.0-or-later
// What was seen last, a few of them: hosts, blocks or names, each once, a new one in the place of
// the one seen longest ago. Plain data, so that it can be kept over a restart.
#pragma once

#include "base/addr.h"
#include "base/span.h"

#include <stddef.h>

// Only the digest is kept of what it was.
struct sighting {
    uint32_t key;
    uint32_t second; // since 1970; 0: none
};

// Digests. Not seeded, as they outlive the process; whoever finds two of the same counts as one.
uint32_t sighting_text(struct slice text);
uint32_t sighting_net(const struct addr *net);

// Of the block that a client lives in, as far as names and logins are concerned: IPv4 /24, IPv6
// /48.
uint32_t sighting_block(const struct addr *client);

// A late line does not make it longer ago.
void sightings_note(struct sighting *seen, size_t n, uint32_t key, usec_t time);

// When it was seen last; 0: it is not among them.
usec_t sightings_last(const struct sighting *seen, size_t n, uint32_t key);

// How many of them are less than span ago.
uint32_t sightings_count(const struct sighting *seen, size_t n, usec_t time, usec_t span);
