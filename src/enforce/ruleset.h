// SPDX-License-Identifier: GPL-2.0-or-later
// Our table in the kernel's words: each function puts messages into a batch.
//
//   table inet NAME {
//       set ports { (protocol, port) of all jails }          where any jail has ports
//       set JAIL-ports { (protocol, port) }                  for each jail that has ports
//       set JAIL-v4-24 { addresses masked to 24 bits }       for each prefix length in use
//       set spared4 { hosts }, spared6                       where a block is banned
//       chain prerouting {
//           ip saddr @JAIL-v4-32 drop                        jails of all ports
//           meta l4proto . th dport != @ports accept
//           ip saddr & 255.255.255.0 @JAIL-v4-24 ip saddr != @spared4 meta l4proto . th dport
//           @JAIL-ports drop
//       }
//   }
#pragma once

#include "enforce/batch.h"
#include "enforce/plan.h"

// At most so many elements in one message: their list has a 16-bit length.
enum { RULESET_ELEMENTS_MAX = 500 };

// Takes the table away, whether or not it is there.
void ruleset_remove(struct batch *b, const char *table);

// An empty table that belongs to the socket which makes it: nobody else can touch it, and it goes
// with the socket. The kernel refuses it with EPERM where it is somebody else's.
void ruleset_own(struct batch *b, const char *table);

// The table, the chain, the gate and the jails' port sets.
void ruleset_put(struct batch *b, const char *table, const struct jail *jails);

// An empty table where there is none: the kernel refuses it with EEXIST where there is one.
void ruleset_create(struct batch *b, const char *table);

// The set for a slot of a jail, and its rule; for PLAN_SPARED, which has no name, the set alone.
void ruleset_put_set(struct batch *b, const char *table, const struct jail *j,
                     const struct addr *net);

// Carries out the change of n elements, which is the same for all and in the same set.
void ruleset_put_elements(struct batch *b, const char *table, const struct jail *j,
                          const struct element *e, size_t n);
