// SPDX-License-Identifier: GPL-2.0-or-later
// What changes something: bans, and the daemon's configuration.
#include "base/cleanup.h"
#include "cli/f2b.h"
#include "cli/python.h"
#include "cli/view.h"

#include <errno.h>
#include <stdlib.h>

enum { WORDS_MAX = 1024 }; // requests in one packet

struct changing {
    const struct f2b *f;
    char **word;
    const char *jail;
    bool *absent; // by word: it was not banned
    bool refused; // for another reason
    bool no_jail;
};

static int take(void *user, const struct control *record)
{
    struct changing *c = user;

    if (record->type != CONTROL_IS_REFUSED || record->refused.request >= WORDS_MAX)
        return 0;
    if (record->refused.error == ENOENT && slice_starts(record->refused.text, "there is no jail")) {
        c->no_jail = true;
    } else if (record->refused.error == ENOENT) {
        c->absent[record->refused.request] = true;
    } else {
        c->refused = true;
        view_refused(&record->refused, 0);
    }
    return 0;
}

static int put_requests(const struct control *form, char **word, size_t n, struct client *client)
{
    struct control request = *form;

    for (size_t i = 0; i < n; i++) {
        if (addr_parse(slice_of(word[i]), &request.query.net) < 0 ||
            control_put(&client->request, &request) != 0)
            return -EINVAL;
    }
    return 0;
}

// The addresses in one packet. The exit code; what was refused because nobody was banned is in
// c->absent.
static int change(struct changing *c, const struct control *form, size_t n,
                  struct control_done *ret_done)
{
    cleanup(freep) struct client *client = malloc(sizeof(*client));
    int code;

    if (n > WORDS_MAX)
        return f2b_sorry(c->f, "Sorry but the command is invalid: at most %d at once", WORDS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct addr net;
        if (addr_parse(slice_of(c->word[i]), &net) < 0)
            return f2b_sorry(c->f, "'%s' is no address", c->word[i]);
    }
    if (!client || client_open(&c->f->arguments, client) < 0)
        return F2B_FAILED;
    ret_done->error = EIO; // unless the reply comes to its end
    code = put_requests(form, c->word, n, client) == 0 && client_send(client) == 0
               ? client_replies(client, take, c, ret_done)
               : COMMAND_NOT;
    client_done(client);
    if (c->no_jail)
        return f2b_sorry(c->f, "Sorry but the jail '%s' does not exist", c->jail);
    // Refusals are told apart by the caller; a failure has been said.
    return code == COMMAND_DONE || ret_done->error == 0 ? F2B_DONE : F2B_FAILED;
}

static int set_banip(const struct f2b *f, const char *jail, char **word, size_t n)
{
    const struct control form = {.type = CONTROL_BAN, .query = {.jail = slice_of(jail)}};
    bool absent[WORDS_MAX] = {false};
    struct changing c = {f, word, jail, absent, false, false};
    struct control_done done = {0};
    int code = n > 0 ? change(&c, &form, n, &done) : F2B_DONE;

    if (code == F2B_DONE)
        fprintf(f->out, "%u\n", done.count - done.again);
    return c.refused ? F2B_FAILED : code;
}

static int unban_some(const struct f2b *f, const char *jail, char **word, size_t n,
                      bool report_absent)
{
    struct control form = {.type = CONTROL_UNBAN};
    bool absent[WORDS_MAX] = {false};
    struct changing c = {f, word, jail, absent, false, false};
    struct control_done done = {0};
    struct python_list list;
    int code;

    if (jail)
        form.query.jail = slice_of(jail);
    code = change(&c, &form, n, &done);
    if (code != F2B_DONE)
        return code;
    if (!report_absent || !memchr(absent, true, n)) {
        fprintf(f->out, "%u\n", done.count);
        return c.refused ? F2B_FAILED : F2B_DONE;
    }
    fputs("not banned: ", f->out);
    list = python_open(f->out);
    for (size_t i = 0; i < n; i++) {
        if (absent[i])
            python_text(python_next(&list), slice_of(word[i]));
    }
    python_close(&list);
    fputc('\n', f->out);
    return F2B_FAILED;
}

static int set_unbanip(const struct f2b *f, const char *jail, char **word, size_t n)
{
    bool report = n > 0 && strcmp(word[0], "--report-absent") == 0;

    return unban_some(f, jail, word + report, n - report, report);
}

static int unban_all(const struct f2b *f, const char *jail)
{
    struct control request = {.type = CONTROL_UNBAN, .query = {.all = true}};
    struct control_done done = {0};
    int code;

    if (jail)
        request.query.jail = slice_of(jail);
    code = f2b_ask(f, &request, NULL, NULL, &done);
    if (code == F2B_DONE)
        fprintf(f->out, "%u\n", done.count);
    return code;
}

int f2b_unban(const struct f2b *f, char **word, size_t n)
{
    if (n == 0)
        return f2b_sorry(f, "Invalid command");
    return strcmp(word[0], "--all") == 0 ? unban_all(f, NULL) : unban_some(f, NULL, word, n, false);
}

int f2b_set(const struct f2b *f, char **word, size_t n)
{
    if (n < 2)
        return f2b_sorry(f, "Sorry but the command is invalid");
    if (!control_name_valid(slice_of(word[0])))
        return f2b_sorry(f, "Sorry but the jail '%s' does not exist", word[0]);
    if (strcmp(word[1], "banip") == 0)
        return set_banip(f, word[0], word + 2, n - 2);
    if (strcmp(word[1], "unbanip") == 0)
        return set_unbanip(f, word[0], word + 2, n - 2);
    command_fail("jails are changed in files: write '%s = %s' below [%s] in jails/*.local (or in "
                 "jail.local) and call '" F2B_NAME " reload'",
                 word[1], n > 2 ? word[2] : "VALUE", word[0]);
    return f2b_sorry(f, "Invalid command");
}

static int take_problem(void *user, const struct control *record)
{
    struct output err;
    bool *failed = user;

    if (record->type != CONTROL_IS_PROBLEM)
        return 0;
    *failed = *failed || !record->problem.warning;
    output_init(&err, stderr, false);
    return view_problem(&err, &record->problem);
}

// All jails are read again, whichever is named: it costs nothing, and keeps bans and counts.
int f2b_reload(const struct f2b *f, char **word, size_t n)
{
    const struct control request = {.type = CONTROL_RELOAD};
    bool unban = false, if_exists = false, failed = false;
    const char *jail = NULL;
    struct f2b_jails jails = {0};
    int code;

    for (size_t i = 0; i < n; i++) {
        unban = unban || strcmp(word[i], "--unban") == 0;
        if_exists = if_exists || strcmp(word[i], "--if-exists") == 0;
        if (word[i][0] != '-' && strcmp(word[i], "--all") != 0)
            jail = word[i];
    }
    code = f2b_ask(f, &request, take_problem, &failed, NULL);
    if (code == F2B_DONE && jail && !if_exists)
        code = f2b_jails(f, jail, &jails);
    f2b_jails_done(&jails);
    if (code == F2B_DONE && unban) {
        struct control lift = {.type = CONTROL_UNBAN, .query = {.all = true}};
        if (jail)
            lift.query.jail = slice_of(jail);
        code = f2b_ask(f, &lift, NULL, NULL, NULL);
    }
    if (code != F2B_DONE || failed)
        return F2B_FAILED;
    fputs("OK\n", f->out);
    return F2B_DONE;
}

// systemd owns the daemon; a program that is made to start another one would have it run as root.
int f2b_start(const struct f2b *f, char **word, size_t n)
{
    (void)f;
    if (n > 0)
        command_fail("jails are started in files: write 'enabled = true' below [%s] and call "
                     "'" F2B_NAME " reload'",
                     word[0]);
    else
        command_fail("tailband is started by systemd: 'systemctl start tailband'");
    return F2B_FAILED;
}

int f2b_stop(const struct f2b *f, char **word, size_t n)
{
    (void)f;
    if (n > 0)
        command_fail("jails are stopped in files: write 'enabled = false' below [%s] and call "
                     "'" F2B_NAME " reload'",
                     word[0]);
    else
        command_fail("tailband is stopped by systemd: 'systemctl stop tailband'; its bans stay "
                     "until they end, '" F2B_NAME " unban --all' lifts them");
    return F2B_FAILED;
}
