// SPDX-License-Identifier: GPL-2.0-or-later
// A daemon that knows a few answers by heart: fake-tailband SCENE TAILBAN ARGUMENT... runs the
// command against it and passes its exit code on. Its clock is set so that what is relative to now
// is the same at any time.
#include "wire/control.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }
#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))
#define LONG_AGO     (UINT64_C(978307200) * USEC_PER_SEC) // 2001-01-01
#define V4(c, d)                                                                                   \
    {                                                                                              \
        .b = {[10] = 0xff, [11] = 0xff, 203, 0, c, d}, .len = 128                                  \
    }

enum scene {
    SCENE_BUSY,
    SCENE_FULL,
    SCENE_QUIET,
    SCENE_OLDER,
    SCENE_NEWER,
    SCENE_JUNK,
    SCENE_HANGS_UP,
    SCENES
};

static const char *const scenes[SCENES] = {"busy",  "full", "quiet",   "older",
                                           "newer", "junk", "hangs-up"};

struct fake {
    int fd;
    enum scene scene;
    usec_t now;
    struct control_packet reply;
};

static void must(int holds, const char *what)
{
    if (!holds) {
        perror(what);
        exit(99);
    }
}

static void flush(struct fake *f)
{
    if (send(f->fd, f->reply.bytes, f->reply.n, MSG_NOSIGNAL) < 0)
        must(errno == EPIPE, "send");
    control_start(&f->reply);
}

static void put(struct fake *f, const struct control *record)
{
    int r = control_put(&f->reply, record);

    if (r == CONTROL_E_FULL) {
        flush(f);
        r = control_put(&f->reply, record);
    }
    must(r == 0, "a record of the fake's own");
}

static usec_t after(const struct fake *f, unsigned hours, unsigned minutes)
{
    return f->now + (hours * 3600 + minutes * 60 + 20) * USEC_PER_SEC;
}

static usec_t before(const struct fake *f, unsigned hours, unsigned minutes)
{
    return f->now - (hours * 3600 + minutes * 60 + 20) * USEC_PER_SEC;
}

static struct control_ban ban_of(const struct fake *f, unsigned i)
{
    const struct control_ban bans[] = {
        {7, TEXT("postfix-auth"), V4(113, 7), LONG_AGO, after(f, 167, 10), 0, 5, 1, 5, 1,
         600 * USEC_PER_SEC, CONTROL_HOST},
        {8,
         TEXT("dovecot-auth"),
         {.b = {[10] = 0xff, [11] = 0xff, 203, 0, 113}, .len = 120},
         LONG_AGO + 1500000,
         after(f, 400, 0),
         0,
         12,
         4,
         12,
         4,
         USEC_PER_DAY / 4,
         CONTROL_BLOCK,
         .spared = TEXT("203.0.113.25 203.0.113.26")},
        {9,
         TEXT("manual"),
         {.b = {0x20, 1, 0xd, 0xb8}, .len = 64},
         LONG_AGO,
         USEC_FOREVER,
         0,
         0,
         0,
         0,
         0,
         0,
         CONTROL_MANUAL},
        {10, TEXT("postfix-auth"), V4(114, 1), LONG_AGO, after(f, 167, 10), 0, 1, 1, 5, 1,
         600 * USEC_PER_SEC, CONTROL_FINGERPRINT, TEXT("helo:win-<mixed:11>")},
        {11, TEXT("dovecot-auth"), V4(113, 9), LONG_AGO, after(f, 167, 10), 0, 5, 1, 5, 1,
         600 * USEC_PER_SEC, CONTROL_HOST, .cover = 8,
         .cover_net = {.b = {[10] = 0xff, [11] = 0xff, 203, 0, 113}, .len = 120},
         .cover_jail = TEXT("dovecot-auth")},
        {12, TEXT("weighed"), V4(115, 1), LONG_AGO, after(f, 167, 10), 0, 9, 1, 7, 1,
         600 * USEC_PER_SEC, CONTROL_HOST, .points = true},
    };

    return bans[i];
}

static void put_ban(struct fake *f, unsigned i)
{
    put(f, &(struct control){.type = CONTROL_IS_BAN, .ban = ban_of(f, i)});
}

static void answer_status(struct fake *f, struct slice jail)
{
    const struct slice none = {"", 0}, full = TEXT("No space left on device");
    const struct control records[] = {
        {.type = CONTROL_IS_DAEMON,
         .daemon = {TEXT("0.1.0"),
                    TEXT("/etc/tailban"),
                    4711,
                    f->now,
                    before(f, 52, 0),
                    before(f, 2, 0),
                    f->scene != SCENE_QUIET,
                    3,
                    1234567,
                    4242,
                    1,
                    12582912,
                    1200,
                    7,
                    1,
                    f->scene == SCENE_FULL,
                    f->scene == SCENE_FULL ? full : none,
                    f->scene == SCENE_BUSY ? 2 : 0,
                    340,
                    120,
                    f->scene == SCENE_BUSY ? 2 : 0}},
        {.type = CONTROL_IS_DNS,
         .dns = {1200, 340, 77, f->scene == SCENE_BUSY ? 0 : 9, 2400, 2300, 100,
                 f->scene == SCENE_BUSY ? 2 : 12}},
        {.type = CONTROL_IS_SOURCE,
         .source = {TEXT("/var/log/mail.log"), CONTROL_LIVE, 5000000, 5000000, 40000, LONG_AGO}},
        {.type = CONTROL_IS_SOURCE,
         .source = {TEXT("/var/log/dovecot.log"), CONTROL_READING, 4000, 1000, 10, LONG_AGO}},
        {.type = CONTROL_IS_SOURCE,
         .source = {TEXT("/srv/\x1b[2Jicewarp.log"), CONTROL_UNREADABLE, .text = TEXT("denied")}},
        {.type = CONTROL_IS_SOURCE, .source = {TEXT("/var/log/exim/*"), CONTROL_WAITING}},
        {.type = CONTROL_IS_JAIL,
         .jail = {TEXT("postfix-auth"),
                  TEXT("postfix-auth"),
                  true,
                  1,
                  40000,
                  50,
                  45,
                  2,
                  3,
                  1,
                  0,
                  4,
                  0,
                  31,
                  0,
                  6,
                  9,
                  2,
                  12,
                  5,
                  600 * USEC_PER_SEC,
                  7 * USEC_PER_DAY}},
        {.type = CONTROL_IS_JAIL,
         .jail = {TEXT("exim"), TEXT("exim"), .maxretry = 5, .text = TEXT("no filter 'exim'")}},
        {.type = CONTROL_IS_JAIL,
         .jail = {TEXT("manual"), {NULL, 0}, true, .bans = 1, .bantime = USEC_FOREVER}},
        {.type = CONTROL_IS_PROBLEM,
         .problem = {false, TEXT("jails/exim.conf"), 3, TEXT("no filter 'exim'")}},
        {.type = CONTROL_IS_PROBLEM, .problem = {true, TEXT(""), 0, TEXT("nothing to follow")}},
    };
    size_t n = f->scene == SCENE_BUSY ? LENGTH_OF(records) : f->scene == SCENE_FULL ? 2 : 1;

    for (size_t i = 0; i < n; i++) {
        if (jail.n == 0 || records[i].type != CONTROL_IS_JAIL ||
            slice_equal(jail, records[i].jail.name))
            put(f, &records[i]);
    }
}

static void answer_list(struct fake *f, struct slice jail)
{
    unsigned from = f->scene == SCENE_FULL ? 5 : 0, to = f->scene == SCENE_QUIET ? 0 : 6;

    for (unsigned i = from; i < to; i++) {
        if (jail.n == 0 || slice_equal(jail, ban_of(f, i).jail))
            put_ban(f, i);
    }
}

static void answer_options(struct fake *f)
{
    static const char *const options[][2] = {
        {"bantime", "1w"},
        {"findtime", "10m"},
        {"maxretry", "5"},
        {"ignoreip", "192.0.2.0/24 2001:db8::/32"},
        {"ignoreself", "true"},
        {"usedns", "no"},
        {"maxlines", "1"},
        {"prefregex", ""},
        {"failregex", "^ SASL from <HOST>$"},
        {"failregex", "^ it's from <HOST>$"},
        {"ignoreregex", ""},
        {"datepattern", ""},
        {"journalmatch", "_SYSTEMD_UNIT=postfix@-.service"},
        {"logencoding", "auto"},
        {"bantime.increment", "false"},
        {"bantime.maxtime", "forever"},
        {"bantime.multipliers", ""},
    };

    for (size_t i = 0; i < LENGTH_OF(options); i++)
        put(f, &(struct control){.type = CONTROL_IS_OPTION,
                                 .option = {TEXT("postfix-auth"), slice_of(options[i][0]),
                                            slice_of(options[i][1])}});
}

static void put_line(struct fake *f, uint64_t ban, unsigned second, uint32_t count,
                     struct slice text)
{
    put(f, &(struct control){.type = CONTROL_IS_EVIDENCE,
                             .evidence = {ban, TEXT("postfix-auth"), V4(113, 7),
                                          LONG_AGO - 60 * USEC_PER_SEC + second * USEC_PER_SEC,
                                          count, TEXT("/var/log/mail.log"), text,
                                          TEXT("postfix-auth.conf:14"), TEXT("admin")}});
}

static void put_standing(struct fake *f, const struct control_standing *s)
{
    put(f, &(struct control){.type = CONTROL_IS_STANDING, .standing = *s});
}

static const struct control_fingerprint names[] = {
    {CONTROL_HELO, TEXT("win-<mixed:11>"), CONTROL_LEARNED, true, false, false, 9, 7, 6, 5, 1234,
     LONG_AGO, LONG_AGO + USEC_PER_DAY, 0},
    {CONTROL_HELO, TEXT("ylmf-pc"), CONTROL_ADDED, true, true, .need_hosts = 6, .need_blocks = 5},
    {CONTROL_USER, TEXT("in\x1b[2Jfo"), CONTROL_KEPT, .need_hosts = 6, .need_blocks = 5},
    {CONTROL_USER, TEXT("anna"), .hosts = 2, .blocks = 1, .need_hosts = 6, .need_blocks = 5,
     .failures = 3, .first = LONG_AGO, .last = LONG_AGO},
    {CONTROL_USER, TEXT("info"), CONTROL_LEARNED, true, false, true, 6, 5, 6, 5, 6, LONG_AGO,
     LONG_AGO, 0},
};

static void put_name(struct fake *f, size_t i)
{
    put(f, &(struct control){.type = CONTROL_IS_FINGERPRINT, .fingerprint = names[i]});
}

// A jail that weighs, whose bans caps hold back.
static void put_held(struct fake *f)
{
    const struct control_evidence line = {
        .ban = 12, .jail = TEXT("weighed"), .addr = V4(115, 1), .time = LONG_AGO, .points = true};
    const struct control_standing held[] = {
        {TEXT("weighed"), V4(115, 2), 7, 1, 7, 1, 600 * USEC_PER_SEC, .points = true,
         .held = TEXT("cap.bans = 2 a minute"), .held_until = after(f, 2, 10)},
        {TEXT("weighed"), V4(115, 3), 8, 1, 7, 1, 600 * USEC_PER_SEC, .points = true,
         .held = TEXT("cap.bans = 2 a minute"), .held_until = before(f, 0, 1)},
        {TEXT("weighed"),
         {.b = {[10] = 0xff, [11] = 0xff, 203}, .len = 104},
         99,
         44,
         99,
         32,
         600 * USEC_PER_SEC,
         .points = true,
         .held = TEXT("floor.v4 = 16, floor.v6 = 32"),
         .held_until = USEC_FOREVER},
    };

    put_ban(f, 5);
    for (unsigned i = 1; i < 9; i += 7) {
        struct control record = {.type = CONTROL_IS_EVIDENCE, .evidence = line};
        record.evidence.count = i;
        record.evidence.text = slice_of("failure");
        put(f, &record);
    }
    for (size_t i = 0; i < LENGTH_OF(held); i++)
        put_standing(f, &held[i]);
}

static void answer_why(struct fake *f)
{
    struct control_ban lifted = ban_of(f, 0);

    if (f->scene == SCENE_FULL)
        put_held(f);
    if (f->scene == SCENE_BUSY) {
        put_ban(f, 1);
        put_line(f, 8, 10, 3, slice_of("disconnect from unknown[203.0.113.9] auth=0/3"));
        put_ban(f, 0);
        put_line(f, 7, 0, 1, slice_of("unknown[203.0.113.7]: SASL LOGIN authentication failed"));
        // What an attacker would like a terminal to do.
        put_line(f, 7, 1, 1, slice_of("user=<\x1b]0;owned\x07\r\nroot\xff\xe2\x80\xae>"));
        lifted.id = 3;
        lifted.lifted = LONG_AGO + 3600 * USEC_PER_SEC;
        put(f, &(struct control){.type = CONTROL_IS_BAN, .ban = lifted});
        put_standing(f, &(struct control_standing){TEXT("postfix-auth"), V4(113, 7), 2, 1, 5, 1,
                                                   600 * USEC_PER_SEC, false, before(f, 50, 0), 4,
                                                   true, true, 3});
        put_standing(f, &(struct control_standing){
                            TEXT("postfix-auth"),
                            {.b = {[10] = 0xff, [11] = 0xff, 203, 0, 113}, .len = 120},
                            7,
                            2,
                            12,
                            4,
                            USEC_PER_DAY / 4,
                            .login = before(f, 75, 0),
                            .shielded = true,
                            .wary = true});
        put_line(f, 0, 2, 2, slice_of("connected again"));
        put_name(f, 1);
        put_name(f, 3);
        put_name(f, 4);
    }
    if (f->scene == SCENE_BUSY)
        put(f, &(struct control){.type = CONTROL_IS_INQUIRY,
                                 .inquiry = {CONTROL_INQUIRY_ASKED, LONG_AGO, 2,
                                             TEXT("zen.spamhaus.org: 127.0.0.4"),
                                             CONTROL_NAMES_FOREIGN, TEXT("bl.example.org")}});
    put_standing(f, &(struct control_standing){TEXT("dovecot-auth"), V4(113, 7), 0, 0, 5, 1,
                                               600 * USEC_PER_SEC, f->scene == SCENE_BUSY});
}

static void answer_names(struct fake *f, struct slice name)
{
    if (name.n > 0)
        put_name(f, 3);
    for (size_t i = 0; i < 3 && name.n == 0 && f->scene == SCENE_BUSY; i++)
        put_name(f, i);
}

static void answer_why_name(struct fake *f)
{
    put_name(f, f->scene == SCENE_BUSY ? 0 : 3);
    if (f->scene != SCENE_BUSY)
        return;
    put_ban(f, 3);
    put_line(f, 10, 0, 1, slice_of("NOQUEUE: reject: helo=<WIN-A1B2C3D4E5F>"));
    put_line(f, 0, 3, 1, slice_of("of another: helo=<WIN-Z9Y8X7W6V5U>"));
}

static void refuse(struct fake *f, uint32_t request, uint32_t error, const char *text)
{
    put(f,
        &(struct control){.type = CONTROL_IS_REFUSED, .refused = {request, error, slice_of(text)}});
}

static bool has_jail(struct slice jail)
{
    return jail.n == 0 || !slice_starts(jail, "no-");
}

// Marks anything but ylmf-pc.
static uint32_t answer_mark(struct fake *f, const struct control *request, uint32_t i)
{
    if (slice_is(request->query.name, "helo:ylmf-pc"))
        refuse(f, i, EPERM, "this stands in the configuration");
    return !slice_is(request->query.name, "helo:ylmf-pc");
}

// Bans anything but 10.0.0.0/8, unbans nothing but 203.0.113.7.
static uint32_t answer_ban(struct fake *f, const struct control *request, uint32_t i)
{
    if (request->query.net.b[12] == 10)
        refuse(f, i, EPERM, "this is not banned: ignoreip");
    return request->query.net.b[12] != 10;
}

static uint32_t answer_unban(struct fake *f, const struct control *request, uint32_t i)
{
    static const struct addr known = V4(113, 7);

    if (request->query.all)
        return f->scene == SCENE_BUSY ? 1234 : 0;
    if (addr_compare(&request->query.net, &known) == 0)
        return 1;
    refuse(f, i, ENOENT, "this is not banned");
    return 0;
}

static void put_events(struct fake *f)
{
    const struct control_occurrence events[] = {
        {CONTROL_EVENT_HIT, LONG_AGO, TEXT("postfix-auth"), true, V4(113, 7), .count = 1, .hits = 5,
         .text = TEXT("SASL LOGIN \x1b[31mfailed")},
        {CONTROL_EVENT_BAN, LONG_AGO, TEXT("postfix-auth"), true, V4(113, 7),
         LONG_AGO + 7 * USEC_PER_DAY, 0, 5, 1, 0, CONTROL_HOST},
        {CONTROL_EVENT_BAN, LONG_AGO, TEXT("weighed"), true, V4(115, 1),
         LONG_AGO + 7 * USEC_PER_DAY, 0, 9, 1, 0, CONTROL_HOST, .points = true},
        {CONTROL_EVENT_LEARNED, LONG_AGO, .hosts = 6, .blocks = 5,
         .name = TEXT("helo:\x1b[31m<mixed:11>")},
        {CONTROL_EVENT_BAN, LONG_AGO, TEXT("postfix-auth"), true, V4(114, 1),
         LONG_AGO + 7 * USEC_PER_DAY, 0, 1, 1, 0, CONTROL_FINGERPRINT, TEXT("helo:win-<mixed:11>")},
        {CONTROL_EVENT_UNBAN, LONG_AGO, TEXT("postfix-auth"), true, V4(113, 7)},
        {CONTROL_EVENT_ENFORCER, LONG_AGO, .text = TEXT("connected")},
        {CONTROL_EVENT_LOST, LONG_AGO, .count = 17},
    };

    for (size_t i = 0; i < LENGTH_OF(events); i++)
        put(f, &(struct control){.type = CONTROL_IS_EVENT, .event = events[i]});
}

static uint32_t answer(struct fake *f, const struct control *request, uint32_t i)
{
    if (!has_jail(request->query.jail)) {
        refuse(f, i, ENOENT, "there is no jail of this name");
        return 0;
    }
    switch (request->type) {
    case CONTROL_STATUS:
    case CONTROL_RELOAD:
        answer_status(f, request->query.jail);
        return 0;
    case CONTROL_LIST:
        answer_list(f, request->query.jail);
        return 0;
    case CONTROL_OPTIONS:
        answer_options(f);
        return 0;
    case CONTROL_WHY:
        if (request->query.name.n > 0)
            answer_why_name(f);
        else
            answer_why(f);
        return 0;
    case CONTROL_FINGERPRINTS:
        answer_names(f, request->query.name);
        return 0;
    case CONTROL_MARK:
        return answer_mark(f, request, i);
    case CONTROL_BAN:
        return answer_ban(f, request, i);
    case CONTROL_UNBAN:
        return answer_unban(f, request, i);
    default:
        return 0;
    }
}

static void answer_packet(struct fake *f, struct slice packet)
{
    struct control request, done = {.type = CONTROL_IS_DONE};
    bool watch = false;
    uint32_t i = 0;

    must(control_open(&packet) == 0, "control_open");
    while (control_get(&packet, &request) == CONTROL_E_RECORD) {
        done.done.count += answer(f, &request, i++);
        watch = watch || request.type == CONTROL_WATCH;
    }
    put(f, &done);
    flush(f);
    if (watch) {
        put_events(f);
        flush(f);
        shutdown(f->fd, SHUT_RDWR);
    }
}

static void serve(struct fake *f)
{
    static uint8_t packet[CONTROL_PACKET_MAX];
    ssize_t n;

    while ((n = recv(f->fd, packet, sizeof(packet), 0)) > 0) {
        control_start(&f->reply);
        if (f->scene == SCENE_HANGS_UP)
            return;
        if (f->scene == SCENE_OLDER)
            f->reply.bytes[0]--;
        if (f->scene == SCENE_NEWER)
            f->reply.bytes[0]++;
        if (f->scene == SCENE_JUNK)
            f->reply.bytes[f->reply.n++] = 0xff;
        if (f->scene == SCENE_JUNK || f->scene == SCENE_OLDER || f->scene == SCENE_NEWER)
            flush(f);
        else
            answer_packet(f, (struct slice){(const char *)packet, (size_t)n});
    }
}

static enum scene find_scene(const char *name)
{
    unsigned i = 0;

    while (i < SCENES && strcmp(scenes[i], name) != 0)
        i++;
    must(i < SCENES, name);
    return i;
}

// The command with our folder where it looks for one: a socket before the words of
// fail2ban-client, a folder behind tailban's.
static void exec_command(char **argv, const char *folder)
{
    char *words[64] = {argv[0]}, socket_path[128];
    bool f2b = strstr(argv[0], "fail2ban-client") != NULL;
    size_t n = 1, most = LENGTH_OF(words) - 3;

    snprintf(socket_path, sizeof(socket_path), "%s/control.sock", folder);
    if (f2b) {
        words[n++] = (char *)"-s";
        words[n++] = socket_path;
    }
    for (size_t i = 1; argv[i] && n < most; i++)
        words[n++] = argv[i];
    if (!f2b) {
        words[n++] = (char *)"--run";
        words[n] = (char *)folder;
    }
    execv(words[0], words);
    _exit(98);
}

// The command's code; it may end without having called.
static int run(char **argv, const char *folder, int listener, struct fake *f)
{
    int status;
    pid_t server, pid = fork();

    must(pid >= 0, "fork");
    if (pid == 0)
        exec_command(argv, folder);
    server = fork();
    must(server >= 0, "fork");
    if (server == 0) {
        while ((f->fd = accept(listener, NULL, NULL)) >= 0) {
            serve(f);
            close(f->fd);
        }
        _exit(0);
    }
    must(waitpid(pid, &status, 0) == pid, "waitpid");
    kill(server, SIGTERM); // nobody may have called
    must(waitpid(server, NULL, 0) == server, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/fake-tailband.XXXXXX";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct fake *f = calloc(1, sizeof(*f));
    int listener, code;

    must(argc > 2 && f, "usage: fake-tailband SCENE TAILBAN ARGUMENT...");
    f->scene = find_scene(argv[1]);
    f->now = (usec_t)time(NULL) * USEC_PER_SEC;
    must(mkdtemp(folder) != NULL, "mkdtemp");
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock", folder);
    listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    must(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
             listen(listener, 1) == 0,
         "bind");
    code = run(argv + 2, folder, listener, f);
    unlink(address.sun_path);
    rmdir(folder);
    free(f);
    return code;
}
