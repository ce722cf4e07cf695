// SPDX-License-Identifier: GPL-2.0-or-later
// Records on their way to tailband, kept while its socket is full.
#pragma once

#include "wire/order.h"

#include <stddef.h>

enum {
    OUTBOX_MAX = 2048,   // overflow: what does not fit is not told
    OUTBOX_RESERVE = 16, // kept free of refusals, for the acknowledgement behind them
};

struct outbox {
    size_t from, n;
    uint32_t seq; // of the next record that answers nothing
    uint8_t record[OUTBOX_MAX][ORDER_SIZE];
};

// Records that speak for themselves (HELLO, OWN, FLUSHED, …): the outbox counts their seq.
void outbox_say(struct outbox *b, struct order o);

// ACK and REFUSED, with the seq of what they answer.
void outbox_answer(struct outbox *b, struct order o);

// How many more records fit.
size_t outbox_room(const struct outbox *b);

// Sends what the socket takes. -errno; 0 even where something is left.
int outbox_send(struct outbox *b, int fd);
