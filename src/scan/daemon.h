// SPDX-License-Identifier: GPL-2.0-or-later
// The running tailband: its parts, and the loop that gives each its turn. Nothing wakes it up but a
// log that grows, a request, the enforcer, a signal, or a timer that something waits for.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct daemon_setup {
    const char *config, *state, *run; // folders
    bool verbose;
    int control;      // the listening socket, taken over
    int enforcer;     // a socket connected to the enforcer, taken over; -1: none yet
    int keeper;       // who was asked to start one (keeper.h), taken over; -1: nobody
    pid_t keeper_pid; // our child; 0: none
};

struct daemon;

// Opens the ledger, reads the configuration and takes up the logs. -errno: said why.
int daemon_new(const struct daemon_setup *setup, struct daemon **ret);

// Runs until a signal ends it. -errno: said why.
int daemon_run(struct daemon *d);

// Keeps everything that is to be kept. Bans stay in force.
struct daemon *daemon_free(struct daemon *d);
