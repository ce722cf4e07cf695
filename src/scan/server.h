// SPDX-License-Identifier: GPL-2.0-or-later
// The control socket: takes calls, at most SERVER_CALLERS_MAX at a time (who comes after them is
// hung up on), and tells those who watch what happens.
#pragma once

#include "scan/caller.h"

enum { SERVER_CALLERS_MAX = 64 };

struct server;

// Takes the listening socket over, also on failure. -errno.
int server_new(int fd, answer_fn *answer, void *user, struct server **ret);
struct server *server_free(struct server *s);

// The descriptor to poll for input, and what to call then.
int server_fd(const struct server *s);
void server_dispatch(struct server *s);

// Events are collected, and told by server_tell(), to be called before the program sleeps.
bool server_is_watched(const struct server *s);
void server_event(struct server *s, const struct control_occurrence *event);
void server_tell(struct server *s, usec_t now);
