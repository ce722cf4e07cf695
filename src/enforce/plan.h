// SPDX-License-Identifier: GPL-2.0-or-later
// What is to be enforced: jails, and the bans in them while the whole state comes in.
#pragma once

#include "base/addr.h"
#include "enforce/ports.h"
#include "wire/order.h"

enum {
    PLAN_BANS_MAX = 1 << 20,       // overflow: those that come later are refused (-ENOSPC)
    SLOT_MAX = 33 + 129,           // one per family and prefix length
    PLAN_SPARED = ORDER_JAILS_MAX, // no jail: the hosts that bans of blocks go past
};

struct jail {
    char name[ORDER_NAME_MAX]; // "": there is no such jail
    enum order_action action;
    struct ports port[ORDER_PORTS_MAX]; // none: all ports
    size_t n_port;
    uint8_t slot[SLOT_MAX]; // enum slot_state: which sets it has in the kernel
};

enum slot_state {
    SLOT_UNUSED,
    SLOT_PENDING, // created in the transaction under way
    SLOT_USED,
};

enum element_change {
    ELEMENT_ADD,    // absent, or the kernel renews what is added again
    ELEMENT_RENEW,  // absent or present: from now on with this timeout
    ELEMENT_REMOVE, // absent or present
};

struct element {
    struct addr net;
    uint8_t change; // enum element_change
    uint8_t slot;   // slot_of(net)
    uint16_t jail;
    uint32_t seq;        // of the order it comes from
    uint64_t timeout_ms; // 0: for ever
};

struct plan {
    struct jail *jail; // ORDER_JAILS_MAX of them, and PLAN_SPARED, which has no name
    struct element *element;
    size_t n, capacity;
};

int plan_new(struct plan **ret); // -ENOMEM
struct plan *plan_free(struct plan *p);

// Take JAIL, PORT, and BAN or SPARE orders. -EEXIST: a jail of this number or name is there
// already; -ENOENT: there is no such jail; -ENOSPC: beyond the capacity; -ENOMEM.
int plan_jail(struct plan *p, const struct order *o);
int plan_port(struct plan *p, const struct order *o);
int plan_ban(struct plan *p, const struct order *o);

// Puts what is of the same set next to each other, and leaves the order within a set as it is: that
// of their seq, which is counted up.
void plan_sort(struct element *e, size_t n);

struct element element_of(const struct order *o, enum element_change change);

// Frees the bans, which are in the kernel by then, and keeps the jails.
void plan_forget_bans(struct plan *p);

bool plan_has_jail(const struct plan *p, uint16_t jail);

// The set of its jail that an element belongs to.
unsigned slot_of(const struct addr *net);
