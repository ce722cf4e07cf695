// SPDX-License-Identifier: GPL-2.0-or-later
// tailband: follows logs and judges. It gives its power away before it reads a byte of them.
#include "base/log.h"
#include "base/turn.h"
#include "scan/daemon.h"
#include "scan/enforcer.h"
#include "scan/folder.h"
#include "scan/keeper.h"
#include "scan/listener.h"
#include "scan/privilege.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "tailband follows the logs of a mail server and bans who attacks it.\n"
    "\n"
    "  tailband [-c DIR] [--state DIR] [--run DIR] [-v]\n"
    "\n"
    "  -c, --config DIR   its configuration, or fail2ban's [/etc/tailban]\n"
    "      --state DIR    where it keeps what it knows [/var/lib/tailban]\n"
    "      --run DIR      where its sockets are [/run/tailban]\n"
    "  -v, --verbose      say each hit\n"
    "      --help, --version\n"
    "\n"
    "It stays in the foreground and logs to standard error. SIGHUP, or 'tailban reload', makes it\n"
    "read its configuration again; SIGTERM ends it, and bans stay in force until they run out.\n"
    "Where nobody listens at RUN/enforce.sock it starts tailban-enforce, which takes root.\n";

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"state", required_argument, NULL, 's'},
    {"run", required_argument, NULL, 'r'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

// 0 to go on, else the exit code + 1.
static int parse(int argc, char **argv, struct daemon_setup *setup)
{
    int option;

    while ((option = getopt_long(argc, argv, "c:vh", options, NULL)) >= 0) {
        switch (option) {
        case 'c':
            setup->config = optarg;
            break;
        case 's':
            setup->state = optarg;
            break;
        case 'r':
            setup->run = optarg;
            break;
        case 'v':
            setup->verbose = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS + 1;
        case 'V':
            puts("tailband " TAILBAN_VERSION);
            return EXIT_SUCCESS + 1;
        default:
            return EXIT_USAGE + 1;
        }
    }
    if (optind == argc)
        return 0;
    fprintf(stderr, "tailband takes no arguments, '%s' is one: see tailband --help\n",
            argv[optind]);
    return EXIT_USAGE + 1;
}

static void prepare_signals(void)
{
    static const int waited[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(waited) / sizeof(waited[0]); i++)
        sigaddset(&set, waited[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

// Each log followed takes a descriptor.
static void raise_files(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

// Whoever can start an enforcer must be there before privilege is dropped, and has the time until
// the configuration is read.
static int find_enforcer(struct daemon_setup *setup)
{
    char path[PATH_MAX];
    int r;

    snprintf(path, sizeof(path), "%s/enforce.sock", setup->run);
    // One that listens but cannot be reached yet is tried again later.
    r = enforcer_connect(path, &setup->enforcer);
    if (r != -ENOENT && r != -ENAMETOOLONG)
        return 0;
    r = keeper_start(&setup->keeper, &setup->keeper_pid);
    if (r == 0)
        r = keeper_ask(setup->keeper);
    if (r < 0)
        log_line(LEVEL_ERROR, "tailban-enforce cannot be started: %s", strerror(-r));
    return r;
}

static int drop_privilege(const struct privilege *to)
{
    int r = privilege_drop(to);

    if (r < 0)
        log_line(LEVEL_ERROR, "refusing to go on: capabilities cannot be dropped: %s",
                 strerror(-r));
    return r;
}

int main(int argc, char **argv)
{
    struct daemon_setup setup = {.config = "/etc/tailban",
                                 .state = "/var/lib/tailban",
                                 .run = "/run/tailban",
                                 .control = -1,
                                 .enforcer = -1,
                                 .keeper = -1};
    struct privilege target = privilege_target();
    struct daemon *d = NULL;
    bool is_bound = false;
    int r = parse(argc, argv, &setup);

    if (r > 0)
        return r - 1;
    log_open("tailband", setup.verbose ? LEVEL_DEBUG : LEVEL_INFO);
    prepare_signals();
    raise_files();
    // A line is judged at once, even where others compute; without it, a little later.
    turn_shorten();
    umask(0077);
    r = folder_prepare(setup.state, 0700, target.uid, target.gid);
    if (r == 0)
        r = folder_prepare(setup.run, 0755, target.uid, target.gid);
    if (r == 0)
        r = find_enforcer(&setup);
    if (r == 0)
        r = drop_privilege(&target);
    if (r == 0)
        r = listener_open(setup.run, &setup.control, &is_bound);
    if (r == 0)
        r = daemon_new(&setup, &d);
    if (r == 0)
        r = daemon_run(d);
    daemon_free(d);
    if (is_bound)
        listener_remove(setup.run);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
