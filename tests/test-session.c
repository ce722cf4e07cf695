// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/session.h"

#include "engine/repeats.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define A        "192.0.2.1"
#define B        "192.0.2.2"
#define START    (1000000 * USEC_PER_SEC)

enum { STEPS_MAX = 8, CAPACITY = 4, LOG_MAX = 512 };

// What a line says, and what is made of it. NULL: nothing; count 0 is 1.
struct step {
    unsigned at; // seconds
    const char *id, *host, *user;
    enum { NOFAIL = 1, FORGET = 2, GAINED = 4, TOTAL = 8 } flags;
    uint32_t count, total, ok;
    uint32_t failures;
    const char *whose, *by; // host and user then known
};

static const struct sequence {
    const char *name;
    struct step step[STEPS_MAX];
} sequences[] = {
    {"without a session, a line stands alone",
     {{.host = A, .user = "u", .failures = 1, .whose = A, .by = "u"},
      {.host = A, .count = 3, .failures = 3, .whose = A},
      {.host = A, .flags = NOFAIL},
      {.host = A, .flags = GAINED},
      {.failures = 1},
      {.host = A, .flags = TOTAL, .total = 3, .ok = 1, .failures = 2, .whose = A},
      {.host = A, .flags = TOTAL, .total = 1, .ok = 3}}},
    {"each failure with an address counts",
     {{.id = "1", .host = A, .failures = 1, .whose = A},
      {.id = "1", .host = A, .failures = 1, .whose = A},
      {.id = "2", .host = B, .count = 2, .failures = 2, .whose = B}}},
    {"a line that informs lends its address and user",
     {{.id = "1", .host = A, .user = "u", .flags = NOFAIL},
      {.id = "1", .failures = 1, .whose = A, .by = "u"},
      {.id = "1", .failures = 1, .whose = A, .by = "u"},
      {.id = "2"}}},
    {"failures that wait for an address count as one",
     {{.id = "1"},
      {.id = "1"},
      {.id = "1", .host = A, .flags = NOFAIL, .failures = 1, .whose = A},
      {.id = "1", .host = A, .flags = NOFAIL}}},
    {"... and together with the failure that brings it",
     {{.id = "1"}, {.id = "1", .host = A, .failures = 1, .whose = A}}},
    {"... but for the number that a line gives",
     {{.id = "1", .count = 3},
      {.id = "1", .count = 2},
      {.id = "1", .host = A, .flags = NOFAIL, .failures = 3, .whose = A}}},
    {"a success forgives what is pending",
     {{.id = "1"},
      {.id = "1", .host = A, .flags = GAINED},
      {.id = "1", .host = A, .flags = NOFAIL}}},
    {"... but not where several users were tried",
     {{.id = "1", .host = A, .user = "u", .flags = NOFAIL},
      {.id = "1", .host = A, .user = "v", .flags = GAINED, .failures = 1, .whose = A, .by = "v"},
      {.id = "1", .host = A, .flags = NOFAIL, .failures = 1, .whose = A, .by = "v"}}},
    {"the same user again is not another one",
     {{.id = "1", .host = A, .user = "u", .flags = NOFAIL},
      {.id = "1", .host = A, .flags = NOFAIL},
      {.id = "1", .host = A, .user = "u", .flags = GAINED}}},
    {"a session ends with the line that says so",
     {{.id = "1", .host = A, .user = "u", .failures = 1, .whose = A, .by = "u"},
      {.id = "1", .flags = FORGET, .failures = 1, .whose = A, .by = "u"},
      {.id = "1"},
      {.id = "2", .host = B, .flags = FORGET, .failures = 1, .whose = B},
      {.id = "2"}}},
    {"a session is over when its age has passed",
     {{.id = "1", .host = A, .flags = NOFAIL},
      {.at = 600, .id = "1", .failures = 1, .whose = A},
      {.at = 1200, .id = "1", .failures = 1, .whose = A},
      {.at = 1801, .id = "1"},
      {.at = 1801, .id = "1", .host = B, .flags = NOFAIL, .failures = 1, .whose = B},
      {.at = 1300, .id = "1", .failures = 1, .whose = B},
      {.at = 1200, .id = "1"}}},
    {"a total counts what had no line of its own",
     {{.id = "1", .host = A, .user = "u", .failures = 1, .whose = A, .by = "u"},
      {.id = "1",
       .host = A,
       .flags = TOTAL | FORGET,
       .total = 3,
       .failures = 2,
       .whose = A,
       .by = "u"},
      {.id = "1", .host = A, .flags = TOTAL | FORGET, .total = 3, .failures = 3, .whose = A},
      {.id = "2", .host = A, .count = 4, .failures = 4, .whose = A},
      {.id = "2", .host = A, .flags = TOTAL, .total = 4, .ok = 1},
      {.id = "2", .host = A, .flags = TOTAL, .total = 6, .ok = 1, .failures = 1, .whose = A},
      {.id = "2", .host = A, .flags = TOTAL, .total = 6, .ok = 1}}},
    {"a total may wait for an address as well",
     {{.id = "1", .flags = TOTAL, .total = 3, .ok = 1},
      {.id = "1", .host = A, .flags = NOFAIL, .failures = 2, .whose = A},
      {.id = "1", .flags = TOTAL, .total = 4, .ok = 1, .failures = 1, .whose = A}}},
    {"numbers do not run over",
     {{.id = "1", .host = A, .count = UINT32_MAX, .failures = UINT32_MAX, .whose = A},
      {.id = "1", .host = A, .count = 2, .failures = 2, .whose = A},
      {.id = "1", .host = A, .flags = TOTAL, .total = UINT32_MAX, .ok = UINT32_MAX}}},
    {"another address under the same id is another client",
     {{.id = "1", .host = A, .user = "u", .count = 2, .failures = 2, .whose = A, .by = "u"},
      {.id = "1", .host = B, .user = "v", .flags = NOFAIL},
      {.id = "1", .flags = TOTAL, .total = 2, .failures = 2, .whose = B, .by = "v"}}},
    {"the one untouched longest makes room",
     {{.id = "1", .host = A, .flags = NOFAIL},
      {.id = "2", .host = A, .flags = NOFAIL},
      {.id = "3", .host = A, .flags = NOFAIL},
      {.id = "1", .host = A, .flags = NOFAIL},
      {.id = "4", .host = A, .flags = NOFAIL},
      {.id = "5", .host = A, .flags = NOFAIL},
      {.id = "1", .failures = 1, .whose = A},
      {.id = "2"}}},
};

static struct match match_of(const struct step *s)
{
    struct match m = {
        .mlfid = slice_of(s->id ? s->id : ""),
        .user = slice_of(s->user ? s->user : ""),
        .nofail = s->flags & NOFAIL,
        .forget = s->flags & FORGET,
        .gained = s->flags & GAINED,
        .has_total = s->flags & TOTAL,
        .count = s->count ? s->count : 1,
        .lines = 1,
        .total = s->total,
        .ok = s->ok,
    };

    m.has_host = s->host && addr_parse(slice_of(s->host), &m.host) == 0;
    return m;
}

static int64_t feed(struct sessions *s, const struct step *step, struct match *ret)
{
    *ret = match_of(step);
    return sessions_merge(s, ret, START + step->at * USEC_PER_SEC);
}

static struct sessions *make(void)
{
    struct sessions *s = sessions_new(CAPACITY, SESSION_AGE_S * USEC_PER_SEC, 7);

    assert_non_null(s);
    return s;
}

static void check(const struct sequence *q, size_t i, const struct match *m, int64_t failures)
{
    const struct step *step = &q->step[i];
    char host[ADDR_TEXT_MAX] = "";

    if (failures != step->failures || m->count != failures)
        fail_msg("%s, %zu: %lld", q->name, i, (long long)failures);
    if (m->has_host)
        addr_format(&m->host, host);
    if (step->whose && strcmp(host, step->whose) != 0)
        fail_msg("%s, %zu: %s", q->name, i, host);
    if (step->whose && !slice_is(m->user, step->by ? step->by : ""))
        fail_msg("%s, %zu: by %.*s", q->name, i, (int)m->user.n, m->user.p);
}

static bool is_step(const struct step *s)
{
    return s->id || s->host || s->flags || s->failures;
}

static void merges_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sequences); i++) {
        struct sessions *s = make();
        for (size_t k = 0; k < STEPS_MAX && is_step(&sequences[i].step[k]); k++) {
            struct match m;
            int64_t failures = feed(s, &sequences[i].step[k], &m);
            check(&sequences[i], k, &m, failures);
        }
        sessions_free(s);
    }
}

// What a session tells beside its failures: its users, and how many lines each failure is made of.
static const struct {
    struct step step;
    const char *users; // a "," behind each
    uint32_t lines;
} told[] = {
    {{.id = "1", .host = A, .user = "root", .flags = NOFAIL}, "root,", 0},
    {{.id = "1", .host = A, .user = "root", .flags = NOFAIL}, "root,", 0},
    {{.id = "1", .host = A, .user = "admin", .flags = NOFAIL}, "root,admin,", 3},
    {{.id = "1", .host = A, .user = "root"}, "root,admin,", 1},
    {{.id = "1", .host = A}, "root,admin,", 1},
    {{.id = "2"}, "", 1},
    {{.id = "2"}, "", 2},
    {{.id = "2", .host = B, .user = "x", .flags = NOFAIL}, "x,", 3},
    {{.id = "2", .host = B, .flags = NOFAIL}, "x,", 0},
    {{.id = "2", .host = B, .flags = NOFAIL | FORGET}, "x,", 0},
    {{.id = "3", .host = A, .user = "u"}, "u,", 1},
    {{.id = "3", .host = A, .user = "u", .flags = GAINED}, "u,", 0},
    {{.id = "3", .host = A}, "u,", 2},
    {{.id = "4", .host = B, .user = "u", .flags = NOFAIL | FORGET}, "u,", 0},
    {{.host = B, .user = "u"}, "", 1},
};

static void tells_users_and_lines(void **state)
{
    struct sessions *s = make();
    char users[SESSION_USERS_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT(told); i++) {
        struct match m;
        feed(s, &told[i].step, &m);
        for (size_t k = 0; k < m.users.n; k++)
            users[k] = m.users.p[k] ? m.users.p[k] : ',';
        if (!slice_is((struct slice){users, m.users.n}, told[i].users) || m.lines != told[i].lines)
            fail_msg("%zu: %.*s %u lines", i, (int)m.users.n, users, m.lines);
    }
    sessions_free(s);
}

static void tells_as_many_users_as_fit(void **state)
{
    struct sessions *s = make();
    char name[64];

    (void)state;
    memset(name, 'a', sizeof(name));
    for (size_t i = 0; i < 8; i++) {
        struct match m = {.mlfid = slice_of("1"), .count = 1};
        name[0] = (char)('a' + i);
        m.user = (struct slice){name, i == 0 || i == 2 ? sizeof(name) : 4};
        assert_true(sessions_merge(s, &m, START) >= 0);
        assert_int_equal(m.users.n, i < 2 ? 64 + 5 * i : 64 + 5 * (i - 1));
    }
    sessions_free(s);
}

// Long ids differ by their digest, long users by what fits.
static void takes_any_id_and_user(void **state)
{
    struct sessions *s = make();
    char id[400], user[200];
    struct match m;

    (void)state;
    memset(id, 'i', sizeof(id));
    memset(user, 'u', sizeof(user));
    for (size_t i = 0; i < 2; i++) {
        id[sizeof(id) - 1] = (char)('0' + i);
        m = match_of(&(struct step){.host = i ? B : A, .flags = NOFAIL});
        m.mlfid = (struct slice){id, sizeof(id)};
        m.user = (struct slice){user, sizeof(user)};
        assert_int_equal(sessions_merge(s, &m, START), 0);
    }
    id[sizeof(id) - 1] = '0';
    m = match_of(&(struct step){0});
    m.mlfid = (struct slice){id, sizeof(id)};
    assert_int_equal(sessions_merge(s, &m, START), 1);
    assert_int_equal(m.host.b[15], 1);
    assert_int_equal(m.user.n, sizeof(((struct session *)0)->user) - 1);
    m = match_of(&(struct step){.host = A});
    m.mlfid = (struct slice){"a\0b", 3};
    assert_int_equal(sessions_merge(s, &m, START), 1);
    m = match_of(&(struct step){0});
    m.mlfid = (struct slice){"a\0c", 3};
    assert_int_equal(sessions_merge(s, &m, START), 0);
    m = match_of(&(struct step){0});
    m.mlfid = (struct slice){"a", 1};
    assert_int_equal(sessions_merge(s, &m, START), 0);
    sessions_free(s);
}

// A session begins, or ends; whether then the lines may be of one that is known. The last line is
// one whose text is not at hand.
static const struct {
    const char *id; // behind the tag
    bool ends;
    const char *may; // by line: 'y', 'n'
} known[] = {
    {"x smtpd[1]: ", true, "nnnnn"},   {"x smtpd[1]: ", false, "ynnny"},
    {"x smtpd[12]: ", false, "yynny"}, {"x smtpd[1]: ", true, "nynny"},
    {"x smtpd[12]", false, "nynny"},   {"x smtpd[12]: ", true, "nynny"},
    {"x smtpd[12]", true, "nnnnn"},    {"x y: z", false, "yyyyy"},
    {"x smtpd[1]: ", false, "yyyyy"},  {"x y: z", true, "ynnny"},
};

static void knows_whose_a_line_may_be(void **state)
{
    static const char *const lines[] = {"x smtpd[1]: bye", "x smtpd[12]: bye", "x smtpd[3]: [1]",
                                        "x y: z bye", NULL};

    (void)state;
    for (size_t tag = 0; tag <= 8; tag += 8) {
        struct sessions *s = sessions_new(16, SESSION_AGE_S * USEC_PER_SEC, 1);
        sessions_tag(s, tag);
        for (size_t i = 0; i < COUNT(known); i++) {
            struct match m = match_of(&(struct step){.host = A, .flags = NOFAIL});
            char id[64] = "]tagged]";
            strcpy(id + tag, known[i].id);
            m.mlfid = slice_of(id);
            m.forget = known[i].ends;
            assert_int_equal(sessions_merge(s, &m, START), 0);
            for (size_t k = 0; k < COUNT(lines); k++) {
                struct slice line = lines[k] ? slice_of(lines[k]) : (struct slice){0};
                if (sessions_may_have(s, (struct slice){id, tag}, line) != (known[i].may[k] == 'y'))
                    fail_msg("tag %zu, row %zu: %s", tag, i, lines[k] ? lines[k] : "none");
            }
            if (tag > 0 && i < 3)
                assert_false(
                    sessions_may_have(s, (struct slice){"another]", tag}, slice_of(lines[0])));
        }
        sessions_free(s);
    }
}

// Who is pushed out by others, or kept over a restart.
static void knows_them_by_their_number(void **state)
{
    static const struct slice line = {"x smtpd[7]: bye", 15};
    struct sessions *s = sessions_new(SESSIONS_LEAST, SESSION_AGE_S * USEC_PER_SEC, 1);
    const struct session kept = {.last = START};
    char id[32];

    (void)state;
    assert_int_equal(sessions_restore(s, slice_of("x smtpd[7]: "), &kept), 0);
    for (unsigned i = 100; i < 100 + SESSIONS_LEAST; i++) {
        struct match m = match_of(&(struct step){.host = A, .flags = NOFAIL});
        snprintf(id, sizeof(id), "x smtpd[%u]: ", i);
        m.mlfid = slice_of(id);
        assert_true(sessions_may_have(s, (struct slice){0}, line));
        assert_int_equal(sessions_merge(s, &m, START), 0);
    }
    assert_false(sessions_may_have(s, (struct slice){0}, line));
    sessions_free(s);
}

// What is kept of a user is a text, however the line goes on.
static void keeps_users_as_text(void **state)
{
    static const struct {
        struct slice user, kept;
    } rows[] = {{{"u\0v", 3}, {"u", 1}}, {{"u\0w", 3}, {"u", 1}}, {{"u", 1}, {"u", 1}}};
    struct sessions *s = make();
    struct match m;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        m = match_of(&(struct step){.id = "1", .host = A, .flags = NOFAIL});
        m.user = rows[i].user;
        // The same user each time: no line but one of a second user would count.
        assert_int_equal(sessions_merge(s, &m, START), 0);
        m = match_of(&(struct step){.id = "1", .flags = NOFAIL});
        assert_int_equal(sessions_merge(s, &m, START), 0);
        assert_true(slice_equal(m.user, rows[i].kept));
    }
    sessions_free(s);
}

// Of user u's password pw, told in each way, the same mark is left; 0: there is none.
enum { NONE, SAME, OTHER };

static const struct {
    const char *name;
    struct {
        const char *id, *user, *mechanism, *answer, *login, *password, *tried;
        int mark;
    } line[4];
} tries[] = {
    {"in the line itself", {{.id = "1", .user = "u", .tried = "pw", .mark = SAME}}},
    {"... without a session", {{.user = "u", .tried = "pw", .mark = SAME}}},
    {"... once", {{.id = "1", .user = "u", .tried = "pw", .mark = SAME}, {.id = "1"}}},
    {"another password", {{.id = "1", .user = "u", .tried = "qw", .mark = OTHER}}},
    {"another user", {{.id = "1", .user = "v", .tried = "pw", .mark = OTHER}}},
    {"no user", {{.id = "1", .tried = "pw"}}},
    {"LOGIN",
     {{.id = "1", .mechanism = "LOGIN", .answer = "dQ=="},
      {.id = "1", .answer = "cHc="},
      {.id = "1", .mark = SAME},
      {.id = "1"}}},
    {"PLAIN", {{.id = "1", .mechanism = "PLAIN", .answer = "AHUAcHc="}, {.id = "1", .mark = SAME}}},
    {"PLAIN, another password",
     {{.id = "1", .mechanism = "PLAIN", .answer = "AHUAcXc="}, {.id = "1", .mark = OTHER}}},
    {"PLAIN, for somebody else",
     {{.id = "1", .mechanism = "PLAIN", .answer = "dgB1AHB3"}, {.id = "1", .mark = SAME}}},
    {"another mechanism", {{.id = "1", .mechanism = "X", .answer = "dSBwdw=="}, {.id = "1"}}},
    {"plain text",
     {{.id = "1", .login = "u"}, {.id = "1", .password = "pw"}, {.id = "1", .mark = SAME}}},
    {"plain text in a line",
     {{.id = "1", .login = "u", .password = "pw"}, {.id = "1", .mark = SAME}}},
    {"the name after the password",
     {{.id = "1", .login = "v"},
      {.id = "1", .password = "pw"},
      {.id = "1", .login = "u"},
      {.id = "1"}}},
    {"in another session", {{.id = "1", .login = "u", .password = "pw"}, {.id = "2"}}},
    {"before the reply, something else",
     {{.id = "1", .login = "u", .password = "qw"},
      {.id = "1", .login = "u", .password = "pw"},
      {.id = "1"}}},
};

static struct slice text(const char *s)
{
    return s ? slice_of(s) : (struct slice){0};
}

static uint32_t mark_of_try(struct sessions *s, size_t i, size_t k)
{
    struct match m = {.mlfid = text(tries[i].line[k].id),
                      .has_host = true,
                      .host = {.b = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}, .len = 128},
                      .user = text(tries[i].line[k].user),
                      .mechanism = text(tries[i].line[k].mechanism),
                      .answer = text(tries[i].line[k].answer),
                      .login = text(tries[i].line[k].login),
                      .password = text(tries[i].line[k].password),
                      .tried = text(tries[i].line[k].tried),
                      .count = 1};

    assert_true(sessions_merge(s, &m, START) >= 0);
    return m.mark;
}

static void marks_what_is_tried(void **state)
{
    const struct siphash_key key = {{1, 2}};
    const struct addr host = {.b = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}, .len = 128};
    uint32_t same = repeats_mark(&key, &host, slice_of("u"), slice_of("pw"));

    (void)state;
    for (size_t i = 0; i < COUNT(tries); i++) {
        struct sessions *s = make();
        sessions_recognize(s, &key);
        for (size_t k = 0; k < COUNT(tries[i].line); k++) {
            uint32_t mark = mark_of_try(s, i, k);
            if ((mark == 0 ? NONE : mark == same ? SAME : OTHER) != tries[i].line[k].mark)
                fail_msg("%s, %zu: %x", tries[i].name, k, mark);
        }
        sessions_free(s);
    }
}

static void without_a_key_it_marks_nothing(void **state)
{
    struct sessions *s = make();

    (void)state;
    assert_int_equal(mark_of_try(s, 0, 0), 0);
    sessions_free(s);
}

// The walk as text: "-id" for one that is gone, "id:counted" for one that changed.
static int note(void *user, struct slice key, const struct session *s, bool forgotten)
{
    char *log = user;
    size_t n = strlen(log);

    if (forgotten)
        snprintf(log + n, LOG_MAX - n, "-%.*s ", (int)key.n, key.p);
    else
        snprintf(log + n, LOG_MAX - n, "%.*s:%u ", (int)key.n, key.p, s->counted);
    return 0;
}

static int refuse(void *user, struct slice key, const struct session *s, bool forgotten)
{
    note(user, key, s, forgotten);
    return -EIO;
}

static void assert_walk(struct sessions *s, const char *want)
{
    char log[LOG_MAX] = "";

    assert_int_equal(sessions_changed(s, note, log), 0);
    assert_string_equal(log, want);
}

static void tells_what_changed(void **state)
{
    static const struct {
        struct step step;
        const char *walk; // after it; NULL: none
    } story[] = {
        {{.id = "1", .host = A, .failures = 1}, "1:1 "},
        {{0}, ""},
        {{.id = "1", .host = A, .failures = 1}, NULL},
        {{.id = "2", .host = A, .failures = 1}, "1:2 2:1 "},
        {{.id = "1", .host = A, .flags = FORGET, .failures = 1}, "-1 "},
        {{.id = "3", .host = A, .failures = 1}, NULL},
        {{.id = "3", .host = A, .flags = FORGET, .failures = 1}, ""},
        {{.id = "2", .host = A, .flags = FORGET, .failures = 1}, NULL},
        {{.id = "2", .host = A, .failures = 1}, "-2 2:1 "},
        {{.id = "3", .host = A, .failures = 1}, NULL},
        {{.id = "4", .host = A, .failures = 1}, NULL},
        {{.id = "5", .host = A, .failures = 1}, "3:1 4:1 5:1 "},
        {{.id = "6", .host = A, .failures = 1}, "-2 6:1 "},
        {{.at = 601, .id = "7", .host = A, .failures = 1}, "-3 -4 7:1 "},
        {{.at = 601, .id = "7", .host = A, .failures = 1}, "-5 -6 7:2 "},
    };
    struct sessions *s = make();

    (void)state;
    for (size_t i = 0; i < COUNT(story); i++) {
        struct match m;
        if (is_step(&story[i].step))
            assert_int_equal(feed(s, &story[i].step, &m), story[i].step.failures);
        if (story[i].walk)
            assert_walk(s, story[i].walk);
    }
    sessions_free(s);
}

static void tells_again_after_a_failure(void **state)
{
    struct sessions *s = make();
    char log[LOG_MAX] = "";
    struct match m;

    (void)state;
    feed(s, &(struct step){.id = "1", .host = A}, &m);
    assert_walk(s, "1:1 ");
    feed(s, &(struct step){.id = "1", .host = A, .flags = FORGET}, &m);
    feed(s, &(struct step){.id = "2", .host = A}, &m);
    assert_int_equal(sessions_changed(s, refuse, log), -EIO);
    assert_string_equal(log, "-1 ");
    assert_walk(s, "-1 2:1 ");
    assert_walk(s, "");
    sessions_free(s);
}

// A session that is kept and taken back goes on as if nothing had happened.
static int carry(void *user, struct slice key, const struct session *s, bool forgotten)
{
    assert_false(forgotten);
    return sessions_restore(user, key, s);
}

static void goes_on_after_a_restart(void **state)
{
    struct sessions *before = make(), *after = make();
    char id[SESSION_KEY_MAX * 2];
    struct match m;

    (void)state;
    memset(id, 'i', sizeof(id));
    m = match_of(&(struct step){.host = A, .user = "u", .count = 2});
    m.mlfid = (struct slice){id, sizeof(id)};
    assert_int_equal(sessions_merge(before, &m, START), 2);
    feed(before, &(struct step){.id = "1"}, &m);
    assert_int_equal(sessions_changed(before, carry, after), 0);
    assert_walk(after, "");
    m = match_of(&(struct step){.flags = TOTAL, .total = 5});
    m.mlfid = (struct slice){id, sizeof(id)};
    assert_int_equal(sessions_merge(after, &m, START), 3);
    assert_true(slice_is(m.user, "u"));
    assert_int_equal(
        feed(after, &(struct step){.id = "1", .host = B, .flags = NOFAIL | FORGET}, &m), 1);
    m = match_of(&(struct step){.flags = FORGET});
    m.mlfid = (struct slice){id, sizeof(id)};
    assert_int_equal(sessions_merge(after, &m, START), 1);
    assert_int_equal(sessions_restore(after, (struct slice){id, sizeof(id)}, &(struct session){0}),
                     -EINVAL);
    sessions_free(before);
    sessions_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_lines),
        cmocka_unit_test(tells_users_and_lines),
        cmocka_unit_test(tells_as_many_users_as_fit),
        cmocka_unit_test(takes_any_id_and_user),
        cmocka_unit_test(knows_whose_a_line_may_be),
        cmocka_unit_test(knows_them_by_their_number),
        cmocka_unit_test(keeps_users_as_text),
        cmocka_unit_test(marks_what_is_tried),
        cmocka_unit_test(without_a_key_it_marks_nothing),
        cmocka_unit_test(tells_what_changed),
        cmocka_unit_test(tells_again_after_a_failure),
        cmocka_unit_test(goes_on_after_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
