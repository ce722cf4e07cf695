// SPDX-License-Identifier: GPL-2.0-or-later
// However the bytes are cut, the lines are those that a naive splitter finds in them whole. The
// first byte gives the limit, the second seeds the cuts.
#include "fuzz.h"

#include "engine/lines.h"

struct splitter {
    struct slice left;
    size_t limit;
    uint64_t overlong;
};

static struct slice strip(struct slice line)
{
    return line.n > 0 && line.p[line.n - 1] == '\r' ? (struct slice){line.p, line.n - 1} : line;
}

// The next line that is not too long; the unfinished one at the end only where last is set.
static bool split(struct splitter *s, bool last, struct slice *ret)
{
    for (;;) {
        size_t n = 0;
        while (n < s->left.n && s->left.p[n] != '\n')
            n++;
        if (n == s->left.n && (!last || n == 0))
            return false;
        struct slice line = {s->left.p, n};
        s->left = slice_from(s->left, n + 1);
        if (n <= s->limit) {
            *ret = strip(line);
            return true;
        }
        s->overlong++;
    }
}

static void feed(struct lines *l, struct slice bytes, unsigned seed, struct splitter *s)
{
    struct slice line, want;
    uint64_t fed = 0;
    const char *newline = NULL;

    for (size_t at = 0, n; at < bytes.n; at += n) {
        seed = seed * 1103515245 + 12345;
        n = 1 + (seed >> 16) % (seed & 1 ? 3 : 40);
        if (n > bytes.n - at)
            n = bytes.n - at;
        struct slice chunk = {bytes.p + at, n};
        while (lines_next(l, &chunk, &line))
            must(split(s, false, &want) && slice_equal(line, want) && line.p[line.n] == '\n');
        must(chunk.n == 0);
        fed += n;
        for (size_t i = at; i < at + n; i++)
            newline = bytes.p[i] == '\n' ? bytes.p + i : newline;
        must(lines_pending(l) == (newline ? (size_t)(bytes.p + fed - newline - 1) : fed));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lines l;
    struct slice line, want;

    if (size < 2)
        return 0;
    struct slice bytes = {(const char *)data + 2, size - 2};
    struct splitter s = {bytes, data[0], 0};
    must(lines_init(&l, data[0]) == 0);
    feed(&l, bytes, data[1], &s);
    bool last = lines_last(&l, &line), want_last = split(&s, true, &want);
    must(last == want_last && (!last || (slice_equal(line, want) && line.p[line.n] == '\n')));
    must(!lines_last(&l, &line) && lines_pending(&l) == 0);
    must(l.overlong == s.overlong);
    lines_done(&l);
    return 0;
}
