// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/segment.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))
#define DAY          UINT64_C(86400000000)

// As they are written; the order of counting has gaps where records were dropped.
static const struct {
    bool is_pardon;
    uint64_t seq;
    uint32_t jail, source;
    const char *host, *addr;
    usec_t time;
    uint32_t count;
    uint8_t banned;
    const char *text;
    uint32_t rule;
    const char *user, *helo;         // of their own, unless
    size_t user_at, helo_at, length; // length > 0: parts of the text
} rows[] = {
    {false, 7, 1, 2, "192.0.2.1", "192.0.2.1", 1000 * DAY, 1, 0, "one", 4},
    {false, 8, 3, 2, "192.0.2.1", "192.0.2.1", 1000 * DAY, 1, 0, "one", 5, NULL, "in a session"},
    {false, 9, 1, 2, "192.0.2.2", "192.0.2.2", 999 * DAY, 1, 32, "of the day before", UINT32_MAX,
     NULL, NULL, 3, 14, 3},
    {false, 12, 1, 400, "2001:db8:1:2::/64", "2001:db8:1:2::7", 1001 * DAY + 1, 3, 64, "six", 0,
     "user", "helo"},
    {true, 13, 1, 0, "192.0.2.2", "::", 1002 * DAY, 0, 0, ""},
    {false, 14, 1, 2, "192.0.2.2", "192.0.2.2", 1003 * DAY, 1, 0, "six", 1, NULL, NULL, 0, 2, 1},
    {true, 15, UINT32_MAX, 0, "203.0.112.0/20", "::", 0, 0, 0, ""},
    {false, UINT64_C(1) << 40, 1, 2, "198.51.100.0/28", "198.51.100.9", 1, UINT32_MAX, 24, "", 1,
     "x"},
    {false, (UINT64_C(1) << 40) + 1, 1, 2, "192.0.2.9", "192.0.2.9", UINT64_MAX, 0, 0, "end"},
};

static struct addr net_of(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static struct slice said(const char *own, struct slice text, size_t at, size_t length)
{
    return length > 0 ? (struct slice){text.p + at, length}
           : own      ? slice_of(own)
                      : (struct slice){0};
}

static struct record record_of(size_t i)
{
    struct slice text = slice_of(rows[i].text);

    return (struct record){
        .is_pardon = rows[i].is_pardon,
        .seq = rows[i].seq,
        .jail = rows[i].jail,
        .source = rows[i].source,
        .host = net_of(rows[i].host),
        .addr = net_of(rows[i].addr),
        .time = rows[i].time,
        .count = rows[i].count,
        .banned = rows[i].banned,
        .text = text,
        .rule = rows[i].rule,
        .user = said(rows[i].user, text, rows[i].user_at, rows[i].length),
        .helo = said(rows[i].helo, text, rows[i].helo_at, rows[i].length),
    };
}

static void fill(struct segment *s)
{
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct record r = record_of(i);
        assert_int_equal(segment_add(s, &r), 0);
    }
}

static struct segment_reader reader_of(const struct segment *s)
{
    return (struct segment_reader){
        .heads = {(const char *)s->heads.p, s->heads.n},
        .texts = {(const char *)s->texts.p, s->texts.n},
    };
}

static void assert_record(const struct record *got, size_t i)
{
    struct record wanted = record_of(i);

    assert_int_equal(got->is_pardon, wanted.is_pardon);
    assert_int_equal(got->seq, wanted.seq);
    assert_int_equal(got->jail, wanted.jail);
    assert_int_equal(addr_compare(&got->host, &wanted.host), 0);
    assert_int_equal(got->time, wanted.time);
    if (wanted.is_pardon)
        return;
    assert_int_equal(got->source, wanted.source);
    assert_int_equal(addr_compare(&got->addr, &wanted.addr), 0);
    assert_int_equal(got->count, wanted.count);
    assert_int_equal(got->banned, wanted.banned);
    assert_int_equal(got->rule, wanted.rule);
    assert_true(slice_equal(got->text, wanted.text));
    assert_true(slice_equal(got->user, wanted.user));
    assert_true(slice_equal(got->helo, wanted.helo));
}

static void test_round_trip(void **state)
{
    struct segment s = {0};

    (void)state;
    // What was cleared is as good as new.
    for (int round = 0; round < 2; round++) {
        struct segment_reader reader;
        struct record got;
        segment_clear(&s);
        fill(&s);
        assert_int_equal(s.n, LENGTH_OF(rows));
        assert_int_equal(s.first, rows[0].seq);
        assert_int_equal(s.last.seq, rows[LENGTH_OF(rows) - 1].seq);
        assert_int_equal(s.time_max, UINT64_MAX);
        reader = reader_of(&s);
        for (size_t i = 0; i < LENGTH_OF(rows); i++) {
            assert_int_equal(segment_next(&reader, &got), 1);
            assert_record(&got, i);
        }
        assert_int_equal(segment_next(&reader, &got), 0);
        // Without their texts, they are as many.
        reader = reader_of(&s);
        reader.texts.p = NULL;
        for (size_t i = 0; i < LENGTH_OF(rows); i++) {
            assert_int_equal(segment_next(&reader, &got), 1);
            assert_int_equal(got.seq, rows[i].seq);
            assert_int_equal(got.text.n + got.user.n + got.helo.n, 0);
        }
        assert_int_equal(segment_next(&reader, &got), 0);
    }
    segment_done(&s);
}

// A line is kept once, however many jails counted it.
static void test_same_text(void **state)
{
    struct record r = {.jail = 1,
                       .source = 1,
                       .host = net_of("192.0.2.1"),
                       .addr = net_of("192.0.2.1"),
                       .count = 1,
                       .text = slice_of("the same")};
    struct segment s = {0};

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        r.seq = i + 1;
        assert_int_equal(segment_add(&s, &r), 0);
    }
    assert_int_equal(s.texts.n, strlen("the same"));
    assert_in_range(s.heads.n, 1000, 12000);
    segment_done(&s);
}

// Reads what may be anything; every part is touched, for the sanitizers to see.
static size_t read_all(struct segment_reader reader)
{
    struct record got;
    size_t n = 0;
    unsigned sum = 0;
    int r;

    while ((r = segment_next(&reader, &got)) == 1) {
        const struct slice texts[] = {got.text, got.user, got.helo};
        for (size_t k = 0; k < LENGTH_OF(texts); k++) {
            for (size_t i = 0; i < texts[k].n; i++)
                sum += (unsigned char)texts[k].p[i];
        }
        assert_true(got.host.len <= 128 && addr_within(&got.host, &got.host));
        n++;
    }
    assert_true(r == 0 || r == -EUCLEAN);
    assert_true(sum < UINT32_MAX);
    return n;
}

// Cut anywhere, or with any bit turned, it is read as far as it goes.
static void test_damage(void **state)
{
    struct segment s = {0};

    (void)state;
    fill(&s);
    for (size_t n = 0; n < s.heads.n; n++) {
        struct segment_reader reader = reader_of(&s);
        char *copy = malloc(n + 1);
        memcpy(copy, s.heads.p, n);
        reader.heads = (struct slice){copy, n};
        assert_in_range(read_all(reader), 0, LENGTH_OF(rows) - 1);
        free(copy);
    }
    for (size_t bit = 0; bit < 8 * s.heads.n; bit++) {
        s.heads.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        read_all(reader_of(&s));
        s.heads.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t n = 0; n < s.texts.n; n++) {
        struct segment_reader reader = reader_of(&s);
        reader.texts.n = n;
        assert_in_range(read_all(reader), 0, LENGTH_OF(rows) - 1);
    }
    assert_int_equal(read_all(reader_of(&s)), LENGTH_OF(rows));
    segment_done(&s);
}

// Places in the order beyond all that there can be do not come round to the first ones.
static void test_order(void **state)
{
    struct record r = record_of(0);
    struct segment s = {0};

    (void)state;
    r.seq = INT64_MAX - 1;
    for (int i = 0; i < 3; i++, r.seq++)
        assert_int_equal(segment_add(&s, &r), 0);
    assert_int_equal(read_all(reader_of(&s)), 2);
    segment_done(&s);
}

static void test_sieve(void **state)
{
    static const char *const inside[] = {"192.0.2.1",       "192.0.2.2",       "192.0.2.0/24",
                                         "192.0.2.0/28",    "192.0.0.0/16",    "2001:db8:1:2::/64",
                                         "2001:db8:1:2::7", "2001:db8:1::/48", "2001:db8:1:2::/60",
                                         "2001:db8::/32",   "198.51.100.0/24"};
    struct segment s = {0};
    struct record block = record_of(6);
    unsigned n = 0;

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct record r = record_of(i);
        if (i != 6)
            assert_int_equal(segment_add(&s, &r), 0);
    }
    for (int opened = 0; opened < 2; opened++) {
        uint8_t *bits = calloc(1, segment_sieve_size(&s));
        struct slice sieve = {(const char *)bits, segment_sieve_size(&s)};
        segment_sieve(&s, bits);
        for (size_t i = 0; i < LENGTH_OF(inside); i++) {
            struct addr net = net_of(inside[i]);
            assert_true(segment_may_have(sieve, &net));
        }
        n = 0;
        for (unsigned i = 0; i < 1000; i++) {
            struct addr net = net_of("10.0.0.0");
            net.b[13] = (uint8_t)(i >> 8);
            net.b[15] = (uint8_t)i;
            n += segment_may_have(sieve, &net);
        }
        // Who is not in there is not looked for; unless a whole block was pardoned.
        assert_in_range(n, opened ? 1000 : 0, opened ? 1000 : 100);
        free(bits);
        block.seq = s.last.seq + 1;
        assert_int_equal(segment_add(&s, &block), 0);
    }
    segment_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_same_text),
        cmocka_unit_test(test_damage),     cmocka_unit_test(test_order),
        cmocka_unit_test(test_sieve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
