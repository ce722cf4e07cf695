// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of our chain, expression by expression.
#pragma once

#include "enforce/batch.h"

#include <stdbool.h>

// Accepts at once what is for none of the ports in a set of (protocol, port).
void rule_put_gate(struct batch *b, const char *table, const char *chain, const char *ports);

struct rule_spec {
    bool v4;
    unsigned prefix;
    const char *set;    // of addresses masked to the prefix
    const char *spared; // a set of hosts (IPv6: of /64) that it goes past; NULL: none
    const char *ports;  // a set of (protocol, port); NULL: all ports
    bool reject;        // answer instead of dropping
};

// Acts on what comes from the set's addresses to the ports. Rules without ports go before the
// gate, to the head of the chain; others to its end.
void rule_put_jail(struct batch *b, const char *table, const char *chain,
                   const struct rule_spec *spec);
