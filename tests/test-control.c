// SPDX-License-Identifier: GPL-2.0-or-later
#include "random.h"
#include "wire/control.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }
#define V4(last)                                                                                   \
    {                                                                                              \
        .b = {[10] = 0xff, [11] = 0xff, 203, 0, 113, last}, .len = 128                             \
    }

// One of each type; every field that it sends differs from zero.
static const struct control samples[] = {
    {.type = CONTROL_STATUS, .query = {.jail = TEXT("postfix-auth")}},
    {.type = CONTROL_LIST, .query = {.jail = TEXT("a.b_c-1")}},
    {.type = CONTROL_WHY, .query = {.net = V4(7), .name = TEXT("helo:x")}},
    {.type = CONTROL_BAN, .query = {.net = V4(8), .jail = TEXT("x"), .span = USEC_FOREVER}},
    {.type = CONTROL_UNBAN, .query = {.net = V4(9), .all = true, .jail = TEXT("x")}},
    {.type = CONTROL_RELOAD},
    {.type = CONTROL_WATCH},
    {.type = CONTROL_IS_DAEMON,
     .daemon = {TEXT("0.1.0"),
                TEXT("/etc/tailban"),
                77,
                1,
                2,
                3,
                true,
                4,
                5,
                6,
                7,
                8,
                9,
                10,
                11,
                12,
                TEXT("full"),
                13,
                14,
                15,
                16}},
    {.type = CONTROL_IS_SOURCE,
     .source = {TEXT("/var/log/a\nb"), CONTROL_UNREADABLE, 1, 2, 3, 4, TEXT("Permission denied")}},
    {.type = CONTROL_IS_JAIL,
     .jail = {TEXT("x"),
              TEXT("postfix[mode=all]"),
              true,
              1,
              2,
              3,
              4,
              5,
              6,
              7,
              8,
              9,
              10,
              11,
              12,
              99,
              97,
              98,
              96,
              13,
              14,
              15,
              TEXT("what is wrong"),
              true}},
    {.type = CONTROL_IS_BAN,
     .ban = {1, TEXT("x"), V4(10), 2, USEC_FOREVER, 4, 5, 6, 7, 8, 9, CONTROL_FINGERPRINT,
             TEXT("helo:x"), 10, V4(11), TEXT("y"), true, TEXT("192.0.2.1 192.0.2.2")}},
    {.type = CONTROL_IS_EVIDENCE,
     .evidence = {1, TEXT("x"), V4(11), 2, 3, TEXT("/var/log/mail.log"), TEXT("\0\xff\n{\"a\":1}"),
                  TEXT("x.conf:7"), TEXT("bob"), TEXT("ylmf-pc"), true}},
    {.type = CONTROL_IS_STANDING,
     .standing = {TEXT("x"), V4(12), 1, 2, 3, 4, 5, true, 6, 7, true, true, 8, true, true,
                  TEXT("cap.bans = 2 a minute"), 9, 10, 11}},
    {.type = CONTROL_OPTIONS, .query = {.jail = TEXT("postfix-auth")}},
    {.type = CONTROL_IS_OPTION,
     .option = {TEXT("postfix-auth"), TEXT("failregex"), TEXT("^ from <HOST>$")}},
    {.type = CONTROL_IS_PROBLEM, .problem = {true, TEXT("jails/x.conf"), 12, TEXT("no filter")}},
    {.type = CONTROL_IS_EVENT,
     .event = {CONTROL_EVENT_HIT, 1, TEXT("x"), true, V4(13), 2, 3, 4, 5, 6, CONTROL_MANUAL,
               TEXT("user:x"), TEXT("line"), true}},
    {.type = CONTROL_IS_REFUSED, .refused = {1, EPERM, TEXT("loopback")}},
    {.type = CONTROL_IS_DONE, .done = {EIO, 2, 1, TEXT("disk full")}},
    {.type = CONTROL_FINGERPRINTS, .query = {.name = TEXT("helo:ylmf-pc")}},
    {.type = CONTROL_MARK, .query = {.name = TEXT("user:a\x1b b"), .mark = CONTROL_REMOVE}},
    {.type = CONTROL_IS_FINGERPRINT,
     .fingerprint = {CONTROL_USER, TEXT("admin"), CONTROL_KEPT, true, true, true, 1, 2, 3, 4, 5, 6,
                     7, 8}},
    {.type = CONTROL_IS_INQUIRY,
     .inquiry = {CONTROL_INQUIRY_OFF, 1, 2, TEXT("no PTR"), CONTROL_NAMES_FOREIGN,
                 TEXT("bl.example.org"), TEXT("x.example.org")}},
    {.type = CONTROL_IS_DNS, .dns = {1, 2, 3, 4, 5, 6, 7, 8}},
};

// Of all samples in version 2: where it changes, so does CONTROL_VERSION, unless that one has never
// been released.
enum { VERSION = 2, SAMPLES_SIZE = 1352 };

// Two records are the same if they are put as the same bytes: texts are compared, not pointers.
static void assert_same(const struct control *a, const struct control *b)
{
    static struct control_packet p, q;

    control_start(&p);
    control_start(&q);
    assert_int_equal(control_put(&p, a), 0);
    assert_int_equal(control_put(&q, b), 0);
    assert_int_equal(p.n, q.n);
    assert_memory_equal(p.bytes, q.bytes, p.n);
}

static struct slice packet_of(const struct control_packet *p)
{
    return (struct slice){(const char *)p->bytes, p->n};
}

static void test_round_trip(void **state)
{
    struct control_packet *p = malloc(sizeof(*p));
    struct control got;

    (void)state;
    assert_int_equal(LENGTH_OF(samples), CONTROL_TYPE_MAX - 1);
    control_start(p);
    assert_true(control_is_empty(p));
    for (size_t i = 0; i < LENGTH_OF(samples); i++)
        assert_int_equal(control_put(p, &samples[i]), 0);
    assert_false(control_is_empty(p));
    assert_int_equal(CONTROL_VERSION, VERSION);
    assert_int_equal(p->n, SAMPLES_SIZE);
    struct slice rest = packet_of(p);
    assert_int_equal(control_open(&rest), 0);
    for (size_t i = 0; i < LENGTH_OF(samples); i++) {
        assert_int_equal(control_get(&rest, &got), CONTROL_E_RECORD);
        assert_int_equal(got.type, samples[i].type);
        assert_same(&got, &samples[i]);
    }
    assert_int_equal(control_get(&rest, &got), 0);
    free(p);
}

// Field by field for some, so that putting and getting cannot agree on the wrong member.
static void test_members(void **state)
{
    struct control_packet *p = malloc(sizeof(*p));
    struct control got;

    (void)state;
    control_start(p);
    for (size_t i = 0; i < LENGTH_OF(samples); i++)
        assert_int_equal(control_put(p, &samples[i]), 0);
    struct slice rest = packet_of(p);
    assert_int_equal(control_open(&rest), 0);
    while (control_get(&rest, &got) == CONTROL_E_RECORD) {
        if (got.type == CONTROL_IS_JAIL) {
            assert_true(slice_is(got.jail.filter, "postfix[mode=all]"));
            assert_true(got.jail.active && got.jail.bans == 1 && got.jail.no_address == 10 &&
                        got.jail.tracked == 11 && got.jail.evicted == 12 &&
                        got.jail.maxretry == 13 && got.jail.findtime == 14 &&
                        got.jail.bantime == 15 && got.jail.points);
        } else if (got.type == CONTROL_IS_EVIDENCE) {
            assert_true(slice_equal(got.evidence.text, (struct slice)TEXT("\0\xff\n{\"a\":1}")));
            assert_int_equal(addr_compare(&got.evidence.addr, &samples[11].evidence.addr), 0);
        } else if (got.type == CONTROL_IS_FINGERPRINT) {
            assert_true(got.fingerprint.hosts == 1 && got.fingerprint.need_blocks == 4 &&
                        got.fingerprint.failures == 5 && got.fingerprint.first == 6 &&
                        got.fingerprint.last == 7 && got.fingerprint.cleared == 8);
        } else if (got.type == CONTROL_IS_BAN) {
            assert_true(got.ban.until == USEC_FOREVER && got.ban.reason == CONTROL_FINGERPRINT &&
                        slice_is(got.ban.name, "helo:x") && got.ban.lifted == 4 &&
                        got.ban.findtime == 9);
        }
    }
    free(p);
}

static void test_not_sent(void **state)
{
    static char longest[CONTROL_NAME_MAX + 1];
    const struct control rows[] = {
        {.type = 0},
        {.type = CONTROL_TYPE_MAX},
        {.type = CONTROL_LIST, .query.jail = TEXT("two words")},
        {.type = CONTROL_LIST, .query.jail = TEXT("new\nline")},
        {.type = CONTROL_LIST, .query.jail = TEXT("nul\0")},
        {.type = CONTROL_LIST, .query.jail = {longest, sizeof(longest)}},
        {.type = CONTROL_WHY, .query.net = {.len = 129}},
        {.type = CONTROL_WHY, .query.net = {.b = {[15] = 1}, .len = 64}},
        {.type = CONTROL_IS_EVENT, .event.kind = CONTROL_EVENT_MAX},
        {.type = CONTROL_IS_BAN, .ban.reason = CONTROL_REASON_MAX},
        {.type = CONTROL_IS_INQUIRY, .inquiry.state = CONTROL_INQUIRY_STATE_MAX},
        {.type = CONTROL_IS_INQUIRY, .inquiry.names = CONTROL_NAMES_MAX},
        {.type = CONTROL_MARK, .query.mark = CONTROL_MARK_MAX},
        {.type = CONTROL_IS_FINGERPRINT, .fingerprint.state = CONTROL_NAME_STATE_MAX},
    };
    struct control_packet *p = malloc(sizeof(*p));

    (void)state;
    memset(longest, 'a', sizeof(longest));
    control_start(p);
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        assert_int_equal(control_put(p, &rows[i]), -EINVAL);
    assert_true(control_is_empty(p));
    free(p);
}

static void test_texts_are_cut(void **state)
{
    static char text[CONTROL_PACKET_MAX];
    const struct control record = {
        .type = CONTROL_IS_SOURCE,
        .source = {.path = {text, sizeof(text)}, .text = {text, sizeof(text)}}};
    struct control_packet *p = malloc(sizeof(*p));
    struct control got;

    (void)state;
    memset(text, 'x', sizeof(text));
    control_start(p);
    assert_int_equal(control_put(p, &record), 0);
    struct slice rest = packet_of(p);
    assert_int_equal(control_open(&rest), 0);
    assert_int_equal(control_get(&rest, &got), CONTROL_E_RECORD);
    assert_int_equal(got.source.path.n, CONTROL_PATH_MAX);
    assert_int_equal(got.source.text.n, CONTROL_TEXT_MAX);
    free(p);
}

// A packet is filled to its limit and not beyond; what was put before is whole.
static void test_full(void **state)
{
    struct control_packet *p = malloc(sizeof(*p));
    struct control got;
    size_t put = 0, got_n = 0, full_at;
    int r;

    (void)state;
    control_start(p);
    while ((r = control_put(p, &samples[put % LENGTH_OF(samples)])) == 0)
        assert_true(++put < 10000);
    assert_int_equal(r, CONTROL_E_FULL);
    full_at = p->n;
    assert_true(full_at <= CONTROL_PACKET_MAX && full_at > CONTROL_PACKET_MAX - 4000);
    struct slice rest = packet_of(p);
    assert_int_equal(control_open(&rest), 0);
    while ((r = control_get(&rest, &got)) == CONTROL_E_RECORD)
        got_n++;
    assert_int_equal(r, 0);
    assert_int_equal(got_n, put);
    free(p);
}

// Bytes of a packet behind its version, and what reading them gives.
static void test_malformed(void **state)
{
    static const struct {
        const char *what;
        struct slice bytes;
    } rows[] = {
        {"no length", TEXT("\x02\x00")},
        {"type zero", TEXT("\0\0\0\0")},
        {"unknown type", TEXT("\x12\0\0\0")},
        {"longer than the packet", TEXT("\x06\0\x01\0")},
        {"left over in the record", TEXT("\x06\0\x01\0x")},
        {"name longer than the record", TEXT("\x02\0\x03\0\x02\0x")},
        {"name with a newline", TEXT("\x02\0\x03\0\x01\0\n")},
        {"net cut short", TEXT("\x03\0\x10\0"
                               "0123456789abcdef")},
        {"prefix of 129", TEXT("\x03\0\x11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x81")},
        {"bits beyond the prefix", TEXT("\x03\0\x11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x7f")},
        {"a flag of two", TEXT("\x05\0\x14\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80\0\0")},
    };
    static const struct control untouched = {.type = CONTROL_WATCH};

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct slice rest = rows[i].bytes;
        struct control got = untouched;
        if (control_get(&rest, &got) != -EPROTO)
            fail_msg("%s was taken", rows[i].what);
        assert_memory_equal(&got, &untouched, sizeof(got));
    }
}

static void test_version(void **state)
{
    static const struct {
        struct slice bytes;
        int r;
        uint32_t version;
    } rows[] = {
        {TEXT("\2\0\0\0"), 0, 2},
        {TEXT("\1\0\0\0"), -EPROTONOSUPPORT, 1},
        {TEXT("\2\0\1\0"), -EPROTONOSUPPORT, 0x10002},
        {TEXT("\2\0\0"), -EPROTO, 0},
        {TEXT(""), -EPROTO, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct slice rest = rows[i].bytes;
        assert_int_equal(control_open(&rest), rows[i].r);
        assert_int_equal(control_version(rows[i].bytes), rows[i].version);
    }
}

// Whatever comes in, what is taken can be sent again as it is.
static void test_mutations(void **state)
{
    struct control_packet *p = malloc(sizeof(*p));
    uint64_t seed = 1;
    struct control got;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        control_start(p);
        assert_int_equal(control_put(p, &samples[round % LENGTH_OF(samples)]), 0);
        for (unsigned i = random_below(&seed, 4); i < 4; i++)
            p->bytes[4 + random_below(&seed, (uint32_t)p->n - 4)] =
                (uint8_t)random_below(&seed, 256);
        // The copy's end is the packet's, so that a sanitizer sees the first byte beyond it.
        char *copy = malloc(p->n);
        memcpy(copy, p->bytes, p->n);
        struct slice rest = {copy, p->n};
        assert_int_equal(control_open(&rest), 0);
        if (control_get(&rest, &got) == CONTROL_E_RECORD)
            assert_same(&got, &got);
        free(copy);
    }
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_members),
        cmocka_unit_test(test_not_sent),   cmocka_unit_test(test_texts_are_cut),
        cmocka_unit_test(test_full),       cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_version),    cmocka_unit_test(test_mutations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
