// SPDX-License-Identifier: GPL-2.0-or-later
// What a ladder keeps of a host or a block, as the bytes of a record, and back. Nothing is lost
// between the two.
//
// A cell is a block and all its hosts in one, as long as they have only a few hits: most sources
// never have more, and then cost a dozen bytes.
#pragma once

#include "base/addr.h"
#include "engine/netblock.h"
#include "engine/window.h"

enum { TRACK_KEY_MAX = 18, TRACK_CELL_MAX = 4 };

// Whose record it is: a number of so many bits, the first of an address; and the record's key.
struct track_key {
    bool v6;
    uint8_t rung;    // 0: a host, else the level of a block, from 1
    uint8_t prefix;  // as people write it
    uint8_t n;       // bytes of the key
    uint64_t number; // IPv4: the address, in 32 bits; IPv6: its first 64 bits
    uint64_t low;    // IPv6: the others
    unsigned char bytes[TRACK_KEY_MAX];
    uint64_t hash; // where it was computed; else 0
};

struct track_key track_key_of(const struct addr *a, unsigned rung);

// The block that it lies in.
struct track_key track_key_around(const struct track_key *k, unsigned prefix, unsigned rung);

// Of a record. level is the family's, for the prefixes of the rungs.
struct track_key track_key_unpack(const unsigned char *record, const struct level *v4,
                                  const struct level *v6);
struct addr track_addr(const struct track_key *k);

bool track_is_v6(const unsigned char *record);
bool track_is_host(const unsigned char *record);
bool track_is_cell(const unsigned char *record);

// The host's number within the block: distinct for distinct ones, those wider than one host
// included. Of an IPv6 host of less than a /64 what does not fit becomes a digest: netblock_place()
// finds the narrower block in it (its prefix; 0: there is none); seed keeps a stranger from
// choosing hosts that seem to be one.
uint64_t track_host_id(const struct track_key *host, unsigned prefix, unsigned narrower,
                       uint64_t seed);

// The host again, of an IPv4 address or an IPv6 /64.
struct track_key track_host_of(const struct track_key *block, uint64_t id);

// What stands in a record behind its key, and where: of a block when each of its hosts was seen
// last, the times of the hits, and which hosts they are.
struct track_head {
    unsigned flags, scale; // of the times (engine/pack.h)
    uint32_t hits, hosts;
    uint32_t mark, wiped;
    usec_t base;
    bool implied; // the base is the time of the first hit, which is not among the times
    size_t seen, times, ids;
};

// Which pair a block has reached (struct netblock's), in two bits of the flags.
enum { TRACK_REACHED = 5 };

static inline enum netblock_pair track_reached(unsigned flags)
{
    return (enum netblock_pair)(flags >> TRACK_REACHED & 3);
}

static inline unsigned track_flags(unsigned flags, enum netblock_pair reached)
{
    return (flags & ~(3U << TRACK_REACHED)) | (unsigned)reached << TRACK_REACHED;
}

void track_head(const unsigned char *record, struct track_head *ret);

// How the hosts of a record are told from each other: without the leading one where all are IPv4
// addresses or IPv6 /64s.
struct track_ids {
    uint64_t lead; // 0: any may be there
    size_t width;
};

struct track_ids track_ids(const unsigned char *record, unsigned prefix, unsigned flags);

static inline bool track_ids_fit(struct track_ids ids, uint64_t host)
{
    return !ids.lead || (host ^ ids.lead) < ids.lead;
}

// Writes the flags and the numbers of hits and hosts anew; not of a cell.
void track_head_update(unsigned char *record, const struct track_head *h);

struct track_host {
    uint32_t mark; // the latest known with the last hit
    bool fine;     // not all times are whole seconds apart
    struct window *window;
};

struct track_cell {
    uint32_t mark;
    bool fine;
    uint32_t n;                  // at least 1 where it is packed
    usec_t time[TRACK_CELL_MAX]; // ascending, of equal ones the first to come first
    uint64_t host[TRACK_CELL_MAX];
};

size_t track_cell_hosts(const struct track_cell *c);

// The time of the last hit.
usec_t track_last(const unsigned char *record);

// How many hosts a record tells of: one, none for a block, and the distinct ones of a cell, whose
// prefix is asked for.
size_t track_hosts(const unsigned char *record, unsigned prefix);

// The most bytes of a record.
size_t track_size(uint32_t hits, uint32_t hosts);

// Where a record stands with its key already, and after it.
size_t track_host_pack(unsigned char *record, const struct track_host *h);
void track_host_unpack(const unsigned char *record, struct track_host *ret);
size_t track_block_pack(unsigned char *record, unsigned prefix, const struct netblock *b);
void track_block_unpack(const unsigned char *record, unsigned prefix, struct netblock *ret);
size_t track_cell_pack(unsigned char *record, unsigned prefix, const struct track_cell *c);
void track_cell_unpack(const unsigned char *record, unsigned prefix, struct track_cell *ret);
