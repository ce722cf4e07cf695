// SPDX-License-Identifier: GPL-2.0-or-later
// Table `inet tailban`: what is enforced. It outlives this process.
#pragma once

#include "enforce/plan.h"

struct firewall;

// An element that the kernel did not take, and why (-errno).
typedef void firewall_refused(void *user, const struct element *e, int error);

// -errno; -ENOMEM.
int firewall_new(struct firewall **ret);
struct firewall *firewall_free(struct firewall *f);

// Makes the table ours alone in this network namespace for as long as we live: two that each put
// back what the other has changed would never come to rest. -EBUSY: another enforcer has done so;
// -EPERM: without CAP_NET_ADMIN here.
int firewall_claim(struct firewall *f);

// Puts the whole state in the place of whatever is there; no packet that both the old and the new
// state ban gets through meanwhile. On success the plan is the firewall's, on failure the caller's,
// and what was in force still is.
int firewall_install(struct firewall *f, struct plan *p, firewall_refused *fn, void *user);

// Carries out changes, in their order, best sorted by plan_sort(). n is at most ORDER_PACKET_MAX;
// their jails are known. One that the kernel refuses costs only itself. At most PLAN_BANS_MAX are
// added after a whole state and with it (overflow: -ENOSPC, until the next whole state counts anew:
// which of them have expired is not known here).
void firewall_apply(struct firewall *f, const struct element *e, size_t n, firewall_refused *fn,
                    void *user);

// How to ban what may be banned already, on this kernel.
enum element_change firewall_renewal(const struct firewall *f);

// Whether a whole state is installed, and whether it has this jail.
bool firewall_is_up(const struct firewall *f);
bool firewall_has_jail(const struct firewall *f, uint16_t jail);

// Leaves nothing of ours in the kernel.
int firewall_clear(struct firewall *f);

// Poll this for input, then call firewall_hear(). -errno.
int firewall_fd(const struct firewall *f);
int firewall_hear(struct firewall *f);

// Whether somebody else has changed the table since it was installed. Says so once per change.
bool firewall_take_change(struct firewall *f);
