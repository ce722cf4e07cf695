// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/veil.h"

#include "engine/leaks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum { SHOWN_MAX = VEIL_SHOWN_MAX + 1 };

static const char *show(const char *line, char ret[static SHOWN_MAX])
{
    struct veil v;

    veil_find(&v, slice_of(line), (struct slice){0});
    ret[veil_copy(&v, v.line, ret, SHOWN_MAX - 1)] = '\0';
    return ret;
}

struct row {
    const char *line, *shown; // NULL: all of it is
};

// What is shown is shown again as it stands: evidence passes more than one door.
static void assert_shown(const struct row *row, size_t n)
{
    char shown[SHOWN_MAX], again[SHOWN_MAX];

    for (; n > 0; row++, n--) {
        assert_string_equal(show(row->line, shown), row->shown ? row->shown : row->line);
        assert_string_equal(show(shown, again), shown);
    }
}

static void test_dovecot(void **state)
{
    static const struct row rows[] = {
        {"mail dovecot: auth: passwd-file(anna,203.0.113.7,<x>): Password mismatch (given "
         "password: "
         "Hunter2)",
         "mail dovecot: auth: passwd-file(anna,203.0.113.7,<x>): Password mismatch (given "
         "password: "
         "***)"},
        {"auth: sql(anna,203.0.113.7): unknown user (given password: a) b) - trying the next "
         "passdb",
         "auth: sql(anna,203.0.113.7): unknown user (given password: ***) - trying the next "
         "passdb"},
        {"auth: ldap(anna,203.0.113.7): unknown user (SHA1 of given password: 011c94)",
         "auth: ldap(anna,203.0.113.7): unknown user (SHA1 of given password: ***)"},
        // Cut off.
        {"auth: ldap(anna,203.0.113.7): unknown user (given password: Hunter",
         "auth: ldap(anna,203.0.113.7): unknown user (given password: ***"},
        {"auth: Debug: client in: AUTH#0111#011PLAIN#011service=imap#011resp=AGFubmEASHVudGVyMg==",
         "auth: Debug: client in: ***"},
        {"auth: Debug: client in: CONT\t1\tSHVudGVyMg==", "auth: Debug: client in: ***"},
        {"auth: request#011resp=SHVudGVyMg==#011user=anna",
         "auth: request#011resp=***#011user=anna"},
        {"auth: Debug: client passdb out: OK\t1\tuser=anna\tpass=Hunter2\tproxy",
         "auth: Debug: client passdb out: OK\t1\tuser=anna\tpass=***\tproxy"},
        {"auth: Debug: passwd-file(anna,203.0.113.7): SHA512-CRYPT(a(b') != '$6$salt$hash'",
         "auth: Debug: passwd-file(anna,203.0.113.7): SHA512-CRYPT(***"},
        {"imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): "
         "user=<anna>, method=PLAIN, rip=203.0.113.7, lip=192.0.2.10, session=<x>",
         NULL},
        {"pop3-login: Disconnected: Disconnected: Too many bad commands (no auth attempts in 0 "
         "secs): user=<>, rip=203.0.113.7, lip=192.0.2.10",
         NULL},
    };

    (void)state;
    assert_shown(rows, COUNT(rows));
}

#define ICEWARP "203.0.113.7     [0968] 10:14:55 "

static void test_transcript(void **state)
{
    static const struct row rows[] = {
        {ICEWARP "<<< AUTH LOGIN", NULL},
        {ICEWARP "<<< AUTH LOGIN YW5uYQ==", ICEWARP "<<< AUTH LOGIN ***"},
        {ICEWARP "<<< auth plain AGFubmEASHVudGVyMg==", ICEWARP "<<< auth plain ***"},
        {ICEWARP "<<< SHVudGVyMg==", ICEWARP "<<< ***"},
        {ICEWARP "<<< a b c d e f g h i j k", ICEWARP "<<< ***"},
        {ICEWARP "<<< USER anna@example.com", NULL},
        {ICEWARP "<<< USER Hunter2!", ICEWARP "<<< USER ***"},
        {ICEWARP "<<< PASS Hunter 2 ", ICEWARP "<<< PASS *** "},
        {ICEWARP "<<< APOP anna c4c9334bac560ecc979e58001b3e22fb", ICEWARP "<<< APOP anna ***"},
        {ICEWARP "<<< a1 LOGIN anna Hunter2", ICEWARP "<<< a1 LOGIN anna ***"},
        {ICEWARP "<<< a1 login \"an\\\"na b\" \"Hunter2\"", ICEWARP "<<< a1 login \"***\" ***"},
        {ICEWARP "<<< a1 LOGIN \"anna b\" \"Hunter2\"", ICEWARP "<<< a1 LOGIN \"anna b\" ***"},
        {ICEWARP "<<< a1 LOGIN \"anna\\", ICEWARP "<<< a1 LOGIN \"anna\\"},
        {ICEWARP "<<< anna {7}", ICEWARP "<<< ***"},
        {ICEWARP "<<< a1 AUTHENTICATE PLAIN AGFubmEASHVudGVyMg==",
         ICEWARP "<<< a1 AUTHENTICATE PLAIN ***"},
        {ICEWARP "<<< a1 SELECT INBOX", NULL},
        {ICEWARP "<<< EHLO ylmf-pc", NULL},
        {ICEWARP "<<< MAIL FROM:<anna@example.com> SIZE=7", NULL},
        {ICEWARP "<<< GET / HTTP/1.1", NULL},
        {ICEWARP "<<< 250-mail.example.com Hello", NULL},
        {ICEWARP "<<< 535 5.7.8 of Hunter2", ICEWARP "<<< 535 5.7.8 of ***"},
        {ICEWARP ">>> 220 mail.example.com ESMTP; Sun, 22 Nov 2026 10:14:55 +0000", NULL},
        {ICEWARP ">>> 250-mail.example.com Hello ylmf-pc [203.0.113.7], pleased", NULL},
        {ICEWARP ">>> 334 VXNlcm5hbWU6", NULL},
        {ICEWARP ">>> 535 5.7.8 Authentication credentials invalid", NULL},
        {ICEWARP ">>> 500 5.5.1 Unknown command \"SHVudGVyMg==\"",
         ICEWARP ">>> 500 5.5.1 Unknown command \"***\""},
        {ICEWARP ">>> 502-5.5.2 Unknown command: Hunter2, try again",
         ICEWARP ">>> 502-5.5.2 Unknown command: *** try again"},
        {ICEWARP ">>> -ERR Unknown user or incorrect password", NULL},
        {ICEWARP ">>> -ERR [AUTH] Authentication failed.", NULL},
        {ICEWARP ">>> -ERR Unknown command \"PASS Hunter2\"",
         ICEWARP ">>> -ERR Unknown command \"PASS ***\""},
        {ICEWARP ">>> 500 5.5.1 Command unrecognized: \"GET / HTTP/1.1\"", NULL},
        {ICEWARP ">>> -ERR what is \"\"\" of Hunter2", ICEWARP ">>> -ERR *** is \"***\" of ***"},
        {ICEWARP ">>> -ERR \"anna", ICEWARP ">>> -ERR \"***"},
        {ICEWARP ">>> -ERR Password Hunter 2 wrong", ICEWARP ">>> -ERR Password *** wrong"},
        {ICEWARP ">>> a1 NO LOGIN failed", NULL},
        {ICEWARP ">>> a1 BAD Hunter2 is unknown", ICEWARP ">>> a1 BAD *** is unknown"},
        {ICEWARP ">>> a1 OK LOGIN completed", NULL},
        // Another server's log.
        {"\"POP3D\"\t7\t\"203.0.113.7\"\t\"RECEIVED: PASS Hunter2\"",
         "\"POP3D\"\t7\t\"203.0.113.7\"\t\"RECEIVED: PASS ***"},
        {"\"POP3D\"\t7\t\"203.0.113.7\"\t\"SENT: -ERR Hunter2 is wrong\"",
         "\"POP3D\"\t7\t\"203.0.113.7\"\t\"SENT: -ERR *** is wrong\""},
    };

    (void)state;
    assert_shown(rows, COUNT(rows));
}

static void test_postfix_and_exim(void **state)
{
    static const struct row rows[] = {
        {"postfix/smtpd[7]: improper command pipelining after AUTH from unknown[203.0.113.7]: "
         "YW5uYQ==\\r\\nSHVudGVyMg==\\r\\nQUIT\\r\\n",
         "postfix/smtpd[7]: improper command pipelining after AUTH from unknown[203.0.113.7]: "
         "***\\r\\n***\\r\\nQUIT\\r\\n"},
        {"postfix/smtpd[7]: improper command pipelining after CONNECT from unknown[203.0.113.7]: "
         "EHLO ylmf-pc\\r\\n",
         NULL},
        {"postfix/smtpd[7]: warning: non-SMTP command from unknown[203.0.113.7]: SHVudGVyMg==",
         "postfix/smtpd[7]: warning: non-SMTP command from unknown[203.0.113.7]: ***"},
        {"postfix/postscreen[7]: PREGREET 14 after 0 from [203.0.113.7]:56025: AUTH PLAIN "
         "AGE=\\r\\n",
         "postfix/postscreen[7]: PREGREET 14 after 0 from [203.0.113.7]:56025: AUTH PLAIN "
         "***\\r\\n"},
        {"postfix/postscreen[7]: COMMAND PIPELINING from [203.0.113.7]:48583 after EHLO: AUTH "
         "LOGIN "
         "YQ==\\r\\nSHVudGVyMg==",
         "postfix/postscreen[7]: COMMAND PIPELINING from [203.0.113.7]:48583 after EHLO: AUTH "
         "LOGIN "
         "***\\r\\n***"},
        {"postfix/smtpd[7]: < unknown[203.0.113.7]: SHVudGVyMg==",
         "postfix/smtpd[7]: < unknown[203.0.113.7]: ***"},
        {"postfix/smtpd[7]: > unknown[203.0.113.7]: 535 5.7.8 Error: authentication failed: "
         "Hunter2",
         "postfix/smtpd[7]: > unknown[203.0.113.7]: 535 5.7.8 Error: authentication failed: ***"},
        {"postfix/smtpd[7]: warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: "
         "UGFzc3dvcmQ6, sasl_username=anna@example.com",
         NULL},
        {"postfix/smtpd[7]: warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: "
         "(reason unavailable), sasl_username=Hunter2!",
         "postfix/smtpd[7]: warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: "
         "(reason unavailable), sasl_username=***"},
        {"postfix/smtpd[7]: warning: unknown[203.0.113.7]: SASL NTLM authentication failed: "
         "Invalid "
         "authentication mechanism, sasl_username=(unavailable)",
         NULL},
        {"postfix/smtpd[7]: lost connection after AUTH from unknown[203.0.113.7]", NULL},
        {"postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[203.0.113.7]: 554 5.7.1 "
         "<a@example.net>: Relay access denied; from=<b@example.org> to=<a@example.net> "
         "proto=ESMTP helo=<ylmf-pc>",
         NULL},
        {"postfix/postscreen[7]: PASS NEW [203.0.113.7]:56025", NULL},
        {"login authenticator failed for (x) [203.0.113.7]: 535 Incorrect authentication data "
         "(set_id=Hunter2?)",
         "login authenticator failed for (x) [203.0.113.7]: 535 Incorrect authentication data "
         "(set_id=***)"},
        {"login authenticator failed for (x) [203.0.113.7]: 535 Incorrect authentication data "
         "(set_id=anna)",
         NULL},
        {"SMTP syntax error in \"AUTH PLAIN AGE=\" H=(x) [203.0.113.7] unrecognized command",
         "SMTP syntax error in \"AUTH PLAIN ***\" H=(x) [203.0.113.7] unrecognized command"},
        {"SMTP call from [203.0.113.7] dropped: too many unrecognized commands (last was "
         "\"SHVudGVyMg==\")",
         "SMTP call from [203.0.113.7] dropped: too many unrecognized commands (last was \"***\")"},
    };

    (void)state;
    assert_shown(rows, COUNT(rows));
}

static void test_keys(void **state)
{
    static const struct row rows[] = {
        {"POST /login?user=anna&password=Hunter2&x=1 HTTP/1.1",
         "POST /login?user=anna&password=***&x=1 HTTP/1.1"},
        {"failed: userPassword=Hunter2 from 203.0.113.7",
         "failed: userPassword=*** from 203.0.113.7"},
        {"failed: PWD = 'Hunter 2' from 203.0.113.7", "failed: PWD = '***' from 203.0.113.7"},
        {"failed: passwd=\"Hunter", "failed: passwd=\"***"},
        {"{\"password\":\"Hun\\\"ter2\",\"ip\":\"203.0.113.7\"}",
         "{\"password\":\"***\",\"ip\":\"203.0.113.7\"}"},
        {"{\"password\":\"Hunter2\\\\\",\"ip\":\"203.0.113.7\"}",
         "{\"password\":\"***\",\"ip\":\"203.0.113.7\"}"},
        {"password='Hun\\'ter2\\' from 203.0.113.7", "password='***"},
        {"{\"user\":\"anna\",\"password\" : \"Hunter2\",\"ip\":\"203.0.113.7\"}",
         "{\"user\":\"anna\",\"password\" : \"***\",\"ip\":\"203.0.113.7\"}"},
        {"failed: pass=", NULL},
        {"spf=pass dkim=pass bypass=1 from 203.0.113.7", NULL},
        {"Failed password: 3 from 203.0.113.7", NULL},
        {"=", NULL},
        {"\":", NULL},
        {" :", NULL},
        {"", NULL},
    };

    (void)state;
    assert_shown(rows, COUNT(rows));
}

// Each of many that are alike.
static void test_alike(void **state)
{
    static const struct {
        const char *line, *shown;
        const char *each[15];
    } rows[] = {
        {"auth: %s(Hunter2!,203.0.113.7)",
         "auth: %s(***,203.0.113.7)",
         {"auth", "checkpassword", "dict", "ldap", "login", "lua", "oauth2", "pam", "passwd-file",
          "passwd", "plain", "shadow", "sql", "static"}},
        {"a %s=Hunter2 b",
         "a %s=*** b",
         {"password", "PASSWORD", "userPassword", "passwd", "PASSWD", "passwort", "PASSWORT",
          "passphrase", "PASSPHRASE", "pass", "PASS", "pwd", "PWD", "secret", "SECRET"}},
        {"a %s=Hunter2 b", "a %s=*** b", {"resp", "RESP", "'password'", "password\t"}},
        {"a {%s:\"Hunter2\"}", "a {%s:\"***\"}", {"\"password\"", "'pass' ", "\"pass\"\t"}},
        {"a %s\"Hunter2\" b",
         "a %s\"***\" b",
         {"error in ", "last was ", "command ", "Command ", "rejected ", "next input="}},
        {"a %s: Hunter2",
         "a %s: ***",
         {"\"RECEIVED", "(SHA1 of given password", "Debug: client in"}},
        {"a %s Hunter2", "a %s ***", {"<<<", "smtpd[7]: < b[203.0.113.7]:"}},
        {"a %s 500 Hunter2", "a %s 500 ***", {">>>", "\"SENT:", "smtpd[7]: > b[203.0.113.7]:"}},
    };
    char line[128], expected[128], shown[SHOWN_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t k = 0; k < COUNT(rows[i].each) && rows[i].each[k]; k++) {
            const char *in[] = {rows[i].line, rows[i].shown};
            char *out[] = {line, expected};
            for (size_t n = 0; n < 2; n++) {
                const char *at = strchr(in[n], '%');
                snprintf(out[n], sizeof(line), "%.*s%s%s", (int)(at - in[n]), in[n],
                         rows[i].each[k], at + 2);
            }
            assert_string_equal(show(line, shown), expected);
        }
    }
}

// What a filter says is secret, and where that lies close to what is hidden anyway.
static void test_secret(void **state)
{
    static const struct {
        const char *line;
        size_t at, n;
        const char *shown;
    } rows[] = {
        {"user anna gave Hunter2 here", 15, 7, "user anna gave *** here"},
        {"Hunter2", 0, 7, "***"},
        {"pass=Hunter2 of anna", 5, 3, "pass=*** of anna"},
        {"pass=Hunter2 of anna", 8, 7, "pass=*** anna"},
        {"Hunter2 pass=x", 0, 7, "*** pass=***"},
        {"anna", 1, 0, "anna"},
    };
    char shown[SHOWN_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct veil v;
        struct slice line = slice_of(rows[i].line);
        veil_find(&v, line, (struct slice){line.p + rows[i].at, rows[i].n});
        shown[veil_copy(&v, line, shown, sizeof(shown) - 1)] = '\0';
        assert_string_equal(shown, rows[i].shown);
    }
}

// Names and other parts of a line, which are told beside it.
static void test_parts(void **state)
{
    static const char line[] = "anna pass=Hunter2 helo=pc!";
    static const struct {
        size_t at, n;
        const char *shown, *said;
    } rows[] = {
        {0, 4, "anna", "anna"},  {10, 7, "***", ""},
        {12, 2, "***", ""},      {5, 8, "pass=***", ""},
        {14, 8, "*** helo", ""}, {23, 2, "pc", "pc"},
        {23, 3, "pc!", ""},      {5, 18, "pass=*** helo=", ""},
        {0, 0, "", ""},
    };
    struct veil v;
    char shown[SHOWN_MAX];

    (void)state;
    veil_find(&v, slice_of(line), (struct slice){0});
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slice part = {line + rows[i].at, rows[i].n};
        shown[veil_copy(&v, part, shown, sizeof(shown) - 1)] = '\0';
        assert_string_equal(shown, rows[i].shown);
        assert_true(slice_is(veil_user(&v, part), rows[i].said));
    }
    // Told by another line.
    assert_true(slice_is(veil_user(&v, slice_of("bob")), "bob"));
    assert_true(slice_is(veil_user(&v, slice_of("bob?")), ""));
    // Cut behind its masks.
    assert_int_equal(veil_copy(&v, slice_of(line), shown, 12), 12);
}

static void test_names(void **state)
{
    static const struct {
        const char *text;
        bool is_name;
    } rows[] = {
        {"anna", true},          {"anna.b+c@example.com", true},
        {"EXAMPLE\\anna", true}, {"Anna O'Hara", true},
        {"j\303\274rgen", true}, {"anna%example.com", true},
        {"Hunter2", true},       {"", true},
        {"Hunter2!", false},     {"correct$", false},
        {"a\tb", true},          {"{x}", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(veil_is_name(slice_of(rows[i].text)), rows[i].is_name);
}

enum { UNIT = 8 };

static const char *show_all(const struct veil *v, char ret[static SHOWN_MAX])
{
    ret[veil_copy(v, v->line, ret, SHOWN_MAX - 1)] = '\0';
    return ret;
}

// More than there is room for: from the last part on nothing is seen, wherever they come from.
static void test_room(void **state)
{
    char line[UNIT * (VEIL_PARTS_MAX + 2) + 1], shown[SHOWN_MAX];
    struct veil v = {.line = {line, sizeof(line) - 1}};

    (void)state;
    for (size_t i = 0; i < VEIL_PARTS_MAX + 2; i++)
        snprintf(line + UNIT * i, UNIT + 1, "%zuabcdefg", i % 10);
    for (size_t i = 0; i < VEIL_PARTS_MAX; i++)
        veil_hide(&v, (struct slice){line + UNIT * i, 1});
    assert_int_equal(v.n, VEIL_PARTS_MAX);
    assert_string_equal(strchr(show_all(&v, shown), '8'), "8abcdefg9abcdefg");
    veil_hide(&v, (struct slice){line + UNIT * VEIL_PARTS_MAX, 1});
    assert_int_equal(v.n, VEIL_PARTS_MAX);
    assert_string_equal(strrchr(show_all(&v, shown), 'g'), "g***");
    // One between the others.
    v.part[VEIL_PARTS_MAX - 1].n = 1;
    veil_hide(&v, (struct slice){line + UNIT + 4, 1});
    assert_int_equal(v.n, 3);
    assert_string_equal(show_all(&v, shown), "***abcdefg***abc***");
}

static void fill(char *to, const char *piece, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = piece[i % strlen(piece)];
    to[n] = '\0';
}

static void test_limits(void **state)
{
    char line[2 * VEIL_LINE_MAX], shown[SHOWN_MAX];

    (void)state;
    fill(line, "word ", VEIL_LINE_MAX + 100);
    assert_int_equal(strlen(show(line, shown)), VEIL_LINE_MAX + strlen(VEIL_MASK));
    assert_memory_equal(shown + VEIL_LINE_MAX, VEIL_MASK, strlen(VEIL_MASK));
    // Names are shown until there are too many of them.
    fill(line, "user=<anna>, ", 13 * LEAKS_MAX);
    assert_string_equal(show(line, shown), line);
    fill(line, "user=<anna>, ", 13 * (LEAKS_MAX + 2));
    show(line, shown);
    assert_int_equal(strlen(shown), 13 * LEAKS_MAX + strlen("user=***"));
    // Words of a refusal likewise.
    fill(line,
         ICEWARP ">>> -ERR no no no no no no no no no no no no no no no no no no no no no no no "
                 "no no no no no no no no no no no no",
         142);
    assert_non_null(strstr(show(line, shown), "no no ***"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dovecot),
        cmocka_unit_test(test_transcript),
        cmocka_unit_test(test_postfix_and_exim),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_secret),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
