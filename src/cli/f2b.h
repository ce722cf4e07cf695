// SPDX-License-Identifier: GPL-2.0-or-later
// tailban under the name fail2ban-client: the commands that scripts, dashboards and exporters call,
// answered in the same words. Results and refusals go to standard output, as fail2ban's do; what is
// to be done about them goes to standard error.
#pragma once

#include "cli/client.h"

#define F2B_NAME "fail2ban-client"

enum { F2B_DONE = 0, F2B_FAILED = 255 };

struct f2b {
    struct arguments arguments; // run and config
    FILE *out;
};

// A command: the words behind its name. The exit code.
typedef int f2b_fn(const struct f2b *f, char **word, size_t n);

f2b_fn f2b_status, f2b_banned, f2b_get, f2b_set, f2b_unban, f2b_reload, f2b_start, f2b_stop,
    f2b_test, f2b_dump;

// The program.
int f2b_main(int argc, char **argv);

// Says a sentence of fail2ban's. F2B_FAILED.
int f2b_sorry(const struct f2b *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

// One request. fn sees the records of the reply that are neither REFUSED nor DONE. A jail that does
// not exist, and what else is refused, is said. The exit code.
int f2b_ask(const struct f2b *f, const struct control *request, record_fn *fn, void *user,
            struct control_done *ret_done);

// The bans in force in a jail, or (NULL) in all, in the order of their making.
struct f2b_bans {
    struct f2b_ban {
        char jail[CONTROL_NAME_MAX + 1];
        struct addr net;
        usec_t since, until;
    } * ban;
    size_t n;
};
int f2b_bans(const struct f2b *f, const char *jail, struct f2b_bans *ret);
void f2b_bans_done(struct f2b_bans *b);

// Lines of text: a jail's name each, what it reads, or the values of one of its options.
struct f2b_lines {
    char **line;
    size_t n;
};
int f2b_lines_add(struct f2b_lines *l, struct slice text); // as a terminal may see it. -ENOMEM
void f2b_lines_done(struct f2b_lines *l);

// What stands for one jail or for all: the JAIL records' names, what the jail reads, its counters.
struct f2b_jails {
    struct f2b_lines names, sources;
    struct control_jail last; // its slices are not valid
};
int f2b_jails(const struct f2b *f, const char *jail, struct f2b_jails *ret);
void f2b_jails_done(struct f2b_jails *j);
