// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/books.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW (UINT64_C(1792000000) * USEC_PER_SEC)

enum { MANY = 20000 };

struct fixture {
    char dir[32], path[64];
    struct books books;
    struct rlimit before;
};

static void open_books(struct fixture *f)
{
    f->books = (struct books){0};
    assert_int_equal(ledger_open(f->path, &f->books.ledger), 0);
}

static void close_books(struct fixture *f)
{
    books_done(&f->books);
    ledger_close(f->books.ledger);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    strcpy(f->dir, "/tmp/test-books-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/ledger", f->dir);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &f->before), 0);
    signal(SIGXFSZ, SIG_IGN);
    open_books(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    close_books(f);
    unlink(f->path);
    rmdir(f->dir);
    free(f);
    return 0;
}

// A limit on the size of files stands for a disk that is full.
static void fill_disk(const struct fixture *f, bool full)
{
    struct rlimit limit = {full ? 1 : f->before.rlim_cur, f->before.rlim_max};

    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static struct addr net_of(unsigned i)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of("10.0.0.0"), &a), 0);
    a.b[14] = (uint8_t)(i >> 8);
    a.b[15] = (uint8_t)i;
    return a;
}

static int ban(struct fixture *f, unsigned i)
{
    struct ban ban = {.jail = "j", .net = net_of(i), .since = NOW, .until = NOW + USEC_PER_DAY};

    return books_ban(&f->books, &ban, NOW);
}

static int ignore(void *user, const struct ban *ban)
{
    (void)user, (void)ban;
    return 0;
}

static int lift(struct fixture *f, unsigned i)
{
    struct addr net = net_of(i);

    return books_unban(&f->books, "j", &net, NOW, ignore, NULL);
}

static int count_one(void *user, const struct ban *ban)
{
    (void)ban;
    ++*(size_t *)user;
    return 0;
}

static size_t in_force(const struct fixture *f)
{
    size_t n = 0;

    assert_int_equal(ledger_bans(f->books.ledger, NULL, NOW, 0, count_one, &n), 0);
    return n;
}

// What is banned and lifted while the disk is full holds at once, and is kept once there is room.
static void test_full_disk(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ban(f, 1), 0);
    assert_int_equal(ban(f, 2), 0);
    assert_int_equal(books_commit(&f->books, 0), 0);
    fill_disk(f, true);
    assert_int_equal(ban(f, 3), 0);
    assert_int_equal(lift(f, 1), 0);
    assert_true(books_commit(&f->books, 0) < 0);
    assert_int_equal(in_force(f), 2);
    for (unsigned i = 4; i < 300; i++)
        assert_int_equal(ban(f, i), 0);
    assert_int_equal(lift(f, 4), 0);
    assert_true(books_commit(&f->books, 0) < 0);
    assert_true(books_commit(&f->books, 0) < 0);
    assert_int_equal(in_force(f), 297);
    fill_disk(f, false);
    assert_int_equal(books_commit(&f->books, 0), 0);
    assert_false(f->books.is_failing);
    close_books(f);
    open_books(f);
    assert_int_equal(in_force(f), 297);
}

// It is not tried all the time.
static void test_failing(void **state)
{
    struct fixture *f = *state;
    struct hit hit = {.addr = net_of(1), .host = net_of(1), .time = NOW, .count = 1};

    fill_disk(f, true);
    assert_int_equal(ban(f, 1), 0);
    assert_true(books_commit(&f->books, 0) < 0);
    assert_true(f->books.opened > NOW);
    assert_int_equal(books_hit(&f->books, "j", &hit, "log", NOW), -EIO);
    for (unsigned i = 2; i <= MANY; i++)
        assert_int_equal(ban(f, i), 0);
    fill_disk(f, false);
    assert_int_equal(books_commit(&f->books, 0), 0);
    close_books(f);
    open_books(f);
    assert_int_equal(in_force(f), MANY);
    assert_int_equal(books_hit(&f->books, "j", &hit, "log", NOW), 0);
}

// Something on the way that fails takes no ban with it either.
static void test_failed_before(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ban(f, 1), 0);
    assert_int_equal(books_commit(&f->books, -EIO), -EIO);
    assert_int_equal(in_force(f), 1);
    assert_int_equal(books_commit(&f->books, 0), 0);
    assert_int_equal(in_force(f), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failed_before, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("books", tests, NULL, NULL);
}
