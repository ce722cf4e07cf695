// SPDX-License-Identifier: GPL-2.0-or-later
// A login as a transcript shows it, line by line: the client names a mechanism (<F-MECH>), answers
// the server's questions (<F-ANSWER>), or gives its name (<F-LOGIN>) and password (<F-PASSWORD>)
// outright; the server then grants it (<F-GRANTED>) or not. Goes by the order of lines, as servers
// write what they like into their questions.
#pragma once

#include "engine/filter.h"
#include "engine/sasl.h"

// What is awaited; 0 at first.
enum exchange {
    EXCHANGE_NONE,
    EXCHANGE_NAME,     // the name, of LOGIN
    EXCHANGE_PASSWORD, // the password, of LOGIN
    EXCHANGE_PLAIN,    // both, of PLAIN
    EXCHANGE_REPLY,    // the server's
};

// Whether a match is one of those lines of the client's, which tell and never count.
bool exchange_tells(const struct match *m);

// Where a line has the password that the next reply is about.
enum exchange_password {
    EXCHANGE_HAS_NONE,
    EXCHANGE_HAS_TEXT,  // m->password
    EXCHANGE_HAS_LOGIN, // m->answer, to LOGIN
    EXCHANGE_HAS_PLAIN, // m->answer, to PLAIN
};

// Takes a match: m->user becomes the name that an answer tells (in the caller's room, else as it
// was), m->success is set where a password is granted, and what is known to be only a name is no
// secret any more. Any other line ends what was under way. Of a client that does not wait for the
// reply nobody can tell which password it is about.
enum exchange_password exchange_feed(enum exchange *e, struct match *m,
                                     char user[static SASL_USER_MAX]);
