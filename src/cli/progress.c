// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/progress.h"

#include "cli/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 24, LABEL_MAX = 40 };

static usec_t monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (usec_t)now.tv_sec * USEC_PER_SEC + (usec_t)now.tv_nsec / 1000;
}

void progress_start(struct progress *p, const char *label, uint64_t total, bool quiet)
{
    const char *term = getenv("TERM");

    *p = (struct progress){
        .shown = !quiet && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0,
        .label = label,
        .total = total,
        .started = monotonic(),
    };
    p->drawn = p->started;
}

static void draw(const struct progress *p, usec_t now)
{
    double seconds = (double)(now - p->started + 1) / 1e6, mib = (double)p->done / 1048576;
    double part = p->total ? (double)p->done / (double)p->total : 0;
    char bar[BAR_WIDTH + 1], label[LABEL_MAX];
    size_t full = (size_t)((part < 1 ? part : 1) * BAR_WIDTH);

    output_clean(slice_of(p->label), label, sizeof(label));
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', full);
    bar[BAR_WIDTH] = '\0';
    if (p->total)
        fprintf(stderr, "\r\033[K%s [%s] %3.0f%%  %.0f MiB/s", label, bar, 100 * part,
                mib / seconds);
    else
        fprintf(stderr, "\r\033[K%s  %.1f MiB  %.0f MiB/s", label, mib, mib / seconds);
}

void progress_add(struct progress *p, uint64_t bytes)
{
    usec_t now;

    p->done += bytes;
    if (!p->shown)
        return;
    now = monotonic();
    if (now - p->drawn < USEC_PER_SEC / 10)
        return;
    p->drawn = now;
    draw(p, now);
}

void progress_clear(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
}
