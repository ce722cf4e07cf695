// SPDX-License-Identifier: GPL-2.0-or-later
// One connection to the control socket: requests come in, replies go out as fast as the other side
// takes them. Long replies are made in pieces, so that they are never held whole.
#pragma once

#include "wire/control.h"

#include <stdarg.h>

enum {
    CALLER_OUT_MAX = 256 * 1024,    // bytes waiting, beyond which a reply is not continued
    CALLER_EVENTS_MAX = 1024 * 1024 // bytes waiting, beyond which a watcher loses events
};

struct caller;

enum { CALLER_E_MORE = 1 };

// Carries out one request: 0, CALLER_E_MORE (call again when there is room; *cursor, 0 at first, is
// kept), or -errno of caller_refuse().
typedef int answer_fn(void *user, const struct control *request, uint64_t *cursor,
                      struct caller *to);

// Takes the socket over. -ENOMEM (the socket is closed).
int caller_new(int fd, answer_fn *answer, void *user, struct caller **ret);
struct caller *caller_free(struct caller *c);

int caller_fd(const struct caller *c);
short caller_events(const struct caller *c); // the poll(2) events to wait for

// Reads, answers and writes what can be without waiting. -errno: to be freed.
int caller_process(struct caller *c, short events);

// For answer_fn. Adds a record to the reply. -ENOMEM, -EINVAL.
int caller_put(struct caller *c, const struct control *record);
bool caller_has_room(const struct caller *c);

// Counts what was done: bans made or lifted; of those made, `again` were in force already.
void caller_count(struct caller *c, uint32_t n, uint32_t again);

// Says why the request is not carried out; returns -error.
int caller_refuse(struct caller *c, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Lets it have events once its requests are answered.
void caller_watch(struct caller *c);

// n events in a packet, for those who watch; where too much is waiting they are lost, and counted.
bool caller_is_watching(const struct caller *c);
int caller_tell(struct caller *c, const struct control_packet *events, uint32_t n, usec_t now);
