// SPDX-License-Identifier: GPL-2.0-or-later
// The daemon from within, for the files that it is made of: daemon.c has its life and its event
// loop, daemon-told.c what its parts have to say to each other.
#pragma once

#include "scan/appeals.h"
#include "scan/daemon.h"
#include "scan/desk.h"
#include "scan/drift.h"
#include "scan/herald.h"
#include "scan/hooks.h"
#include "scan/liaison.h"
#include "scan/shelf.h"
#include "scan/witness.h"

#include <systemd/sd-event.h>

enum { DAEMON_PATH_SIZE = 4096 };

struct daemon {
    struct daemon_setup setup;
    char enforce_path[DAEMON_PATH_SIZE];
    struct zone zone;
    struct ledger *ledger;
    char trouble[SHELF_TEXT_MAX]; // with its file
    struct judge *judge;
    struct link *link;
    struct liaison *liaison;
    struct server *server;
    struct desk desk;
    struct herald herald;
    struct hooks *hooks;
    struct appeals *appeals;
    struct witness *witness;
    struct drift drift;
    bool may_read; // the host's own addresses are known, or nobody will tell them
    sd_event *event;
    sd_event_source *logs, *requests, *reading, *due, *settling;
};

// What the judge and the link tell the daemon.
struct judge_hooks daemon_judge_hooks(struct daemon *d);
struct link_hooks daemon_link_hooks(struct daemon *d);

// What has become of an appeal; and that there is no enforcer.
appeals_fn daemon_decided;
void daemon_missing(void *user, int error);
