// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/lookup.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "conf/conffile.h"
#include "conf/words.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_PREFIX "file:"

enum { HOSTNAME_MOST = 253 };

struct lookup {
    size_t n;
    struct answer {
        char *word;
        struct exempt net;
    } answer[LOOKUP_MAX];
    usec_t spent; // on names
};

struct lookup *lookup_new(void)
{
    return calloc(1, sizeof(struct lookup));
}

struct lookup *lookup_free(struct lookup *l)
{
    for (size_t i = 0; l && i < l->n; i++) {
        free(l->answer[i].word);
        exempt_done(&l->answer[i].net);
    }
    free(l);
    return NULL;
}

void lookup_freep(struct lookup **l)
{
    *l = lookup_free(*l);
}

static usec_t clock_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (usec_t)t.tv_sec * USEC_PER_SEC + (usec_t)t.tv_nsec / 1000;
}

static bool to_addr(const struct sockaddr *from, struct addr *ret)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    *ret = (struct addr){.len = 128};
    if (from->sa_family == AF_INET6) {
        memcpy(ret->b, &((const struct sockaddr_in6 *)from)->sin6_addr, sizeof(ret->b));
    } else {
        memcpy(ret->b, mapped, sizeof(mapped));
        memcpy(ret->b + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
    }
    return from->sa_family == AF_INET6 || from->sa_family == AF_INET;
}

// A resolver that does not answer must not hold up the start for each name again.
static int resolve(struct lookup *l, const char *name, struct origin at, struct problems *problems,
                   struct exempt *ret)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    usec_t start = clock_now();
    int error = EAI_AGAIN, r = 0;

    if (l->spent < LOOKUP_BUDGET_S * USEC_PER_SEC)
        error = getaddrinfo(name, NULL, &hints, &found);
    l->spent += clock_now() - start;
    if (error != 0) {
        problems_warn(problems, at,
                      "ignoreip: '%s' cannot be looked up (%s): whom it stands for is not spared; "
                      "tailband has no network of its own: write addresses, or the name into "
                      "/etc/hosts",
                      name, gai_strerror(error));
        return 0;
    }
    for (const struct addrinfo *f = found; f && r == 0; f = f->ai_next) {
        struct addr a;
        if (to_addr(f->ai_addr, &a))
            r = exempt_add(ret, &a);
    }
    freeaddrinfo(found);
    return r;
}

static bool is_name(struct slice word)
{
    bool has_letter = false;
    size_t label = 0;

    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
            return false;
        if (c == '.' && label == 0)
            return false;
        label = c == '.' ? 0 : label + 1;
        has_letter = has_letter || letter;
    }
    // 192.0.2.300 is a slip, not a name.
    return has_letter && word.n <= HOSTNAME_MOST;
}

static struct answer *find(struct lookup *l, const char *word)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->answer[i].word, word) == 0)
            return &l->answer[i];
    }
    return NULL;
}

static int read_file(struct lookup *l, const char *path, struct origin at,
                     struct problems *problems, struct exempt *ret);

static int look_up(struct lookup *l, struct slice word, struct origin at, struct problems *problems,
                   struct exempt *to)
{
    cleanup(freep) char *copy = strndup(word.p, word.n);
    struct answer *a = copy ? find(l, copy) : NULL;
    int r = copy ? 0 : -ENOMEM;

    if (r == 0 && !a && l->n == LOOKUP_MAX)
        return problems_error(problems, at, "ignoreip: more than %d names and files", LOOKUP_MAX);
    if (r == 0 && !a) {
        a = &l->answer[l->n++];
        *a = (struct answer){.word = copy};
        copy = NULL;
        r = slice_starts(word, FILE_PREFIX)
                ? read_file(l, a->word + strlen(FILE_PREFIX), at, problems, &a->net)
                : resolve(l, a->word, at, problems, &a->net);
    }
    for (size_t i = 0; r == 0 && i < a->net.n; i++)
        r = exempt_add(to, &a->net.net[i]);
    return r;
}

// What is wrong in a file of addresses is a warning as well: whoever writes it may not be who
// configures jails, and must not be able to stop them.
static int read_word(struct lookup *l, struct slice word, struct origin at,
                     struct problems *problems, struct exempt *ret)
{
    struct addr net;

    if (addr_parse(word, &net) == 0)
        return exempt_add(ret, &net);
    if (is_name(word))
        return look_up(l, word, at, problems, ret);
    problems_warn(problems, at, "'%.*s' is no address and no name, and is passed over",
                  word.n > HOSTNAME_MOST ? HOSTNAME_MOST : (int)word.n, word.p);
    return 0;
}

static int read_lines(struct lookup *l, const char *path, struct slice text,
                      struct problems *problems, struct exempt *ret)
{
    struct origin at = {path, 0};
    int r = 0;

    while (r == 0 && text.n > 0) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        const char *comment = memchr(text.p, '#', n);
        struct slice line = {text.p, comment ? (size_t)(comment - text.p) : n}, word;
        at.line++;
        while (r == 0 && words_next(&line, &word)) {
            word = slice_trim(word);
            r = word.n > 0 ? read_word(l, word, at, problems, ret) : 0;
        }
        text = slice_from(text, n + 1);
    }
    return r;
}

static int read_file(struct lookup *l, const char *path, struct origin at,
                     struct problems *problems, struct exempt *ret)
{
    cleanup(freep) char *text = NULL;
    size_t n = 0;
    int r = conffile_read(path, problems, &text, &n);

    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        problems_warn(problems, at, "ignoreip: %s cannot be read: nobody is spared for it", path);
        return 0;
    }
    return read_lines(l, path, (struct slice){text, n}, problems, ret);
}

int lookup_add(struct lookup *l, struct slice word, struct origin at, struct problems *problems,
               struct exempt *to)
{
    struct addr net;

    if (addr_parse(word, &net) == 0)
        return exempt_add(to, &net);
    if (slice_starts(word, FILE_PREFIX "/") || is_name(word))
        return l ? look_up(l, word, at, problems, to) : 0;
    return problems_error(problems, at,
                          "ignoreip: '%.*s' is no address and no name: write 192.0.2.1, "
                          "192.0.2.0/24, 2001:db8::/32, host.example.org or file:/path",
                          word.n > HOSTNAME_MOST ? HOSTNAME_MOST : (int)word.n, word.p);
}
