// SPDX-License-Identifier: GPL-2.0-or-later
// What the commands have in common: questions to the daemon, and lists of what it says.
#include "cli/f2b.h"
#include "cli/view.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

struct asking {
    const struct f2b *f;
    struct slice jail;
    record_fn *fn;
    void *user;
};

int f2b_sorry(const struct f2b *f, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(f->out, format, args);
    va_end(args);
    fputc('\n', f->out);
    return F2B_FAILED;
}

static int take(void *user, const struct control *record)
{
    struct asking *a = user;

    if (record->type != CONTROL_IS_REFUSED)
        return a->fn ? a->fn(a->user, record) : 0;
    if (record->refused.error == ENOENT && a->jail.n > 0)
        f2b_sorry(a->f, "Sorry but the jail '%.*s' does not exist", (int)a->jail.n, a->jail.p);
    else
        view_refused(&record->refused, 0);
    return 0;
}

int f2b_ask(const struct f2b *f, const struct control *request, record_fn *fn, void *user,
            struct control_done *ret_done)
{
    struct asking a = {f, request->query.jail, fn, user};
    int code;

    if (!control_name_valid(a.jail))
        return f2b_sorry(f, "Sorry but the jail '%.*s' does not exist", (int)a.jail.n, a.jail.p);
    code = client_call(&f->arguments, request, take, &a, ret_done);
    return code == COMMAND_DONE ? F2B_DONE : F2B_FAILED;
}

static int add_ban(void *user, const struct control *record)
{
    struct f2b_bans *b = user;
    struct f2b_ban *ban;

    if (record->type != CONTROL_IS_BAN)
        return 0;
    if ((b->n & (b->n - 1)) == 0) {
        ban = reallocarray(b->ban, b->n ? 2 * b->n : 1, sizeof(*ban));
        if (!ban)
            return -ENOMEM;
        b->ban = ban;
    }
    ban = &b->ban[b->n++];
    *ban = (struct f2b_ban){
        .net = record->ban.net, .since = record->ban.since, .until = record->ban.until};
    memcpy(ban->jail, record->ban.jail.p, record->ban.jail.n);
    return 0;
}

int f2b_bans(const struct f2b *f, const char *jail, struct f2b_bans *ret)
{
    struct control request = {.type = CONTROL_LIST};

    if (jail)
        request.query.jail = slice_of(jail);
    *ret = (struct f2b_bans){0};
    return f2b_ask(f, &request, add_ban, ret, NULL);
}

void f2b_bans_done(struct f2b_bans *b)
{
    free(b->ban);
}

int f2b_lines_add(struct f2b_lines *l, struct slice text)
{
    char **line = reallocarray(l->line, l->n + 1, sizeof(*line));

    if (!line)
        return -ENOMEM;
    l->line = line;
    line[l->n] = malloc(text.n + 1);
    if (!line[l->n])
        return -ENOMEM;
    output_clean(text, line[l->n++], text.n + 1);
    return 0;
}

void f2b_lines_done(struct f2b_lines *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->line[i]);
    free(l->line);
}
