// SPDX-License-Identifier: GPL-2.0-or-later
// The segments of a ledger: the latest one in memory, the others in the file. Only for this folder.
#pragma once

#include "ledger/store.h"

// Writes what is new of the latest segment. -errno.
int hits_write(struct ledger *l);

// After the commit, and after a rollback.
void hits_written(struct ledger *l);
void hits_lost(struct ledger *l);

// How much is there already, from the file. -errno.
int hits_count(struct ledger *l);

// A segment goes into the file; s->n may be 0, it is then none. -errno.
int hits_put(struct ledger *l, const struct segment *s, usec_t swept);
int hits_drop(struct ledger *l, uint64_t first, uint64_t bytes);

// Begins to read a segment of the file, without its texts; hits_texts() reads these as well. 1, or
// 0 where it is damaged, which is counted; -errno.
int hits_open(struct ledger *l, uint64_t first, struct segment_reader *ret);
int hits_texts(struct ledger *l, uint64_t first, struct segment_reader *r);

// Ends it; passes r on.
int hits_close(struct ledger *l, int r);

// The next record, whose names exist. 1, or 0 at the end, also of what is whole: counted.
int hits_next(struct ledger *l, struct segment_reader *r, struct record *ret);

// The latest segment.
struct segment_reader hits_tail(const struct ledger *l);
