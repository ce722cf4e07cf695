// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/batch.h"

#include <errno.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

enum { CAPACITY_LEAST = 4 * BATCH_MESSAGE_MAX };

int batch_init(struct batch *b)
{
    *b = (struct batch){.capacity = CAPACITY_LEAST};
    b->data = malloc(b->capacity);
    return b->data ? 0 : -ENOMEM;
}

void batch_done(struct batch *b)
{
    free(b->data);
    *b = (struct batch){0};
}

static struct nlmsghdr *end_of(struct batch *b)
{
    return (struct nlmsghdr *)(b->data + b->n);
}

static void resize(struct batch *b, size_t capacity)
{
    char *data = realloc(b->data, capacity);

    if (!data) {
        batch_fail(b, -ENOMEM);
        return;
    }
    b->data = data;
    b->capacity = capacity;
}

void batch_begin(struct batch *b)
{
    b->n = 0;
    b->messages = 0;
    b->error = 0;
    b->n = nftnl_batch_begin(b->data, b->seq++)->nlmsg_len;
}

struct nlmsghdr *batch_message(struct batch *b, uint16_t type, uint16_t flags)
{
    if (b->capacity - b->n < 2 * BATCH_MESSAGE_MAX)
        resize(b, 2 * b->capacity);
    return nftnl_nlmsg_build_hdr((char *)end_of(b), type, NFPROTO_INET, flags, b->seq);
}

void batch_push(struct batch *b)
{
    // A failed batch goes nowhere: the next message may as well overwrite this one.
    if (b->error)
        return;
    b->last = b->n;
    b->n += NLMSG_ALIGN(end_of(b)->nlmsg_len);
    b->seq++;
    b->messages++;
}

void batch_fail(struct batch *b, int error)
{
    if (!b->error)
        b->error = error;
}

int batch_end(struct batch *b)
{
    struct nlmsghdr *last = (struct nlmsghdr *)(b->data + b->last);

    if (b->messages > 0)
        last->nlmsg_flags |= NLM_F_ACK;
    b->n += nftnl_batch_end((char *)end_of(b), b->seq++)->nlmsg_len;
    return b->error;
}
