// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/output.h"

#include "cli/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const escapes[] = {
    [STYLE_PLAIN] = "",         [STYLE_HEAD] = "\033[1m",  [STYLE_GOOD] = "\033[32m",
    [STYLE_BAD] = "\033[1;31m", [STYLE_NOTE] = "\033[33m", [STYLE_DIM] = "\033[2m",
};

static bool wants_color(FILE *file)
{
    const char *term = getenv("TERM"), *none = getenv("NO_COLOR");

    if (none && *none)
        return false;
    return term && strcmp(term, "dumb") != 0 && isatty(fileno(file));
}

void output_init(struct output *o, FILE *file, bool json)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    *o = (struct output){
        .file = file,
        .json = json,
        .color = !json && wants_color(file),
        .now = (usec_t)now.tv_sec * USEC_PER_SEC + (usec_t)now.tv_nsec / 1000,
    };
}

int output_done(struct output *o)
{
    errno = 0;
    if (fflush(o->file) == 0 && !ferror(o->file))
        return 0;
    return errno ? -errno : -EIO;
}

const char *output_on(const struct output *o, enum style style)
{
    return o->color ? escapes[style] : "";
}

const char *output_off(const struct output *o, enum style style)
{
    return o->color && style != STYLE_PLAIN ? "\033[0m" : "";
}

size_t output_clean(struct slice text, char *ret, size_t size)
{
    size_t n = 0;

    while (text.n > 0) {
        size_t length = utf8_length(text);
        bool fit = length > 0 && utf8_is_harmless((struct slice){text.p, length});
        size_t out = fit ? length : 1;

        if (n + out >= size)
            break;
        if (fit)
            memcpy(ret + n, text.p, length);
        else
            ret[n] = '?';
        n += out;
        text = slice_from(text, length ? length : 1);
    }
    ret[n] = '\0';
    return n;
}

void output_text(struct output *o, struct slice text)
{
    char part[4096];

    // A piece may be cut inside a character only if it is longer than any text that is shown.
    for (; text.n > 0; text = slice_from(text, sizeof(part) - 1)) {
        size_t n = text.n < sizeof(part) - 1 ? text.n : sizeof(part) - 1;
        n = output_clean((struct slice){text.p, n}, part, sizeof(part));
        fwrite(part, 1, n, o->file);
    }
}

size_t output_time(const struct output *o, usec_t t, char ret[static OUTPUT_TIME_MAX])
{
    time_t seconds = (time_t)(t / USEC_PER_SEC), now = (time_t)(o->now / USEC_PER_SEC);
    struct tm then, today;

    if (t == 0 || t == USEC_FOREVER)
        return (size_t)snprintf(ret, OUTPUT_TIME_MAX, "%s", t == 0 ? "-" : "never");
    if (!localtime_r(&seconds, &then) || !localtime_r(&now, &today))
        return time_format(t, ret);
    return strftime(ret, OUTPUT_TIME_MAX,
                    then.tm_year == today.tm_year ? "%d %b %H:%M:%S" : "%d %b %Y %H:%M:%S", &then);
}

// Nobody wants to know the seconds of hours, or the minutes of days. Rounded, not cut: a ban of a
// week that is a second old has a week left.
static usec_t round_span(usec_t span)
{
    const usec_t hour = 3600 * USEC_PER_SEC, minute = 60 * USEC_PER_SEC;
    usec_t unit = span >= USEC_PER_DAY - hour ? hour
                  : span >= hour - minute     ? minute
                                              : USEC_PER_SEC;

    return (span + unit / 2) / unit * unit;
}

size_t output_relative(const struct output *o, usec_t t, char ret[static OUTPUT_LEFT_MAX])
{
    char span[SPAN_TEXT_MAX];

    if (t == USEC_FOREVER)
        return (size_t)snprintf(ret, OUTPUT_LEFT_MAX, "forever");
    span_format(round_span(t > o->now ? t - o->now : o->now - t), span);
    return (size_t)snprintf(ret, OUTPUT_LEFT_MAX, "%s %s", span, t > o->now ? "left" : "ago");
}
