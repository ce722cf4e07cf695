// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct intake {
    struct logs *logs;
    struct journals *journals;
    int poll_fd;
    bool journals_turn;
    bool is_news; // a log may have come to exist
};

static int add_fd(struct intake *i, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    return epoll_ctl(i->poll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int intake_new(const struct roster *roster, struct ledger *ledger, const struct zone *zone,
               usec_t now, struct intake **ret)
{
    struct intake *i = calloc(1, sizeof(*i));
    int r;

    if (!i)
        return -ENOMEM;
    i->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    r = i->poll_fd < 0 ? -errno : logs_new(roster, ledger, zone, now, &i->logs);
    if (r == 0)
        r = journals_new(roster, i->logs, ledger, now, &i->journals);
    if (r == 0)
        r = add_fd(i, logs_fd(i->logs));
    if (r == 0)
        r = add_fd(i, journals_fd(i->journals));
    if (r < 0) {
        intake_free(i);
        return r;
    }
    *ret = i;
    return 0;
}

struct intake *intake_free(struct intake *i)
{
    if (i) {
        journals_free(i->journals);
        logs_free(i->logs);
        if (i->poll_fd >= 0)
            close(i->poll_fd);
        free(i);
    }
    return NULL;
}

int intake_fd(const struct intake *i)
{
    return i->poll_fd;
}

int intake_dispatch(struct intake *i)
{
    i->is_news = true;
    journals_dispatch(i->journals);
    return logs_dispatch(i->logs);
}

bool intake_ready(const struct intake *i)
{
    return logs_ready(i->logs) || journals_ready(i->journals);
}

void intake_read(struct intake *i, usec_t now, line_fn *fn, void *user)
{
    if (i->is_news)
        journals_yield(i->journals, i->logs, now, fn, user);
    i->is_news = false;
    i->journals_turn = !i->journals_turn;
    if (journals_ready(i->journals) && (i->journals_turn || !logs_ready(i->logs)))
        journals_read(i->journals, now, fn, user);
    else
        logs_read(i->logs, now, fn, user);
}

int intake_keep(struct intake *i)
{
    int r = logs_keep(i->logs);

    return r < 0 ? r : journals_keep(i->journals);
}

const struct logs *intake_logs(const struct intake *i)
{
    return i->logs;
}

const struct journals *intake_journals(const struct intake *i)
{
    return i->journals;
}
