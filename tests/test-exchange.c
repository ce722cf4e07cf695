// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum { LINES = 6 };

// A line, and what it tells: a user, a success, whether its answer stays secret, where it has a
// password.
struct row {
    const char *mechanism, *answer, *login, *password;
    bool granted;
    const char *user;
    bool success, is_secret;
    enum exchange_password has;
};

static const struct {
    const char *name;
    struct row line[LINES];
} talks[] = {
    {"LOGIN",
     {{.mechanism = "login"},
      {.answer = "aGFucw==", .user = "hans"},
      {.answer = "aGFucw==", .is_secret = true, .has = EXCHANGE_HAS_LOGIN},
      {.granted = true, .success = true},
      {.granted = true}}},
    {"LOGIN with the name at once",
     {{.mechanism = "LOGIN", .answer = "aGFucw==", .user = "hans"},
      {.answer = "b2xk", .is_secret = true, .has = EXCHANGE_HAS_LOGIN},
      {.granted = true, .success = true}}},
    {"LOGIN with a bad name: the password is one all the same",
     {{.mechanism = "LOGIN"},
      {.answer = "!"},
      {.answer = "b2xk", .is_secret = true, .has = EXCHANGE_HAS_LOGIN},
      {.answer = "b2xk", .is_secret = true},
      {.granted = true}}},
    {"PLAIN",
     {{.mechanism = "PLAIN"},
      {.answer = "AGNhcm9sAG5ldw==", .user = "carol", .is_secret = true, .has = EXCHANGE_HAS_PLAIN},
      {.granted = true, .success = true}}},
    {"PLAIN at once",
     {{.mechanism = "PLAIN",
       .answer = "AGNhcm9sAG5ldw==",
       .user = "carol",
       .is_secret = true,
       .has = EXCHANGE_HAS_PLAIN},
      {.granted = true, .success = true}}},
    {"a mechanism that starts anew",
     {{.mechanism = "LOGIN"},
      {.mechanism = "PLAIN"},
      {.answer = "AGNhcm9sAG5ldw==",
       .user = "carol",
       .is_secret = true,
       .has = EXCHANGE_HAS_PLAIN}}},
    {"another mechanism names nobody",
     {{.mechanism = "PLAINER"}, {.answer = "aGFucw==", .is_secret = true}, {.granted = true}}},
    {"answers that nobody asked for", {{.answer = "aGFucw==", .is_secret = true}}},
    {"the password before a reply",
     {{.granted = true},
      {.login = "hans", .user = "hans"},
      {.granted = true},
      {.password = "p", .is_secret = true, .has = EXCHANGE_HAS_TEXT},
      {.granted = true, .success = true}}},
    {"both in a line",
     {{.login = "hans",
       .password = "p",
       .user = "hans",
       .is_secret = true,
       .has = EXCHANGE_HAS_TEXT},
      {.granted = true, .success = true}}},
    {"a refusal ends it",
     {{.login = "hans",
       .password = "p",
       .user = "hans",
       .is_secret = true,
       .has = EXCHANGE_HAS_TEXT},
      {0},
      {.granted = true}}},
    {"whoever does not wait for the reply may have tried either",
     {{.password = "p", .is_secret = true, .has = EXCHANGE_HAS_TEXT},
      {.password = "q", .is_secret = true},
      {0},
      {.password = "q", .is_secret = true, .has = EXCHANGE_HAS_TEXT}}},
    {"and so does any other line of the client's",
     {{.login = "hans",
       .password = "p",
       .user = "hans",
       .is_secret = true,
       .has = EXCHANGE_HAS_TEXT},
      {.login = "carol", .user = "carol"},
      {.granted = true}}},
};

static struct slice text(const char *s)
{
    return s ? slice_of(s) : (struct slice){0};
}

static bool is_line(const struct row *r)
{
    return r->mechanism || r->answer || r->login || r->password || r->granted;
}

static void follows_a_login(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(talks); i++) {
        enum exchange e = EXCHANGE_NONE;
        for (size_t k = 0; k < LINES; k++) {
            const struct row *row = &talks[i].line[k];
            char user[SASL_USER_MAX];
            struct match m = {.mechanism = text(row->mechanism),
                              .answer = text(row->answer),
                              .login = text(row->login),
                              .password = text(row->password),
                              .secret = text(row->password ? row->password : row->answer),
                              .granted = row->granted};
            enum exchange_password has = exchange_feed(&e, &m, user);
            if (has != row->has || !slice_equal(m.user, text(row->user)) ||
                m.success != row->success || (m.secret.n > 0) != row->is_secret ||
                exchange_tells(&m) != (is_line(row) && !row->granted))
                fail_msg("%s, %zu: user %.*s, success %d, secret %zu, has %d", talks[i].name, k,
                         (int)m.user.n, m.user.p, m.success, m.secret.n, has);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(follows_a_login)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
