// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/filter.h"

#include "engine/lines.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LIST_MAX = 6, FIELDS_TEXT_MAX = 512 };

// A filter and a line; what a match of it must say. NULL and 0 are "none" but for count (1).
struct sample {
    const char *prefix, *fail[LIST_MAX], *ignore[LIST_MAX];
    const char *line, *date;
    int result;
    unsigned rule;
    const char *host, *user, *mlfid, *id, *secret;
    const char *fields; // "name=value name=value"
    uint32_t count, total, ok;
    bool use_dns, has_total, nofail, forget, gained;
};

static size_t count_list(const char *const list[LIST_MAX], struct pattern pattern[LIST_MAX])
{
    size_t n = 0;

    for (; n < LIST_MAX && list[n]; n++)
        pattern[n] = (struct pattern){.text = list[n], .file = "f.conf", .line = (unsigned)n + 1};
    return n;
}

static struct filter *make(const struct sample *s)
{
    struct pattern fail[LIST_MAX], ignore[LIST_MAX];
    struct filter_spec spec = {
        .name = "sample",
        .prefregex.text = s->prefix,
        .failregex = fail,
        .n_failregex = count_list(s->fail, fail),
        .ignoreregex = ignore,
        .n_ignoreregex = count_list(s->ignore, ignore),
        .use_dns = s->use_dns,
    };
    struct filter_error error = {0};
    struct filter *f = NULL;

    if (filter_new(&spec, &f, &error) < 0)
        fail_msg("%s: %s", s->fail[0], error.text);
    return f;
}

static struct line line_of(const char *text, const char *date)
{
    const char *at = date ? strstr(text, date) : NULL;

    return (struct line){.text = slice_of(text),
                         .date = at ? (struct slice){at, strlen(date)} : (struct slice){0}};
}

static void assert_slice(struct slice s, const char *want)
{
    char text[FIELDS_TEXT_MAX];

    snprintf(text, sizeof(text), "%.*s", (int)s.n, s.n ? s.p : "");
    assert_string_equal(text, want ? want : "");
}

static void assert_fields(const struct match *m, const char *want)
{
    char text[FIELDS_TEXT_MAX] = "";
    size_t n = 0;

    for (size_t i = 0; i < m->n_fields; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s=%.*s", i ? " " : "",
                              m->field[i].name, (int)m->field[i].value.n, m->field[i].value.p);
    assert_string_equal(text, want);
}

static void assert_match(const struct match *m, const struct sample *s)
{
    char host[ADDR_TEXT_MAX] = "";

    if (m->has_host)
        addr_format(&m->host, host);
    assert_string_equal(host, s->host ? s->host : "");
    assert_int_equal(m->rule, s->rule);
    assert_slice(m->user, s->user);
    assert_slice(m->mlfid, s->mlfid);
    assert_slice(m->id, s->id);
    assert_slice(m->secret, s->secret);
    assert_int_equal(m->count, s->count ? s->count : 1);
    assert_int_equal(m->has_total, s->has_total);
    assert_int_equal(m->total, s->total);
    assert_int_equal(m->ok, s->ok);
    assert_int_equal(m->nofail, s->nofail);
    assert_int_equal(m->forget, s->forget);
    assert_int_equal(m->gained, s->gained);
    if (s->fields)
        assert_fields(m, s->fields);
}

// Who cuts the date out of the line: the filter, nobody (the line begins with it), or its reader.
enum cut { CUT_BY_FILTER, CUT_NOT, CUT_BY_READER, CUTS };

// The end of the copies is that of their memory, so that a sanitizer sees what is read beyond.
static void cut(struct line *line, enum cut by, char **ret_text, char **ret_body)
{
    size_t n = line->text.n, at = line->date.n ? (size_t)(line->date.p - line->text.p) : 0;
    char *text = malloc(n + 1), *body = malloc(n - line->date.n + 1);

    memcpy(text, line->text.p, n);
    memcpy(body, text, at);
    memcpy(body + at, text + at + line->date.n, n - at - line->date.n);
    text[n] = body[n - line->date.n] = '\n';
    line->text.p = text;
    line->date.p = text + at;
    if (by == CUT_NOT)
        line_take_body(line);
    else if (by == CUT_BY_READER)
        line->body = (struct slice){body, n - line->date.n};
    *ret_text = text;
    *ret_body = body;
}

static void run(const struct sample *s, size_t n)
{
    for (size_t i = 0; i < n * CUTS; i++) {
        const struct sample *sample = &s[i / CUTS];
        struct filter *f = make(sample);
        struct line line = line_of(sample->line, sample->date);
        struct match m;
        char *text, *body;
        cut(&line, i % CUTS, &text, &body);
        int r = filter_match(f, &line, &m);
        if (r != sample->result)
            fail_msg("%s on \"%s\": %d, not %d", sample->fail[0], sample->line, r, sample->result);
        if (r == FILTER_E_MATCH)
            assert_match(&m, sample);
        filter_free(f);
        free(text);
        free(body);
    }
}

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const struct sample tags[] = {
    {.fail = {"from <HOST>$"}, .line = "x from 192.0.2.1", .result = 1, .host = "192.0.2.1"},
    {.fail = {"from <HOST>$"}, .line = "x from ::ffff:192.0.2.1", .result = 1, .host = "192.0.2.1"},
    {.fail = {"from <HOST>$"}, .line = "x from 2001:db8::1", .result = 1, .host = "2001:db8::1"},
    {.fail = {"from <HOST>$"}, .line = "x from [2001:db8::]", .result = 1, .host = "2001:db8::"},
    {.fail = {"from <HOST>$"}, .line = "x from ::1", .result = 1, .host = "::1"},
    {.fail = {"from <HOST>$"}, .line = "x from evil.example", .result = 0},
    {.fail = {"from <HOST>$"}, .line = "x from evil.example", .result = 1, .use_dns = true},
    {.fail = {"from <HOST>$"}, .line = "x from 999.1.1.1", .result = 1},
    {.fail = {"from <HOST>$"}, .line = "x from 192.0.2.08", .result = 1},
    {.fail = {"from <ADDR>$"}, .line = "x from [192.0.2.1]", .result = 1, .host = "192.0.2.1"},
    {.fail = {"from <ADDR>$"}, .line = "x from evil.example", .use_dns = true},
    {.fail = {"<F-ADDR/>$"}, .line = "192.0.2.1", .result = 1, .host = "192.0.2.1"},
    {.fail = {"^<IP4> "}, .line = "192.0.2.1 x", .result = 1, .host = "192.0.2.1"},
    {.fail = {"^<IP4>"}, .line = "2001:db8::1"},
    {.fail = {"^<F-IP4/> <F-IP6/>"}, .line = "192.0.2.1 ::1", .result = 1, .host = "192.0.2.1"},
    {.fail = {"^IPv6:<IP6>$"},
     .line = "IPv6:2001:db8:1:2:3:4:5:6",
     .result = 1,
     .host = "2001:db8:1:2:3:4:5:6"},
    {.fail = {"^<IP6>"}, .line = "192.0.2.1"},
    {.fail = {"^<DNS>$"}, .line = "mx_1.evil-host.example", .result = 1},
    {.fail = {"^<F-DNS/>$"}, .line = "192.0.2.1", .result = 1, .host = "192.0.2.1"},
    {.fail = {"^<SUBNET>$"}, .line = "192.0.2.77/24", .result = 1, .host = "192.0.2.0/24"},
    {.fail = {"^<SUBNET>$"}, .line = "[2001:db8:1:2::/48]", .result = 1, .host = "2001:db8:1::/48"},
    {.fail = {"^<F-SUBNET/>$"}, .line = "192.0.2.77", .result = 1, .host = "192.0.2.77"},
    {.fail = {"^<SUBNET>$"}, .line = "192.0.2.77/33", .result = 1},
    {.fail = {"^<SUBNET>$"},
     .line = "192.0.2.77/00000000000000000000000000000000000000000000000024",
     .result = 1},
    {.fail = {"^<ADDR> mask <CIDR>$"},
     .line = "192.0.2.77 mask 28",
     .result = 1,
     .host = "192.0.2.64/28"},
    {.fail = {"^<ADDR>,<F-CIDR/>$"}, .line = "192.0.2.77,28", .result = 1, .host = "192.0.2.64/28"},
    {.fail = {"^<F-ID>\\S+</F-ID> <ADDR>$"},
     .line = "bob 192.0.2.1",
     .result = 1,
     .id = "bob",
     .host = "192.0.2.1",
     .fields = "fid=bob"},
    {.fail = {"^<F-ID/> <ADDR>$"},
     .line = "192.0.2.9 192.0.2.1",
     .result = 1,
     .id = "192.0.2.9",
     .host = "192.0.2.9"},
    {.fail = {"^<F-ID/>$"}, .line = "bob", .result = 1, .id = "bob"},
    {.fail = {"^<F-ID><IP4></F-ID>/<CIDR>$"},
     .line = "192.0.2.9/24",
     .result = 1,
     .id = "192.0.2.9",
     .host = "192.0.2.0/24"},
    {.fail = {"^<ADDR>:<F-PORT/>"},
     .line = "192.0.2.1:smtp x",
     .result = 1,
     .host = "192.0.2.1",
     .fields = "fport=smtp"},
    {.fail = {"^<ADDR> <F-PORT>\\d+</F-PORT> <F-MY_TAG>.</F-MY_TAG>"},
     .line = "192.0.2.1 25 !",
     .result = 1,
     .host = "192.0.2.1",
     .fields = "fport=25 my_tag=!"},
    {.fail = {"^user=<<F-USER>[^>]*</F-USER>> rip=<ADDR>$"},
     .line = "user=<a@b.c> rip=192.0.2.1",
     .result = 1,
     .host = "192.0.2.1",
     .user = "a@b.c",
     .fields = "user=a@b.c"},
    {.fail =
         {"^<F-USER>\\w*</F-USER>/<F-ALT_USER>\\w*</F-ALT_USER>/<F-ALT_USER1>\\w*</F-ALT_USER1> "
          "<ADDR>"},
     .line = "/b/c 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1",
     .user = "b",
     .fields = "user= alt_user=b alt_user1=c"},
    {.fail = {"^<F-ALT_USER>\\w*</F-ALT_USER>/<F-ALT_USER_2>\\w*</F-ALT_USER_2> <ADDR>"},
     .line = "/c 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1",
     .user = "c"},
    {.fail = {"^<F-ALT_USER>a</F-ALT_USER><F-USER>b</F-USER> <ADDR>"},
     .line = "ab 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1",
     .user = "b"},
    {.fail = {"^<F-ALT_USERS>a</F-ALT_USERS> <ADDR>"},
     .line = "a 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1"},
    {.fail = {"^<F-MLFID>\\S+</F-MLFID> <F-NOFAIL><F-MLFFORGET>bye</F-MLFFORGET></F-NOFAIL>"},
     .line = "p[1]: bye",
     .result = 1,
     .mlfid = "p[1]:",
     .nofail = true,
     .forget = true,
     .fields = "mlfid=p[1]: nofail=bye mlfforget=bye"},
    {.fail = {"^<F-MLFID>\\S+</F-MLFID> <F-MLFGAINED>Accepted</F-MLFGAINED>"},
     .line = "1 Accepted",
     .result = 1,
     .mlfid = "1",
     .gained = true},
    {.fail = {"^<ADDR> <F-NOFAIL></F-NOFAIL>"},
     .line = "192.0.2.1 x",
     .result = 1,
     .host = "192.0.2.1"},
    {.fail = {"^<ADDR> <F-COUNT>\\d+</F-COUNT> attempts"},
     .line = "192.0.2.1 3 attempts",
     .result = 1,
     .host = "192.0.2.1",
     .count = 3,
     .fields = "count=3"},
    {.fail = {"^<ADDR> <F-COUNT>\\d+</F-COUNT>"},
     .line = "192.0.2.1 99999999999999999999999",
     .result = 1,
     .host = "192.0.2.1",
     .count = UINT32_MAX},
    {.fail = {"^<ADDR> <F-COUNT>\\S+</F-COUNT>"},
     .line = "192.0.2.1 many",
     .result = 1,
     .host = "192.0.2.1",
     .count = 1},
    {.fail = {"^<ADDR> auth=<F-OK>\\d+</F-OK>/<F-TOTAL>\\d+</F-TOTAL>"},
     .line = "192.0.2.1 auth=1/4",
     .result = 1,
     .host = "192.0.2.1",
     .has_total = true,
     .total = 4,
     .ok = 1,
     .fields = "ok=1 total=4"},
    {.fail = {"^<ADDR> <F-SECRET>\\S+</F-SECRET> <F-USER>\\S+</F-USER>"},
     .line = "192.0.2.1 s3cret bob",
     .result = 1,
     .host = "192.0.2.1",
     .user = "bob",
     .secret = "s3cret",
     .fields = "user=bob"},
    // Tags that fail2ban does not know are text, and so is an end that has no beginning.
    {.fail = {"^<foo></F-USER><F-user><<> <ADDR>"},
     .line = "<foo></F-USER><F-user><<> 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1"},
    {.fail = {"^<F-USERS>x</F-USER></F-USERS> <ADDR>"},
     .line = "x</F-USER> 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1",
     .fields = "users=x</F-USER>"},
};

static void writes_out_tags(void **state)
{
    (void)state;
    run(tags, COUNT(tags));
}

// What takes the rest of the line does not take what ends it.
static const struct sample rests[] = {
    {.fail = {"^<ADDR> <F-USER>.*</F-USER>"},
     .line = "192.0.2.1 bob ",
     .result = 1,
     .host = "192.0.2.1",
     .user = "bob "},
    {.fail = {"^<ADDR> <F-USER>.+</F-USER>$"},
     .line = "192.0.2.1 bob",
     .result = 1,
     .host = "192.0.2.1",
     .user = "bob"},
    {.fail = {"^<ADDR> ?(?:<F-USER>.*</F-USER>$)"},
     .line = "192.0.2.1 ",
     .result = 1,
     .host = "192.0.2.1",
     .fields = "user="},
    {.fail = {"^<ADDR> <F-USER>.+</F-USER>$"}, .line = "192.0.2.1 "},
    {.fail = {"^<ADDR>(?=<F-USER>.+</F-USER>)$"}, .line = "192.0.2.1"},
    {.fail = {"^<ADDR>\\s<F-USER>.+</F-USER>$"}, .line = "192.0.2.1"},
    {.prefix = "^x: <F-CONTENT>.*</F-CONTENT>$",
     .fail = {"^<ADDR>(?: .+|)$"},
     .line = "x: 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1"},
    // A dot, and a backslash before any byte.
    {.fail = {"^<ADDR> <F-USER>\\.+</F-USER>$"}, .line = "192.0.2.1 .x"},
    {.fail = {"^<ADDR> <F-USER>\\.*</F-USER>$"},
     .line = "192.0.2.1 ..",
     .result = 1,
     .host = "192.0.2.1",
     .user = ".."},
    {.fail = {"^<ADDR> <F-USER>\\\\.+</F-USER>$"},
     .line = "192.0.2.1 \\bob",
     .result = 1,
     .host = "192.0.2.1",
     .user = "\\bob"},
    {.fail = {"^<ADDR> x.*$"}, .ignore = {"x.+$"}, .line = "192.0.2.1 xy", .result = 2},
    {.fail = {"^<ADDR> x.*$"},
     .ignore = {"x.+$"},
     .line = "192.0.2.1 x",
     .result = 1,
     .host = "192.0.2.1"},
};

static void takes_the_rest_of_the_line(void **state)
{
    (void)state;
    run(rests, COUNT(rests));
}

#define PREFIX "^<F-MLFID>\\S+ \\S+\\[\\d+\\]</F-MLFID>: <F-CONTENT>.+</F-CONTENT>$"

static const struct sample order[] = {
    // The first that matches counts, wherever it matches.
    {.fail = {"b <ADDR>", "a <ADDR>", "<ADDR>"},
     .line = "a 192.0.2.1 b 192.0.2.2",
     .result = 1,
     .host = "192.0.2.2"},
    {.fail = {"c <ADDR>", "a <ADDR>", "<ADDR>"},
     .line = "a 192.0.2.1 b 192.0.2.2",
     .result = 1,
     .host = "192.0.2.1",
     .rule = 1},
    // The date is cut out, and the two ends meet.
    {.fail = {"^ mail x: <ADDR>$"},
     .line = "Nov 22 03:09:36 mail x: 192.0.2.1",
     .date = "Nov 22 03:09:36",
     .result = 1,
     .host = "192.0.2.1"},
    {.fail = {"^\\[\\] <F-USER>\\S+</F-USER> <ADDR>$"},
     .line = "[22/Nov/2026] bob 192.0.2.1",
     .date = "22/Nov/2026",
     .result = 1,
     .host = "192.0.2.1",
     .user = "bob"},
    {.fail = {"^<ADDR> at <F-USER>\\S+</F-USER>$"},
     .line = "192.0.2.1 at bo2026-11-22b",
     .date = "2026-11-22",
     .result = 1,
     .host = "192.0.2.1",
     .user = "bob"},
    {.fail = {"^<ADDR> at $"},
     .line = "192.0.2.1 at 2026-11-22",
     .date = "2026-11-22",
     .result = 1,
     .host = "192.0.2.1"},
    // The prefregex must match; its groups and the failregex's are one set, the latter's first.
    {.prefix = PREFIX,
     .fail = {"^bad <ADDR>$"},
     .line = "mail x[1]: bad 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1",
     .mlfid = "mail x[1]",
     .fields = "mlfid=mail x[1]"},
    {.prefix = PREFIX, .fail = {"bad <ADDR>$"}, .line = "mail x: bad 192.0.2.1"},
    {.prefix = PREFIX, .fail = {"^mail"}, .line = "mail x[1]: bad 192.0.2.1"},
    {.prefix = "^<F-USER>\\w+</F-USER> <F-X>.</F-X> <F-CONTENT>.*</F-CONTENT>",
     .fail = {"^(?:<F-USER>\\w+</F-USER> )?<ADDR>$"},
     .line = "bob x tom 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1",
     .user = "tom",
     .fields = "user=tom x=x"},
    {.prefix = "^<F-USER>\\w+</F-USER> <F-X>.</F-X> <F-CONTENT>.*</F-CONTENT>",
     .fail = {"^(?:<F-USER>\\w+</F-USER> )?<ADDR>$"},
     .line = "bob x 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1",
     .user = "bob",
     .fields = "user=bob x=x"},
    {.prefix = "^<ADDR> <F-CONTENT>.*</F-CONTENT>$",
     .fail = {"^bad$"},
     .line = "192.0.2.1 bad",
     .result = 1,
     .host = "192.0.2.1"},
    // Without <F-CONTENT>, or where it is empty, the failregexes see the whole line.
    {.prefix = "^mail ",
     .fail = {"^mail <ADDR>"},
     .line = "mail 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1"},
    {.prefix = "^<F-CONTENT></F-CONTENT>mail",
     .fail = {"^mail <ADDR>"},
     .line = "mail 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1"},
    {.prefix = "  ",
     .fail = {"^mail <ADDR>"},
     .line = "mail 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1"},
    // What lies around <F-CONTENT> is out of sight, lookbehind included, and its end is the line's.
    {.prefix = "^a <F-CONTENT>.*</F-CONTENT> z",
     .fail = {"(?<=a )<ADDR>"},
     .line = "a 192.0.2.1 z"},
    {.prefix = "^a <F-CONTENT>.*</F-CONTENT> z",
     .fail = {"<ADDR>\\s$"},
     .line = "a 192.0.2.1 z",
     .result = 1,
     .host = "192.0.2.1"},
    {.prefix = "^a <F-CONTENT>.*</F-CONTENT> <F-USER>.</F-USER>$",
     .fail = {"<ADDR>[^x]+$"},
     .line = "a 192.0.2.1 z",
     .result = 1,
     .host = "192.0.2.1",
     .user = "z"},
    // An ignoreregex beats a failregex that matched ...
    {.fail = {"<ADDR>"}, .ignore = {"good"}, .line = "good 192.0.2.1", .result = 2},
    {.fail = {"<ADDR>"}, .ignore = {"fine", "good"}, .line = "good 192.0.2.1", .result = 2},
    {.fail = {"<ADDR>"},
     .ignore = {"good"},
     .line = "bad 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1"},
    {.fail = {"^good <ADDR>", "<ADDR>"},
     .ignore = {"^good"},
     .line = "good 192.0.2.1",
     .result = 2},
    {.fail = {"<ADDR>", "b", "c"}, .ignore = {"good"}, .line = "good", .prefix = "<ADDR>?"},
    // ... on what the failregex saw, unless there are three failregexes more: then before all.
    {.prefix = PREFIX,
     .fail = {"<ADDR>"},
     .ignore = {"^mail"},
     .line = "mail x[1]: 192.0.2.1",
     .result = 1,
     .host = "192.0.2.1",
     .mlfid = "mail x[1]"},
    {.prefix = PREFIX,
     .fail = {"<ADDR>"},
     .ignore = {"^192"},
     .line = "mail x[1]: 192.0.2.1",
     .result = 2},
    {.prefix = PREFIX,
     .fail = {"<ADDR>", "b", "c", "d"},
     .ignore = {"^mail"},
     .line = "mail x[1]: 192.0.2.1",
     .result = 2},
    {.prefix = PREFIX,
     .fail = {"<ADDR>", "b", "c", "d"},
     .ignore = {"^mail"},
     .line = "mail",
     .result = 2},
    {.prefix = PREFIX,
     .fail = {"<ADDR>", "b", "c", "d"},
     .ignore = {"^192"},
     .line = "mail x[1]: 192.0.2.1",
     .result = 2},
    // A newline stands behind the line, and is no part of what is found.
    {.fail = {"<ADDR>$"}, .line = "192.0.2.1", .result = 1, .host = "192.0.2.1"},
    {.fail = {"<ADDR>\\s*$"}, .line = "192.0.2.1", .result = 1, .host = "192.0.2.1"},
    {.fail = {"<ADDR>\\s+$"}, .line = "192.0.2.1", .result = 1, .host = "192.0.2.1"},
    {.fail = {"<ADDR>(?:\\s|,)"}, .line = "192.0.2.1", .result = 1, .host = "192.0.2.1"},
    {.fail = {"<ADDR>\\n$"}, .line = "192.0.2.1", .result = 1, .host = "192.0.2.1"},
    {.fail = {"<ADDR>\\Z"}, .line = "192.0.2.1"},
    {.fail = {"<ADDR>.$"}, .line = "192.0.2.1 ", .result = 1, .host = "192.0.2.1"},
    {.fail = {"<ADDR> <F-USER>[^,]+</F-USER>"},
     .line = "192.0.2.1 bob",
     .result = 1,
     .host = "192.0.2.1",
     .user = "bob"},
    {.fail = {"<ADDR>\\n<F-USER>$</F-USER>"},
     .line = "192.0.2.1",
     .result = 1,
     .host = "192.0.2.1",
     .fields = "user="},
};

static void follows_the_order(void **state)
{
    (void)state;
    run(order, COUNT(order));
}

// Python's regexes where PCRE2 reads them differently: {regex, text it must take, or must not}.
static const struct {
    const char *regex, *takes, *leaves;
} dialect[] = {
    {"a{,2}b$", "xaab", "xa{,2}c"},
    {"^a{,2}b", "aab", "aaab"},
    {"^a{,}b", "aaaab", "a{,}b"},
    {"^a{,2}b", "b", "a{,2}b"},
    {"^a{2}b{1,2}c{1,}d", "aabbcccd", "aab"},
    {"^a{x}$", "a{x}", "ax"},
    {"^a{}$", "a{}", "a"},
    {"^[a{,2}]+$", "a{,2}", "b"},
    {"^a\\{,2}$", "a{,2}", "aa"},
    {"(?u)^a$", "a", "A"},
    {"(?iu)^a$", "A", "b"},
    {"(?ai)^a$", "A", "b"},
    {"^(?u:a)$", "a", "b"},
    {"^(?i:a)b$", "Ab", "AB"},
    {"^(?i-s:a)b$", "Ab", "AB"},
    {"^((?i)a|b)(c)\\1$", "Acc", "Aca"}, // the first group is (?i:…), and does not count
    {"^(?:(?i)a)b$", "Ab", "AB"},
    {"^\\((?i:a)\\)$", "(A)", "A"},
    {"(?x)^ a b $", "ab", "a b"},
    {"(?s)^a.b", "a\tb", "ab"},
    {"^a\\vb$", "a\vb", "a\fb"},
    {"^\\x41\\u0042\\U00000043$", "ABC", "x41"},
    {"^(?:\\xe9|\\u20ac|\\U0001f600){3}$", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xe9"},
    {"^\\u20ac+$", "\xe2\x82\xac\xe2\x82\xac", "\xe2\x82\xac\xac"},
    {"^\xc3\xa9{2}$", "\xc3\xa9\xc3\xa9", "\xc3\xa9\xa9"},
    {"^\xc3\xa9"
     "a\xc3\xa9*$",
     "\xc3\xa9"
     "a",
     "a"},
    {"^[\\x41-\\u0043]+$", "ABC", "D"},
    {"^[[:alpha:]]$", "h]", "h"},
    {"^[[a]+[]b]+[^]c]$", "[a]b]x", "b]x"},
    {"^[\\]\\[]+$", "[]", "\\"},
    {"^[^\\x00-\\x7f]+$", "\xc3\xa9", "e"},
    {"^(?P<a_very_long_name_of_more_than_thirty_two_bytes>x)"
     "(?P=a_very_long_name_of_more_than_thirty_two_bytes)$",
     "xx", "x"},
    {"^(?P<R>a)?(?(R)b|c)$", "ab", "ac"},
    {"^(?P<DEFINE>a)?(?(DEFINE)b|c)$", "c", "b"},
    {"^(a)?(?(1)b|c)$", "ab", "ac"},
    {"^a(?#a {,2} comment)b$", "ab", "a"},
    {"^(?>a+)b(?=c)(?!d)(?<=b)(?<!c)", "aabc", "abd"},
    {"^a\\.\\[\\]\\-\\<\\/\\_$", "a.[]-</_", "a"},
    {"^\\(*a$", "((a", "(b"},
};

static void reads_python(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dialect); i++) {
        struct sample s = {.prefix = dialect[i].regex, .fail = {"^<F-ID>.*</F-ID>"}};
        struct filter *f = make(&s);
        struct line takes = line_of(dialect[i].takes, NULL);
        struct line leaves = line_of(dialect[i].leaves, NULL);
        struct match m;
        if (filter_match(f, &takes, &m) != FILTER_E_MATCH)
            fail_msg("%s does not take %s", dialect[i].regex, dialect[i].takes);
        if (filter_match(f, &leaves, &m) != 0)
            fail_msg("%s takes %s", dialect[i].regex, dialect[i].leaves);
        filter_free(f);
    }
}

// The start of what is said of a failregex that is wrong.
static const struct {
    const char *regex, *error;
} errors[] = {
    {"^bad$", "does not say whose failure it is: add <HOST> or <ADDR>"},
    {"", "at 0, \"\": is empty"},
    {" \t", "at 0, \" \t\": is empty"},
    {"<HOST> (a", "at 8, \"a\": missing closing parenthesis; close each ( with )"},
    {"<HOST> <F-USER>a", "at 15, \"a\": missing closing parenthesis; close each ( with ) and each "
                         "<F-X> with </F-X>"},
    {"<HOST> a)", "at 8, \")\": unmatched closing parenthesis; write \\)"},
    {"<HOST> *+*", "at 9, \"*\": quantifier does not follow a repeatable item; write \\*"},
    {"<HOST> [a", "at 7, \"[a\": […] is not closed: write \\["},
    {"<HOST> [z-a]", "at 10, \"a]\": range out of order in character class; write \\-"},
    {"<HOST>(?<=a*)", "at 6, \"(?<=a*)\": lookbehind assertion is not fixed length; leave out *"},
    {"<HOST> a\\", "at 8, \"\\\": ends in a single \\"},
    {"<HOST> <HOST>", "at 7, \"<HOST>\": the group \"ip4\" is there twice"},
    {"<ADDR> <F-USER>a</F-USER> <F-USER>b</F-USER>",
     "at 26, \"<F-USER>b</F-USER>\": the group \"user\" is there twice: for a second user write "
     "<F-ALT_USER1>"},
    {"<ADDR> <F-A-B>a</F-A-B>", "at 7, \"<F-A-B>a</F-A-B>\": a group's name has letters, digits"},
    {"<ADDR> <F-1>a</F-1>", "at 7, \"<F-1>a</F-1>\": a group's name starts with a letter or _"},
    {"<ADDR> (?P<a", "at 7, \"(?P<a\": a group's name has letters"},
    {"<ADDR> \\N{EM DASH}", "at 7, \"\\N{EM DASH}\": \\N{…} is not supported: write the character"},
    {"<ADDR> \\Qa{\\E", "at 7, \"\\Qa{\\E\": \\Q is not an escape"},
    {"<ADDR> \\p{L}", "at 7, \"\\p{L}\": \\p is not an escape"},
    {"<ADDR> \\x4", "at 7, \"\\x4\": \\x takes 2 hexadecimal digits"},
    {"<ADDR> \\u00e", "at 7, \"\\u00e\": \\u takes 4 hexadecimal digits"},
    {"<ADDR> \\U00110000", "at 7, \"\\U00110000\": \\U00110000 is beyond the last character"},
    {"<ADDR> [\xc3\xa9\xc3\xa8]", "at 8, \"\xc3\xa9\xc3\xa8]\": […] matches one byte"},
    {"<ADDR> [\\xe9]", "at 8, \"\\xe9]\": […] matches one byte"},
    {"<ADDR> (?P=user)", "at 7, \"(?P=user)\": there is no group \"user\""},
    {"<ADDR> (?(user)a)", "at 7, \"(?(user)a)\": there is no group \"user\""},
    {"<ADDR> (?<user>a)", "at 7, \"(?<user>a)\": (?< is not known to fail2ban's regexes: write "
                          "(?:…) for a plain group, (?P<name>…) for a named one"},
    {"<ADDR> (?R)", "at 7, \"(?R)\": (?R is not known"},
    {"<ADDR> (?L)a", "at 7, \"(?L)a\": (?L is not known"},
    {"<ADDR> ((?L)a)", "at 8, \"(?L)a)\": (?L is not known"},
    {"<ADDR> (?i", "at 7, \"(?i\": (?i is not known"},
    {"(*UTF)<ADDR>", "at 0, \"(*UTF)<ADDR>\": (* has nothing to repeat"},
    {"<ADDR> (?#a", "at 7, \"(?#a\": (?#…) is not closed"},
    {"<ADDR> a{70000}", "at 14, \"}\": number too big in {} quantifier"},
    {"<ADDR> "
     "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
     "\xa9\xc3\xa9*+*",
     ""},
};

static void says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(errors); i++) {
        struct pattern pattern = {errors[i].regex, "f.conf", 7};
        struct filter_spec spec = {.name = "x", .failregex = &pattern, .n_failregex = 1};
        struct filter_error error = {0};
        struct filter *f = NULL;
        int r = filter_new(&spec, &f, &error);
        if (r != -EINVAL || strncmp(error.text, errors[i].error, strlen(errors[i].error)) != 0)
            fail_msg("%s: %d, %s", errors[i].regex, r, error.text);
        assert_ptr_equal(error.pattern, &pattern);
        assert_null(f);
    }
}

static void names_the_regex_that_is_wrong(void **state)
{
    struct pattern good[] = {{"<ADDR>", "f.conf", 1}, {"^(", "f.conf", 2}};
    struct filter_spec prefix = {
        .name = "x", .prefregex = {"(", "f.conf", 9}, .failregex = good, .n_failregex = 1};
    struct filter_spec second = {.name = "x", .failregex = good, .n_failregex = 2};
    struct filter_spec ignore = {.name = "x",
                                 .failregex = good,
                                 .n_failregex = 1,
                                 .ignoreregex = good + 1,
                                 .n_ignoreregex = 1};
    struct filter_spec none = {.name = "x"};
    struct filter_error error;
    struct filter *f;

    (void)state;
    assert_int_equal(filter_new(&prefix, &f, &error), -EINVAL);
    assert_ptr_equal(error.pattern, &prefix.prefregex);
    assert_int_equal(filter_new(&second, &f, &error), -EINVAL);
    assert_ptr_equal(error.pattern, &good[1]);
    assert_int_equal(filter_new(&ignore, &f, &error), -EINVAL);
    assert_ptr_equal(error.pattern, &good[1]);
    assert_int_equal(filter_new(&none, &f, &error), -EINVAL);
    assert_null(error.pattern);
    assert_string_equal(error.text, "has no failregex: add one with <HOST> or <ADDR> in it");
}

static void bounds_the_fields(void **state)
{
    char many[1024] = "<ADDR>", prefix[1024] = "<F-CONTENT>.*</F-CONTENT>";
    struct pattern pattern = {many, "f.conf", 1};
    struct filter_spec spec = {.name = "x", .failregex = &pattern, .n_failregex = 1};
    struct filter_error error;
    struct filter *f;

    (void)state;
    for (int i = 0; i < 20; i++) {
        snprintf(many + strlen(many), 32, "(?P<f%d>)", i);
        snprintf(prefix + strlen(prefix), 32, "(?P<p%d>)", i);
    }
    assert_int_equal(filter_new(&spec, &f, &error), 0);
    filter_free(f);
    spec.prefregex.text = prefix;
    assert_int_equal(filter_new(&spec, &f, &error), -EINVAL);
    assert_non_null(strstr(error.text, "more than 32 named groups"));
    for (int i = 20; i < 33; i++)
        snprintf(many + strlen(many), 32, "(?P<f%d>)", i);
    assert_int_equal(filter_new(&spec, &f, &error), -EINVAL);
    assert_non_null(strstr(error.text, "has more than 32 named groups"));
}

// Two drop-ins as people have published them, with the lines that they are for.
static const struct sample published[] = {
    {.fail = {"reject: RCPT from (.*)\\[<HOST>\\]: 504 5.5.2"},
     .use_dns = true,
     .result = 1,
     .line = "Nov 22 03:09:36 mail postfix/smtpd[7432]: NOQUEUE: reject: RCPT from "
             "unknown[192.0.2.7]: 504 5.5.2 <ylmf-pc>: Helo command rejected: need fully-qualified "
             "hostname; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<ylmf-pc>",
     .date = "Nov 22 03:09:36",
     .host = "192.0.2.7",
     .fields = ""},
    {.fail = {"reject: RCPT from (.*)\\[<HOST>\\]: 504 5.5.2"},
     .use_dns = true,
     .line = "mail postfix/smtpd[7432]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.1.1 "
             "<u@example.com>: Recipient address rejected: User unknown"},
    {.fail = {"reject: RCPT from (.*)\\[<HOST>\\]: 502 5.5.2",
              "reject: RCPT from (.*)\\[<HOST>\\]: 500 5.5.2"},
     .use_dns = true,
     .result = 1,
     .rule = 1,
     .host = "2001:db8:bad:1::13d",
     .line = "mail postfix/smtpd[7432]: NOQUEUE: reject: RCPT from mx.evil.example"
             "[2001:db8:bad:1::13d]: 500 5.5.2 <x>: Error: command not recognized"},
    {.fail = {"reject: RCPT from (.*)\\[<HOST>\\]: 502 5.5.2",
              "reject: RCPT from (.*)\\[<HOST>\\]: 500 5.5.2"},
     .use_dns = true,
     .result = 1,
     .host = "192.0.2.7",
     .line = "mail postfix/smtpd[7432]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 502 5.5.2 "
             "Error: command not recognized"},
};

static void takes_published_drop_ins(void **state)
{
    (void)state;
    run(published, COUNT(published));
}

static void points_into_the_line(void **state)
{
    struct sample s = {.fail = {"^(?P<a>a+)(?P<b>b)(?P<c>c+) (?P<ab>) <ADDR>"},
                       .line = "aa2026bcc  192.0.2.1",
                       .date = "2026"};
    struct sample cut = {.fail = {"^<F-SECRET>\\w+</F-SECRET> <F-ALL>.*</F-ALL>  <ADDR>"},
                         .line = "aa2026bcc x  192.0.2.1",
                         .date = "2026"};
    struct filter *f = make(&s);
    struct line line = line_of(s.line, s.date);
    struct match m;

    (void)state;
    assert_int_equal(filter_match(f, &line, &m), FILTER_E_MATCH);
    assert_int_equal(m.n_fields, 4);
    assert_ptr_equal(m.field[0].value.p, s.line);
    assert_ptr_equal(m.field[1].value.p, s.line + 6);
    assert_ptr_equal(m.field[2].value.p, s.line + 7);
    filter_free(f);
    f = make(&cut);
    line = line_of(cut.line, cut.date);
    assert_int_equal(filter_match(f, &line, &m), FILTER_E_MATCH);
    assert_true(slice_is(m.secret, "aabcc"));
    assert_ptr_equal(m.field[0].value.p, cut.line + 10);
    filter_free(f);
}

static void survives_any_bytes(void **state)
{
    static const char text[] = "a\0\xff\xfe\x80\r b\0c 192.0.2.1 \xc3";
    struct sample s = {.fail = {"^a<F-USER>[^ ]*</F-USER> b.c <ADDR> .$"}};
    struct filter *f = make(&s);
    struct line line = {.text = {text, sizeof(text) - 1}};
    struct match m;

    (void)state;
    assert_int_equal(filter_match(f, &line, &m), FILTER_E_MATCH);
    assert_int_equal(m.user.n, 5);
    assert_memory_equal(m.user.p, "\0\xff\xfe\x80\r", 5);
    line.text = (struct slice){0};
    assert_int_equal(filter_match(f, &line, &m), 0);
    filter_free(f);
}

static void takes_lines_up_to_the_limit(void **state)
{
    static const char tail[] = " 192.0.2.1";
    struct sample s = {.fail = {"^x+ <ADDR>$"}};
    struct filter *f = make(&s);
    char *text = malloc(LINES_MAX + 1);
    struct line line = {.text = {text, LINES_MAX}};
    struct match m;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', LINES_MAX + 1);
    memcpy(text + LINES_MAX - strlen(tail), tail, strlen(tail));
    assert_int_equal(filter_match(f, &line, &m), FILTER_E_MATCH);
    memset(text, 'x', LINES_MAX + 1);
    memcpy(text + LINES_MAX + 1 - strlen(tail), tail, strlen(tail));
    line.text.n = LINES_MAX + 1;
    assert_int_equal(filter_match(f, &line, &m), 0);
    assert_int_equal(filter_limits_hit(f), 0);
    filter_free(f);
    free(text);
}

// Each of them would try longer than the universe is old.
static const struct {
    struct sample sample;
    uint64_t hits;
} catastrophes[] = {
    {{.fail = {"<ADDR> (a+)+$"}, .result = FILTER_E_LIMIT}, 1},
    {{.fail = {"<ADDR> (a|a)*$"}, .result = FILTER_E_LIMIT}, 1},
    {{.fail = {"<ADDR> (.*)*(.*)*(.*)*[xy]"}, .result = FILTER_E_LIMIT}, 1},
    {{.fail = {"<ADDR> (a+)+$", "<ADDR>"}, .result = FILTER_E_MATCH}, 1},
    {{.fail = {"<ADDR> (a+)+$"}, .prefix = "<F-CONTENT>.*</F-CONTENT>", .result = FILTER_E_LIMIT},
     1},
    {{.fail = {"<ADDR>"}, .prefix = " (a+)+$", .result = FILTER_E_LIMIT}, 1},
    {{.fail = {"<ADDR>"}, .ignore = {" (a+)+$"}, .result = FILTER_E_MATCH}, 1},
    {{.fail = {"<ADDR>b"}, .ignore = {" (a+)+$"}, .result = 0}, 0},
    {{.fail = {"<ADDR>b", "b", "b", "b"},
      .ignore = {" (a+)+$"},
      .prefix = "<ADDR>",
      .result = FILTER_E_LIMIT},
     1},
};

static void gives_up_on_catastrophes(void **state)
{
    char text[2048] = "192.0.2.1 ";
    struct line line = {.text = {text, sizeof(text)}};

    (void)state;
    memset(text + 10, 'a', sizeof(text) - 11);
    text[sizeof(text) - 1] = '!';
    for (size_t i = 0; i < COUNT(catastrophes); i++) {
        struct filter *f = make(&catastrophes[i].sample);
        struct match m;
        int r = filter_match(f, &line, &m);
        if (r != catastrophes[i].sample.result)
            fail_msg("%s: %d", catastrophes[i].sample.fail[0], r);
        assert_int_equal(filter_limits_hit(f), catastrophes[i].hits);
        filter_free(f);
    }
}

#define END "<F-NOFAIL><F-MLFFORGET>bye</F-MLFFORGET></F-NOFAIL>"

// Of the first two failregexes, those that only end a session.
static const struct {
    struct sample sample;
    bool first, second;
    bool dates; // with a datepattern of its own
} ends[] = {
    {{.fail = {"^" END " <ADDR>", "^<ADDR>"}}, true, false},
    {{.prefix = "^<F-MLFID>\\S+</F-MLFID> ", .fail = {END " <ADDR>", "x(?:" END "){2} <ADDR>"}},
     true,
     true},
    {{.prefix = "^<F-USER>\\S+</F-USER> ", .fail = {END " <ADDR>", END " x <ADDR>"}}, false, false},
    {{.fail = {END " <F-USER>\\S+</F-USER> <ADDR>", END " <F-ALT_USER>a</F-ALT_USER> <ADDR>"}},
     false,
     false},
    {{.fail = {"<F-SUCCESS>" END "</F-SUCCESS> <ADDR>", "^<F-NOFAIL>bye</F-NOFAIL> <ADDR>"}},
     false,
     false},
    // A match without one of the two counts.
    {{.fail = {"(?:" END ")? <ADDR>", "(?:" END "|x) <ADDR>"}}, false, false},
    {{.fail = {"<F-NOFAIL>(?:<F-MLFFORGET>bye</F-MLFFORGET>)*x</F-NOFAIL> <ADDR>",
               "<F-NOFAIL>x*</F-NOFAIL><F-MLFFORGET>bye</F-MLFFORGET> <ADDR>"}},
     false,
     false},
    {{.fail = {END "|<ADDR>", "(?=" END ")<ADDR>"}}, false, false},
    {{.fail = {"^" END " <ADDR>", "^<ADDR>"}}, false, false, true},
    // Lines do not all begin with their sessions' ids.
    {{.fail = {"^(?:\\[\\])?(?:<F-MLFID>x</F-MLFID>|y) " END " <ADDR>", "^<ADDR>"}}, false, false},
    {{.fail = {"^(?=x)(?:(?:<F-MLFID>x</F-MLFID>|y) )?" END " <ADDR>", "^<ADDR>"}}, true, false},
    {{.fail = {"^" END " <ADDR>", "<F-MLFID>x</F-MLFID> <ADDR>"}}, false, false},
    {{.fail = {"^" END " <ADDR>", "^x <F-MLFID>x</F-MLFID> <ADDR>"}}, false, false},
    {{.prefix = "^x <F-CONTENT>.+</F-CONTENT>",
      .fail = {"^" END " <ADDR>", "^<F-MLFID>x</F-MLFID> <ADDR>"}},
     false,
     false},
    {{.prefix = "<F-MLFID>x</F-MLFID>", .fail = {END " <ADDR>", "<ADDR>"}}, false, false},
};

static void tells_what_only_ends(void **state)
{
    static const struct pattern date = {.text = "^%Y"};

    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct pattern fail[LIST_MAX];
        struct filter_spec spec = {.name = "ends",
                                   .prefregex.text = ends[i].sample.prefix,
                                   .failregex = fail,
                                   .n_failregex = count_list(ends[i].sample.fail, fail),
                                   .datepattern = &date,
                                   .n_datepattern = ends[i].dates};
        const uint64_t first = 1, second = 2, both = 3;
        struct filter_error error;
        struct filter *f;
        assert_int_equal(filter_new(&spec, &f, &error), 0);
        assert_int_equal(filter_only_ends(f, &first), ends[i].first);
        assert_int_equal(filter_only_ends(f, &second), ends[i].second);
        assert_int_equal(filter_only_ends(f, &both), ends[i].first && ends[i].second);
        assert_false(filter_only_ends(f, NULL));
        filter_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_out_tags),
        cmocka_unit_test(takes_the_rest_of_the_line),
        cmocka_unit_test(follows_the_order),
        cmocka_unit_test(tells_what_only_ends),
        cmocka_unit_test(reads_python),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(names_the_regex_that_is_wrong),
        cmocka_unit_test(bounds_the_fields),
        cmocka_unit_test(takes_published_drop_ins),
        cmocka_unit_test(points_into_the_line),
        cmocka_unit_test(survives_any_bytes),
        cmocka_unit_test(takes_lines_up_to_the_limit),
        cmocka_unit_test(gives_up_on_catastrophes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
