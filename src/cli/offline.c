// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/offline.h"

#include <errno.h>
#include <string.h>

int offline_init(struct offline *o, const struct arguments *a)
{
    usec_t now = 0;

    memset(o, 0, sizeof(*o));
    if (a->now && time_parse(slice_of(a->now), &now) < 0)
        return command_misused("--now %s: write seconds since 1970 or RFC 3339, such as "
                               "2026-02-28T06:08:03Z",
                               a->now);
    if (zone_local(&o->zone) < 0)
        return command_fail("out of memory");
    o->logs = logs_new(&o->zone, now);
    return o->logs ? COMMAND_DONE : command_fail("out of memory");
}

void offline_done(struct offline *o)
{
    progress_clear(&o->progress);
    o->logs = logs_free(o->logs);
    zone_done(&o->zone);
}

int offline_add(struct offline *o, const char *path)
{
    int r = logs_add(o->logs, path);

    if (r == -EISDIR)
        return command_fail("%s: is a folder; name the logs in it", path);
    if (r < 0)
        return command_fail("%s: %s", path, strerror(-r));
    return COMMAND_DONE;
}

int offline_add_line(struct offline *o, const char *line)
{
    int r = logs_add_line(o->logs, line);

    return r < 0 ? command_fail("%s", strerror(-r)) : COMMAND_DONE;
}

int offline_next(struct offline *o, struct log_entry *ret)
{
    int r = logs_next(o->logs, ret);
    uint64_t done = logs_done(o->logs);

    if (o->told == 0)
        progress_start(&o->progress, logs_path(o->logs, 0), logs_size(o->logs), false);
    if (done != o->told)
        progress_add(&o->progress, done - o->told);
    o->told = done;
    if (r <= 0)
        progress_clear(&o->progress);
    if (r < 0)
        command_fail("%s: %s", logs_failed(o->logs), strerror(-r));
    return r;
}
