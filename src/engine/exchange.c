// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/exchange.h"

#include <string.h>

static const struct {
    const char *name;
    enum exchange first;
} mechanisms[] = {
    {"LOGIN", EXCHANGE_NAME},
    {"PLAIN", EXCHANGE_PLAIN},
};

bool exchange_tells(const struct match *m)
{
    return m->mechanism.n > 0 || m->answer.n > 0 || m->login.n > 0 || m->password.n > 0;
}

// Answers to other mechanisms are awaited by nobody: they stay secret, and name no user.
static enum exchange first_of(struct slice mechanism)
{
    for (size_t i = 0; i < sizeof(mechanisms) / sizeof(*mechanisms); i++)
        if (mechanism.n == strlen(mechanisms[i].name) &&
            strncasecmp(mechanism.p, mechanisms[i].name, mechanism.n) == 0)
            return mechanisms[i].first;
    return EXCHANGE_NONE;
}

static void read_user(enum sasl_form form, struct match *m, char user[static SASL_USER_MAX])
{
    if (sasl_user(form, m->answer, user) == 0)
        m->user = slice_of(user);
}

static enum exchange answered(enum exchange e, struct match *m, char user[static SASL_USER_MAX])
{
    switch (e) {
    case EXCHANGE_NAME:
        read_user(SASL_NAME, m, user);
        m->secret = (struct slice){0};
        return EXCHANGE_PASSWORD;
    case EXCHANGE_PLAIN:
        read_user(SASL_PLAIN, m, user);
        return EXCHANGE_REPLY;
    case EXCHANGE_PASSWORD:
        return EXCHANGE_REPLY;
    default:
        return EXCHANGE_NONE;
    }
}

static enum exchange_password password_in(enum exchange e, const struct match *m)
{
    if (m->answer.n > 0)
        return e == EXCHANGE_PASSWORD ? EXCHANGE_HAS_LOGIN
               : e == EXCHANGE_PLAIN  ? EXCHANGE_HAS_PLAIN
                                      : EXCHANGE_HAS_NONE;
    return m->password.n > 0 ? EXCHANGE_HAS_TEXT : EXCHANGE_HAS_NONE;
}

enum exchange_password exchange_feed(enum exchange *e, struct match *m,
                                     char user[static SASL_USER_MAX])
{
    bool is_due = *e == EXCHANGE_REPLY;
    enum exchange_password has;

    if (m->mechanism.n > 0)
        *e = first_of(m->mechanism);
    has = password_in(*e, m);
    if (m->answer.n > 0)
        *e = answered(*e, m, user);
    else if (m->mechanism.n == 0)
        *e = m->password.n > 0 ? EXCHANGE_REPLY : EXCHANGE_NONE;
    if (m->login.n > 0)
        m->user = m->login;
    if (is_due && m->granted && !exchange_tells(m))
        m->success = true;
    return is_due ? EXCHANGE_HAS_NONE : has;
}
