// SPDX-License-Identifier: GPL-2.0-or-later
// The netlink messages of one nf_tables transaction, one behind the other. A batch that fails to
// grow remembers why and swallows what still comes, so that only batch_end() needs to be checked.
#pragma once

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

enum { BATCH_MESSAGE_MAX = 32 * 1024 }; // a message has this much room

struct batch {
    char *data;
    size_t n, capacity;
    size_t last; // where the last message starts
    uint32_t seq, messages;
    int error;
};

int batch_init(struct batch *b); // -ENOMEM
void batch_done(struct batch *b);

// Forgets what is in it.
void batch_begin(struct batch *b);

// A new message: an NFT_MSG_* with its NLM_F_* flags, to be filled. It is part of the batch once
// batch_push() is called. seq is unique within the batch.
struct nlmsghdr *batch_message(struct batch *b, uint16_t type, uint16_t flags);
void batch_push(struct batch *b);

// Whoever fills a message and cannot, says so here.
void batch_fail(struct batch *b, int error);

// Closes the batch: the kernel acknowledges its last message. -ENOMEM, or what batch_fail() was
// told.
int batch_end(struct batch *b);
