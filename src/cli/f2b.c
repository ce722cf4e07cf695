// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/f2b.h"

#include "cli/view.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>

static const char usage[] =
    "Usage: fail2ban-client [-c DIR] [-s SOCKET] COMMAND\n"
    "\n"
    "This is tailban, answering as fail2ban-client does: 'tailban --help' has more.\n"
    "\n"
    "  status [JAIL [short]]               banned [IP...]\n"
    "  set JAIL banip|unbanip IP...        unban --all|IP...\n"
    "  get JAIL banip [SEP|--with-time]    get JAIL OPTION\n"
    "  reload [JAIL]  ping  version        -t (test), -d (dump) the configuration\n"
    "\n"
    "  -c DIR      the configuration's folder [/etc/tailban]\n"
    "  -s SOCKET   the daemon's control socket [/run/tailban/control.sock]\n";

static int ping(const struct f2b *f, char **word, size_t n)
{
    const struct control request = {.type = CONTROL_STATUS};
    int code = f2b_ask(f, &request, NULL, NULL, NULL);

    (void)word;
    (void)n;
    if (code == F2B_DONE)
        fputs("Server replied: pong\n", f->out);
    return code;
}

static int version(const struct f2b *f, char **word, size_t n)
{
    (void)word;
    (void)n;
    fputs(TAILBAN_VERSION "\n", f->out);
    return F2B_DONE;
}

static int echo(const struct f2b *f, char **word, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(f->out, "%s%s", i > 0 ? " " : "", word[i]);
    fputc('\n', f->out);
    return F2B_DONE;
}

// Called by logrotate; there is no log of ours to open again.
static int flushlogs(const struct f2b *f, char **word, size_t n)
{
    (void)word;
    (void)n;
    fputs("flushed\n", f->out);
    return F2B_DONE;
}

static const struct {
    const char *name;
    f2b_fn *run;
} commands[] = {
    {"status", f2b_status},   {"banned", f2b_banned}, {"get", f2b_get},     {"set", f2b_set},
    {"unban", f2b_unban},     {"reload", f2b_reload}, {"start", f2b_start}, {"restart", f2b_stop},
    {"stop", f2b_stop},       {"ping", ping},         {"version", version}, {"echo", echo},
    {"flushlogs", flushlogs},
};

static int run(const struct f2b *f, char **word, size_t n)
{
    for (size_t i = 0; n > 0 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, word[0]) == 0)
            return commands[i].run(f, word + 1, n - 1);
    }
    if (n > 0)
        return f2b_sorry(f, "Invalid command");
    fputs(usage, f->out);
    return F2B_FAILED;
}

enum { KEY_STR2SEC = 256, KEY_VALUE, KEY_FLAG, KEY_VERSION, KEY_DUMP };

// -i, -v, -q, -x, -b, -f and the long ones that come to nothing are fail2ban's own.
static const struct option options[] = {
    {"conf", required_argument, NULL, 'c'},
    {"socket", required_argument, NULL, 's'},
    {"pidfile", required_argument, NULL, 'p'},
    {"pname", required_argument, NULL, KEY_VALUE},
    {"loglevel", required_argument, NULL, KEY_VALUE},
    {"logtarget", required_argument, NULL, KEY_VALUE},
    {"syslogsocket", required_argument, NULL, KEY_VALUE},
    {"timeout", required_argument, NULL, KEY_VALUE},
    {"async", no_argument, NULL, KEY_FLAG},
    {"dp", no_argument, NULL, KEY_DUMP},
    {"dump-pretty", no_argument, NULL, KEY_DUMP},
    {"test", no_argument, NULL, 't'},
    {"str2sec", required_argument, NULL, KEY_STR2SEC},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, KEY_VERSION},
    {0},
};

static int str2sec(const struct f2b *f, const char *text)
{
    usec_t span;

    if (span_parse(slice_of(text), &span) < 0)
        return command_fail("'%s' is no time", text) + F2B_FAILED - COMMAND_NOT;
    fprintf(f->out, "%llu\n", (unsigned long long)(span / USEC_PER_SEC));
    return F2B_DONE;
}

// Cuts the last part off.
static const char *folder_of(char *path)
{
    char *slash = strrchr(path, '/');

    if (!slash)
        return ".";
    *(slash == path ? slash + 1 : slash) = '\0';
    return path;
}

// An option that is a command of its own: its exit code; -1: go on.
static int take(struct f2b *f, int key, f2b_fn **ret_instead)
{
    switch (key) {
    case 'c':
        f->arguments.config = optarg;
        return -1;
    case 's':
        f->arguments.run = folder_of(optarg);
        return -1;
    case 't':
        *ret_instead = f2b_test;
        return -1;
    case 'd':
    case KEY_DUMP:
        *ret_instead = f2b_dump;
        return -1;
    case 'h':
        fputs(usage, f->out);
        return F2B_DONE;
    case 'V':
        return version(f, NULL, 0);
    case KEY_VERSION:
        fputs("tailban v" TAILBAN_VERSION "\n", f->out);
        return F2B_DONE;
    case KEY_STR2SEC:
        return str2sec(f, optarg);
    case 'i':
        command_fail("there is no interactive mode");
        return F2B_FAILED;
    case '?':
        return F2B_FAILED;
    default:
        return -1;
    }
}

int f2b_main(int argc, char **argv)
{
    struct f2b f = {.arguments = {.run = "/run/tailban", .config = "/etc/tailban"}, .out = stdout};
    f2b_fn *instead = NULL;
    int key, code = -1;

    // "+": what follows the command is the command's, as in `get JAIL banip --with-time`.
    while (code < 0 && (key = getopt_long(argc, argv, "+c:s:p:dtivqxbfhV", options, NULL)) != -1)
        code = take(&f, key, &instead);
    if (code < 0)
        code = instead ? instead(&f, NULL, 0) : run(&f, argv + optind, (size_t)(argc - optind));
    return fflush(stdout) == 0 ? code : F2B_FAILED;
}
