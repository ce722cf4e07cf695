// SPDX-License-Identifier: GPL-2.0-or-later
// The command's side of the control socket. Failures are said on standard error, with what to do.
#pragma once

#include "cli/command.h"
#include "wire/control.h"

struct client {
    int fd;
    struct control_packet request, reply; // reply: the packet that is being read
    struct slice rest;                    // of reply
};

// Connects to DIR/control.sock of --run. -errno, said.
int client_open(const struct arguments *a, struct client *c);
void client_done(struct client *c);

// Sends the request packet and starts an empty one. -errno, said.
int client_send(struct client *c);

// Reads the reply to its end. fn sees every record but DONE, valid until it returns; < 0 stops. The
// exit code: COMMAND_NOT also where a request was refused.
typedef int record_fn(void *user, const struct control *record);
int client_replies(struct client *c, record_fn *fn, void *user, struct control_done *ret_done);

// All of it: connects, sends one request, reads the reply.
int client_call(const struct arguments *a, const struct control *request, record_fn *fn, void *user,
                struct control_done *ret_done);

// Reads an address or block from the command line. -EINVAL: said, with what to write instead.
int client_net(const char *text, struct addr *ret);

// Puts a jail's name into a request. -EINVAL, said.
int client_jail(const char *name, struct slice *ret);
