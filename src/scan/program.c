// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/program.h"

#include "base/cleanup.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <unistd.h>

struct program {
    program_fn *fn;
    void *user;
    pid_t pid; // 0: it has ended
    bool late;
    sd_event_source *child, *timer;
};

// A file in memory, so that a program that does not read cannot make us wait.
static int open_input(struct slice input)
{
    int fd = memfd_create("input", MFD_CLOEXEC);

    if (fd < 0)
        return -errno;
    while (input.n > 0) {
        ssize_t n = write(fd, input.p, input.n);
        if (n < 0) {
            n = -errno;
            close(fd);
            return (int)n;
        }
        input = slice_from(input, (size_t)n);
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

// What happens in the child before exec, in this order.
static int plan_files(posix_spawn_file_actions_t *files, int input)
{
    int error = posix_spawn_file_actions_adddup2(files, input, STDIN_FILENO);

    if (error == 0)
        error = posix_spawn_file_actions_adddup2(files, STDERR_FILENO, STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
    if (error == 0)
        error = posix_spawn_file_actions_addchdir_np(files, "/");
    return -error;
}

static int plan_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int error;

    sigemptyset(&none);
    sigfillset(&all);
    error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                     POSIX_SPAWN_SETSIGDEF);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    return -error;
}

static int spawn(const struct program_setup *setup, pid_t *ret)
{
    cleanup(closep) int input = open_input(setup->input);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int r;

    if (input < 0)
        return input;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    r = plan_files(&files, input);
    if (r == 0)
        r = plan_attributes(&attributes);
    if (r == 0)
        r = -posix_spawn(ret, setup->argument[0], &files, &attributes, setup->argument,
                         setup->environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return r;
}

static int on_end(sd_event_source *s, const siginfo_t *si, void *user)
{
    struct program *p = user;
    struct program_end end = {si->si_code == CLD_EXITED ? PROGRAM_EXITED : PROGRAM_DIED,
                              si->si_status};

    (void)s;
    if (p->late)
        end.how = PROGRAM_LATE;
    // It is not reaped yet, so that the group is still its own: what it left running goes with it.
    kill(-p->pid, SIGKILL);
    p->pid = 0;
    p->timer = sd_event_source_disable_unref(p->timer);
    p->fn(p->user, &end);
    return 0;
}

static int on_late(sd_event_source *s, uint64_t usec, void *user)
{
    struct program *p = user;

    (void)s;
    (void)usec;
    p->late = true;
    kill(-p->pid, SIGKILL);
    return 0;
}

int program_start(struct sd_event *event, const struct program_setup *setup, program_fn *fn,
                  void *user, struct program **ret)
{
    struct program *p = calloc(1, sizeof(*p));
    int r = p ? spawn(setup, &p->pid) : -ENOMEM;

    if (r < 0) {
        free(p);
        return r;
    }
    p->fn = fn;
    p->user = user;
    r = sd_event_add_child(event, &p->child, p->pid, WEXITED, on_end, p);
    if (r >= 0)
        r = sd_event_add_time_relative(event, &p->timer, CLOCK_MONOTONIC, setup->timeout, 0,
                                       on_late, p);
    if (r < 0) {
        program_free(p);
        return r;
    }
    *ret = p;
    return 0;
}

struct program *program_free(struct program *p)
{
    if (!p)
        return NULL;
    sd_event_source_disable_unref(p->child);
    sd_event_source_disable_unref(p->timer);
    if (p->pid > 0) {
        kill(-p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    free(p);
    return NULL;
}

void program_describe(const struct program_end *end, char ret[static PROGRAM_END_MAX])
{
    if (end->how == PROGRAM_LATE)
        snprintf(ret, PROGRAM_END_MAX, "was killed: its time was up");
    else if (end->how == PROGRAM_DIED)
        snprintf(ret, PROGRAM_END_MAX, "was killed by signal %d", end->code);
    else
        snprintf(ret, PROGRAM_END_MAX, "ended with exit status %d", end->code);
}

bool program_inherits(const char *assignment)
{
    static const char *const foreign[] = {"NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_",
                                          "JOURNAL_STREAM=", "INVOCATION_ID="};

    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (strncmp(assignment, foreign[i], strlen(foreign[i])) == 0)
            return false;
    }
    return true;
}
