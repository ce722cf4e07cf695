// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps the link to the enforcer up: connects again, or has an enforcer started, where there is
// none; gives up one that does not answer; sends the whole state again where something was refused
// for want of room.
#pragma once

#include "base/span.h"
#include "scan/link.h"

struct sd_event;

struct liaison_setup {
    struct sd_event *event;
    struct link *link; // borrowed
    const char *path;  // where an enforcer may listen; borrowed
    int keeper; // who can start one (keeper.h), and has been asked to; taken over; -1: nobody
    void *user;
    void (*missing)(void *user, int error); // there is none now (-errno)
};

struct liaison;

// -errno of sd_event_add_*(3); -ENOMEM. The keeper is closed on failure, too.
int liaison_new(const struct liaison_setup *setup, struct liaison **ret);
struct liaison *liaison_free(struct liaison *l);

// After whatever has happened, before the loop sleeps.
void liaison_settle(struct liaison *l);
