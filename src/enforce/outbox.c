// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/outbox.h"

#include <errno.h>
#include <sys/socket.h>

static void put(struct outbox *b, const struct order *o)
{
    if (b->from + b->n == OUTBOX_MAX) {
        memmove(b->record[0], b->record[b->from], b->n * ORDER_SIZE);
        b->from = 0;
    }
    order_encode(o, b->record[b->from + b->n++]);
}

void outbox_say(struct outbox *b, struct order o)
{
    o.seq = b->seq++;
    if (outbox_room(b) > 0)
        put(b, &o);
}

void outbox_answer(struct outbox *b, struct order o)
{
    if (outbox_room(b) > (o.op == ORDER_REFUSED ? OUTBOX_RESERVE : 0))
        put(b, &o);
}

size_t outbox_room(const struct outbox *b)
{
    return OUTBOX_MAX - b->n;
}

int outbox_send(struct outbox *b, int fd)
{
    while (b->n > 0) {
        size_t n = b->n < ORDER_PACKET_MAX ? b->n : ORDER_PACKET_MAX;
        ssize_t sent = send(fd, b->record[b->from], n * ORDER_SIZE, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN ? 0 : -errno;
        b->from += n;
        b->n -= n;
    }
    b->from = 0;
    return 0;
}
