// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/samples.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// Dates without a year are read against this: a filter's lines mean the same in every year.
static const usec_t now = UINT64_C(1796083200) * USEC_PER_SEC;

struct reader {
    struct samples *samples;
    struct stamp stamp;
    char *format;
    bool in_formats;
};

static int add(struct reader *r, const char *sample)
{
    struct samples *s = r->samples;
    char *place = r->format ? strchr(r->format, '%') : NULL, *text;
    int n;

    if (!place || s->n == SAMPLES_MAX)
        return 0;
    n = asprintf(&text, "%.*s%s", (int)(place - r->format), r->format, sample);
    if (n < 0)
        return -ENOMEM;
    stamp_line(&r->stamp, (struct slice){text, (size_t)n}, now, &s->line[s->n]);
    s->text[s->n++] = text;
    return 0;
}

static int read_line(struct reader *r, const char *text)
{
    static const char format[] = "format ";
    bool is_format = strncmp(text, format, strlen(format)) == 0, first = !r->in_formats;

    r->in_formats = is_format;
    if (is_format && first) {
        free(r->format);
        r->format = strdup(text + strlen(format));
        return r->format ? 0 : -ENOMEM;
    }
    if (is_format || !*text || *text == '#' || *text == ' ')
        return 0;
    return add(r, text);
}

static int read_all(struct reader *r, FILE *f)
{
    cleanup(freep) char *text = NULL;
    size_t size = 0;
    ssize_t n;
    int e = 0;

    while (e == 0 && (n = getline(&text, &size, f)) > 0) {
        if (text[n - 1] == '\n')
            text[n - 1] = '\0';
        e = read_line(r, text);
    }
    return e < 0 ? e : ferror(f) ? -EIO : 0;
}

int samples_read(struct samples *s, const char *folder, struct slice name)
{
    struct reader r = {.samples = s};
    FILE *f;
    int e;

    *s = (struct samples){0};
    if (asprintf(&s->path, "%s/%.*s.samples", folder, (int)name.n, name.p) < 0) {
        s->path = NULL;
        return -ENOMEM;
    }
    s->line = calloc(SAMPLES_MAX, sizeof(*s->line));
    s->text = calloc(SAMPLES_MAX, sizeof(*s->text));
    if (!s->line || !s->text || zone_fixed(0, &s->zone) < 0)
        return -ENOMEM;
    f = fopen(s->path, "r");
    if (!f)
        return errno == ENOENT ? 0 : -errno;
    stamp_init(&r.stamp, &s->zone);
    e = read_all(&r, f);
    fclose(f);
    free(r.format);
    return e;
}

void samples_done(struct samples *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->text[i]);
    free(s->text);
    free(s->line);
    free(s->path);
    zone_done(&s->zone);
    *s = (struct samples){0};
}
