// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bulk.h"

#include "base/cleanup.h"
#include "cli/view.h"

#include <errno.h>

enum { REQUESTS_MAX = 4096 };

struct bulk {
    struct client client;
    struct control request;
    size_t n;                    // requests in the packet
    unsigned line[REQUESTS_MAX]; // where each stood; 0 on the command line
    uint64_t done;
    bool failed; // one was wrong or refused
};

static int take(void *user, const struct control *record)
{
    struct bulk *b = user;
    uint32_t i = record->refused.request;

    if (record->type == CONTROL_IS_REFUSED)
        view_refused(&record->refused, i < b->n ? b->line[i] : 0);
    return 0;
}

// Sends what has been gathered. -errno where going on makes no sense; it has been said.
static int flush(struct bulk *b)
{
    struct control_done done = {0};
    int r, code;

    if (b->n == 0)
        return 0;
    r = client_send(&b->client);
    if (r < 0)
        return r;
    code = client_replies(&b->client, take, b, &done);
    b->failed = b->failed || code != COMMAND_DONE;
    b->done += done.count;
    b->n = 0;
    return code != COMMAND_DONE && done.error ? -EIO : 0;
}

static int add(struct bulk *b, const struct addr *net, unsigned line)
{
    int r;

    b->request.query.net = *net;
    r = b->n < REQUESTS_MAX ? control_put(&b->client.request, &b->request) : CONTROL_E_FULL;
    if (r == CONTROL_E_FULL) {
        r = flush(b);
        if (r == 0)
            r = control_put(&b->client.request, &b->request);
    }
    if (r < 0)
        return r;
    b->line[b->n++] = line;
    return 0;
}

// A line without its comment and blanks.
static struct slice content(const char *line, size_t n)
{
    const char *comment = memchr(line, '#', n);

    return slice_trim((struct slice){line, comment ? (size_t)(comment - line) : n});
}

static int add_lines(struct bulk *b, FILE *file)
{
    cleanup(freep) char *text = NULL;
    size_t allocated = 0;
    unsigned line = 0;
    ssize_t n;
    int r = 0;

    while (r == 0 && (n = getline(&text, &allocated, file)) >= 0) {
        struct slice word = content(text, (size_t)n);
        struct addr net;

        line++;
        if (word.n == 0)
            continue;
        if (addr_parse(word, &net) == 0) {
            r = add(b, &net, line);
        } else {
            command_fail("line %u: '%.*s' is no address", line, (int)word.n, word.p);
            b->failed = true;
        }
    }
    if (r == 0 && ferror(file)) {
        command_fail("standard input cannot be read: %s", strerror(errno));
        r = -EIO;
    }
    return r;
}

static int add_words(struct bulk *b, char **words, size_t n)
{
    struct addr net;
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        r = client_net(words[i], &net);
        if (r == 0)
            r = add(b, &net, 0);
    }
    return r;
}

int bulk_run(const struct arguments *a, const struct control *form, char **words, size_t n,
             uint64_t *ret_done)
{
    cleanup(freep) struct bulk *b = calloc(1, sizeof(*b));
    bool input = n == 1 && strcmp(words[0], "-") == 0;
    struct addr net;
    int r;

    if (!b)
        return command_fail("out of memory");
    for (size_t i = 0; i < n && !input; i++) {
        if (client_net(words[i], &net) < 0)
            return COMMAND_USAGE;
    }
    b->request = *form;
    if (client_open(a, &b->client) < 0)
        return COMMAND_NOT;
    r = input ? add_lines(b, stdin) : add_words(b, words, n);
    if (r == 0)
        r = flush(b);
    client_done(&b->client);
    *ret_done = b->done;
    return r < 0 || b->failed ? COMMAND_NOT : COMMAND_DONE;
}
