// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/server.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROUNDS = 64, LIST_LENGTH = 200000 };

struct fixture {
    struct server *server;
    struct sockaddr_un address;
    socklen_t size;
    uint64_t listed; // bans put into lists so far
};

// An answer to each kind of request: LIST is long, BAN counts, UNBAN refuses, WATCH watches.
static int answer(void *user, const struct control *request, uint64_t *cursor, struct caller *to)
{
    struct fixture *f = user;
    struct control record = {.type = CONTROL_IS_BAN, .ban = {.jail = slice_of("j")}};

    switch (request->type) {
    case CONTROL_LIST:
        while (*cursor < LIST_LENGTH) {
            if (!caller_has_room(to))
                return CALLER_E_MORE;
            record.ban.id = ++*cursor;
            f->listed++;
            assert_int_equal(caller_put(to, &record), 0);
        }
        return 0;
    case CONTROL_BAN:
        caller_count(to, 1, 0);
        return 0;
    case CONTROL_UNBAN:
        return caller_refuse(to, ENOENT, "%s is not banned", "it");
    case CONTROL_WATCH:
        caller_watch(to);
        return 0;
    default:
        return 0;
    }
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

    f->address.sun_family = AF_UNIX;
    f->size = sizeof(f->address);
    // Linux finds a free name in the abstract namespace.
    assert_int_equal(bind(fd, (struct sockaddr *)&f->address, sizeof(sa_family_t)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&f->address, &f->size), 0);
    assert_int_equal(listen(fd, 128), 0);
    assert_int_equal(server_new(fd, answer, f, &f->server), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    server_free(f->server);
    free(f);
    return 0;
}

static void run(struct fixture *f)
{
    for (int i = 0; i < ROUNDS; i++)
        server_dispatch(f->server);
}

static int call(struct fixture *f)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&f->address, f->size), 0);
    return fd;
}

static void ask(int fd, const enum control_type *types, size_t n)
{
    struct control_packet p;

    control_start(&p);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(control_put(&p, &(struct control){.type = types[i]}), 0);
    assert_int_equal(send(fd, p.bytes, p.n, 0), p.n);
}

struct heard {
    size_t records[CONTROL_TYPE_MAX];
    struct control_done done;
    struct control_refused refused;
    uint32_t lost;
    uint64_t last_ban;
    bool hung_up;
};

static void hear_record(struct heard *h, const struct control *c)
{
    h->records[c->type]++;
    if (c->type == CONTROL_IS_DONE)
        h->done = c->done;
    if (c->type == CONTROL_IS_REFUSED)
        h->refused = c->refused;
    if (c->type == CONTROL_IS_EVENT && c->event.kind == CONTROL_EVENT_LOST)
        h->lost += c->event.count;
    if (c->type == CONTROL_IS_BAN) {
        assert_int_equal(c->ban.id, h->last_ban + 1);
        h->last_ban = c->ban.id;
    }
}

// Reads all that has come.
static void hear(int fd, struct heard *h)
{
    static uint8_t bytes[CONTROL_PACKET_MAX];
    struct control c;
    ssize_t n;

    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
        struct slice packet = {(const char *)bytes, (size_t)n};
        assert_int_equal(control_open(&packet), 0);
        while (control_get(&packet, &c) == CONTROL_E_RECORD)
            hear_record(h, &c);
        assert_int_equal(packet.n, 0);
    }
    h->hung_up = n == 0 || errno != EAGAIN;
}

static void test_requests(void **state)
{
    static const struct {
        enum control_type ask[4];
        size_t n;
        uint32_t count;
        size_t refused;
        uint32_t refused_at;
    } rows[] = {
        {{CONTROL_STATUS}, 1, 0, 0, 0},
        {{CONTROL_BAN, CONTROL_BAN, CONTROL_BAN}, 3, 3, 0, 0},
        {{CONTROL_BAN, CONTROL_UNBAN, CONTROL_BAN}, 3, 2, 1, 1},
        {{CONTROL_UNBAN, CONTROL_STATUS, CONTROL_UNBAN}, 3, 0, 2, 2},
    };
    struct fixture *f = *state;
    int fd = call(f);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct heard h = {0};
        ask(fd, rows[i].ask, rows[i].n);
        run(f);
        hear(fd, &h);
        assert_int_equal(h.records[CONTROL_IS_DONE], 1);
        assert_int_equal(h.done.error, 0);
        assert_int_equal(h.done.count, rows[i].count);
        assert_int_equal(h.records[CONTROL_IS_REFUSED], rows[i].refused);
        assert_int_equal(h.refused.request, rows[i].refused_at);
        assert_false(h.hung_up);
    }
    close(fd);
}

static void test_malformed(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } rows[] = {
        {"x", 1},
        {"\2\0\0\0zzzz", 8},
        {"\1\0\0\0", 4},             // another version
        {"\2\0\0\0\x16\0\0\0", 8},   // a reply
        {"\2\0\0\0\2\0\xff\xff", 8}, // longer than the packet
    };
    struct fixture *f = *state;
    int good = call(f);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct heard h = {0};
        int fd = call(f);
        assert_int_equal(send(fd, rows[i].bytes, rows[i].n, 0), rows[i].n);
        run(f);
        hear(fd, &h);
        assert_int_equal(h.records[CONTROL_IS_DONE], 1);
        assert_int_equal(h.done.error, EPROTO);
        assert_true(h.hung_up);
        close(fd);
    }
    struct heard h = {0};
    ask(good, (enum control_type[]){CONTROL_BAN}, 1);
    run(f);
    hear(good, &h);
    assert_int_equal(h.done.count, 1);
    close(good);
}

// What is not taken is not made: the list waits in the ledger, not in memory.
static void test_slow_reader(void **state)
{
    struct fixture *f = *state;
    struct heard h = {0};
    int fd = call(f);

    ask(fd, (enum control_type[]){CONTROL_LIST}, 1);
    run(f);
    assert_in_range(f->listed, 1, LIST_LENGTH / 4);
    for (int i = 0; i < 10000 && h.records[CONTROL_IS_DONE] == 0; i++) {
        hear(fd, &h);
        server_dispatch(f->server);
    }
    assert_int_equal(h.last_ban, LIST_LENGTH);
    assert_int_equal(h.records[CONTROL_IS_DONE], 1);
    close(fd);
}

static void test_watch(void **state)
{
    struct fixture *f = *state;
    const struct control_occurrence hit = {.kind = CONTROL_EVENT_HIT, .jail = slice_of("j")};
    struct heard h = {0}, other = {0};
    int fd = call(f), deaf = call(f);

    assert_false(server_is_watched(f->server));
    ask(fd, (enum control_type[]){CONTROL_WATCH}, 1);
    run(f);
    assert_true(server_is_watched(f->server));
    for (int i = 0; i < 3; i++)
        server_event(f->server, &hit);
    server_tell(f->server, 1);
    run(f);
    hear(fd, &h);
    hear(deaf, &other);
    assert_int_equal(h.records[CONTROL_IS_DONE], 1);
    assert_int_equal(h.records[CONTROL_IS_EVENT], 3);
    assert_int_equal(other.records[CONTROL_IS_EVENT], 0);
    close(deaf);
    close(fd);
    run(f);
    assert_false(server_is_watched(f->server));
}

// Every event is told or counted as lost.
static void test_slow_watcher(void **state)
{
    enum { EVENTS = 100000 };
    struct fixture *f = *state;
    const struct control_occurrence hit = {.kind = CONTROL_EVENT_HIT, .jail = slice_of("j")};
    struct heard h = {0};
    int fd = call(f);

    ask(fd, (enum control_type[]){CONTROL_WATCH}, 1);
    run(f);
    for (int i = 0; i < EVENTS; i++)
        server_event(f->server, &hit);
    server_tell(f->server, 1);
    for (int i = 0; i < 1000; i++) {
        server_dispatch(f->server);
        hear(fd, &h);
    }
    assert_in_range(h.records[CONTROL_IS_EVENT], 1, EVENTS - 1);
    server_event(f->server, &hit);
    server_tell(f->server, 2);
    run(f);
    hear(fd, &h);
    assert_true(h.lost > 0);
    // One of them says how many were lost.
    assert_int_equal(h.records[CONTROL_IS_EVENT] - 1 + h.lost, EVENTS + 1);
    close(fd);
}

static void test_too_many(void **state)
{
    struct fixture *f = *state;
    int fd[SERVER_CALLERS_MAX + 1];
    struct heard h = {0}, last = {0};

    for (int i = 0; i <= SERVER_CALLERS_MAX; i++) {
        fd[i] = call(f);
        server_dispatch(f->server);
    }
    hear(fd[SERVER_CALLERS_MAX], &last);
    assert_true(last.hung_up);
    close(fd[0]);
    run(f);
    close(fd[SERVER_CALLERS_MAX]);
    fd[0] = call(f);
    ask(fd[0], (enum control_type[]){CONTROL_BAN}, 1);
    run(f);
    hear(fd[0], &h);
    assert_int_equal(h.done.count, 1);
    for (int i = 0; i < SERVER_CALLERS_MAX; i++)
        close(fd[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_requests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_malformed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slow_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_watch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slow_watcher, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
