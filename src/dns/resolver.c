// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/resolver.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { TIMEOUT_MS = 2000, TRIES = 2, EVENTS = 16 };

struct resolver {
    ares_channel channel;
    bool has_channel;
    int epoll; // its sockets
    bool is_closing;
    struct resolver_counters counters;
};

struct query {
    struct resolver *resolver;
    enum question question;
    reply_fn *fn;
    void *user;
};

// c-ares says what it waits for at a socket, before it closes it as well.
static void on_socket(void *user, ares_socket_t fd, int readable, int writable)
{
    const struct resolver *r = user;
    struct epoll_event e = {.events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U),
                            .data.fd = fd};

    if (e.events == 0)
        epoll_ctl(r->epoll, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(r->epoll, EPOLL_CTL_MOD, fd, &e) < 0)
        epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &e);
}

static int error_of(int status)
{
    return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
}

int resolver_new(const char *servers, struct resolver **ret)
{
    struct resolver *r = calloc(1, sizeof(*r));
    struct ares_options options = {
        .timeout = TIMEOUT_MS, .tries = TRIES, .sock_state_cb = on_socket, .sock_state_cb_data = r};
    int e;

    if (!r)
        return -ENOMEM;
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    e = r->epoll < 0 ? -errno : 0;
    if (e == 0)
        e = error_of(ares_init_options(
            &r->channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB));
    r->has_channel = e == 0;
    if (e == 0 && *servers)
        e = error_of(ares_set_servers_ports_csv(r->channel, servers));
    if (e < 0) {
        resolver_free(r);
        return e;
    }
    *ret = r;
    return 0;
}

struct resolver *resolver_free(struct resolver *r)
{
    if (r) {
        r->is_closing = true;
        if (r->has_channel)
            ares_destroy(r->channel);
        if (r->epoll >= 0)
            close(r->epoll);
    }
    free(r);
    return NULL;
}

static void take_address(struct answer *answer, const void *bytes, size_t n, int ttl)
{
    struct addr *a = &answer->addr[answer->n_addrs++];
    usec_t span = ttl > 0 ? (usec_t)ttl * USEC_PER_SEC : 0;

    *a = (struct addr){.len = 128};
    if (n == 4)
        a->b[10] = a->b[11] = 0xff;
    memcpy(a->b + sizeof(a->b) - n, bytes, n);
    if (answer->n_addrs == 1 || span < answer->ttl)
        answer->ttl = span;
}

static int read_v4(const unsigned char *bytes, int n, struct answer *ret)
{
    struct ares_addrttl found[ANSWER_ADDRS_MAX];
    int count = ANSWER_ADDRS_MAX, status = ares_parse_a_reply(bytes, n, NULL, found, &count);

    for (int i = 0; status == ARES_SUCCESS && i < count; i++)
        take_address(ret, &found[i].ipaddr, sizeof(found[i].ipaddr), found[i].ttl);
    ret->is_cut = ret->n_addrs == ANSWER_ADDRS_MAX;
    return status;
}

static int read_v6(const unsigned char *bytes, int n, struct answer *ret)
{
    struct ares_addr6ttl found[ANSWER_ADDRS_MAX];
    int count = ANSWER_ADDRS_MAX, status = ares_parse_aaaa_reply(bytes, n, NULL, found, &count);

    for (int i = 0; status == ARES_SUCCESS && i < count; i++)
        take_address(ret, &found[i].ip6addr, sizeof(found[i].ip6addr), found[i].ttl);
    ret->is_cut = ret->n_addrs == ANSWER_ADDRS_MAX;
    return status;
}

static int read_pointer(const unsigned char *bytes, int n, struct answer *ret)
{
    struct hostent *host = NULL;
    int status = ares_parse_ptr_reply(bytes, n, NULL, 0, AF_INET, &host);

    if (status != ARES_SUCCESS)
        return status;
    for (char **name = host->h_aliases; *name; name++) {
        ret->is_cut = ret->n_names == ANSWER_NAMES_MAX || strlen(*name) >= ANSWER_NAME_MAX;
        if (ret->is_cut)
            break;
        strcpy(ret->name[ret->n_names++], *name);
    }
    ares_free_hostent(host);
    return status;
}

static const struct {
    int type;
    int (*read)(const unsigned char *bytes, int n, struct answer *ret);
} questions[] = {
    [QUESTION_V4] = {ns_t_a, read_v4},
    [QUESTION_V6] = {ns_t_aaaa, read_v6},
    [QUESTION_POINTER] = {ns_t_ptr, read_pointer},
};

static void count(struct resolver_counters *c, const struct answer *answer)
{
    bool is_failed = answer->kind == ANSWER_FAILED;

    c->answered += !is_failed;
    c->failed += is_failed;
    c->silence = is_failed ? c->silence + 1 : 0;
}

static void on_answer(void *user, int status, int timeouts, unsigned char *bytes, int n)
{
    struct query q = *(struct query *)user;
    struct answer answer = {.kind = ANSWER_FAILED};

    (void)timeouts;
    free(user);
    if (q.resolver->is_closing)
        return;
    if (status == ARES_SUCCESS)
        status = questions[q.question].read(bytes, n, &answer);
    if (status == ARES_ENOTFOUND || status == ARES_ENODATA)
        answer.kind = ANSWER_NONE;
    else if (status == ARES_SUCCESS && answer.n_addrs + answer.n_names > 0)
        answer.kind = ANSWER_GIVEN;
    count(&q.resolver->counters, &answer);
    q.fn(q.user, &answer);
}

void resolver_ask(struct resolver *r, const char *name, enum question question, reply_fn *fn,
                  void *user)
{
    static const struct answer failed = {.kind = ANSWER_FAILED};
    struct query *q = malloc(sizeof(*q));

    if (!q) {
        fn(user, &failed);
        return;
    }
    *q = (struct query){r, question, fn, user};
    r->counters.asked++;
    ares_query(r->channel, name, ns_c_in, questions[question].type, on_answer, q);
}

struct resolver_counters resolver_counters(const struct resolver *r)
{
    return r->counters;
}

int resolver_fd(const struct resolver *r)
{
    return r->epoll;
}

usec_t resolver_wait(const struct resolver *r)
{
    struct timeval store, *t = ares_timeout(r->channel, NULL, &store);

    return t ? (usec_t)t->tv_sec * USEC_PER_SEC + (usec_t)t->tv_usec : USEC_FOREVER;
}

void resolver_work(struct resolver *r)
{
    struct epoll_event event[EVENTS];
    int n = epoll_wait(r->epoll, event, EVENTS, 0);

    for (int i = 0; i < n; i++) {
        bool in = event[i].events & ~(uint32_t)EPOLLOUT, out = event[i].events & EPOLLOUT;
        ares_process_fd(r->channel, in ? event[i].data.fd : ARES_SOCKET_BAD,
                        out ? event[i].data.fd : ARES_SOCKET_BAD);
    }
    if (n <= 0)
        ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
