// SPDX-License-Identifier: GPL-2.0-or-later
// The configuration, tested and dumped without a daemon. The dump is the commands that fail2ban's
// client would send to its server, one a line.
#include "cli/f2b.h"
#include "cli/python.h"
#include "cli/view.h"
#include "conf/config.h"

#include <errno.h>

static int load(const struct f2b *f, struct config *c)
{
    int r = config_load(f->arguments.config, c);

    return view_config_problems(c, f->arguments.config, false) > 0 || r < 0 ? -EINVAL : 0;
}

int f2b_test(const struct f2b *f, char **word, size_t n)
{
    struct config c = {0};
    int r = load(f, &c);

    (void)word;
    (void)n;
    config_done(&c);
    if (r < 0) {
        command_fail("ERROR: test configuration failed");
        return F2B_FAILED;
    }
    fputs("OK: configuration test is successful\n", f->out);
    return F2B_DONE;
}

// ['set', 'jail', 'key', …]
static struct python_list open_set(const struct f2b *f, const char *jail, const char *key)
{
    struct python_list list = python_open(f->out);

    python_text(python_next(&list), slice_of("set"));
    python_text(python_next(&list), slice_of(jail));
    python_text(python_next(&list), slice_of(key));
    return list;
}

static void end_line(struct python_list *list)
{
    python_close(list);
    fputc('\n', list->out);
}

static void print_text(const struct f2b *f, const char *jail, const char *key, const char *value)
{
    struct python_list list = open_set(f, jail, key);

    python_text(python_next(&list), slice_of(value));
    end_line(&list);
}

static void print_number(const struct f2b *f, const char *jail, const char *key, unsigned value)
{
    struct python_list list = open_set(f, jail, key);

    fprintf(python_next(&list), "%u", value);
    end_line(&list);
}

static void print_span(const struct f2b *f, const char *jail, const char *key, usec_t span)
{
    char text[SPAN_TEXT_MAX];

    span_format(span, text);
    print_text(f, jail, key, span == USEC_FOREVER ? "-1" : text);
}

static void print_regexes(const struct f2b *f, const char *jail, const char *key,
                          const struct pattern *pattern, size_t n)
{
    struct python_list list, all;

    if (n == 1)
        print_text(f, jail, key, pattern[0].text);
    if (n <= 1)
        return;
    list = python_open(f->out);
    python_text(python_next(&list), slice_of("multi-set"));
    python_text(python_next(&list), slice_of(jail));
    python_text(python_next(&list), slice_of(key));
    python_next(&list);
    all = python_open(f->out);
    for (size_t i = 0; i < n; i++)
        python_text(python_next(&all), slice_of(pattern[i].text));
    python_close(&all);
    end_line(&list);
}

static void print_filter(const struct f2b *f, const char *jail, const struct filter_spec *s)
{
    print_text(f, jail, "usedns", s->use_dns ? "yes" : "no");
    if (s->prefregex.text)
        print_text(f, jail, "prefregex", s->prefregex.text);
    print_number(f, jail, "maxlines", s->maxlines > 1 ? s->maxlines : 1);
    print_regexes(f, jail, "addfailregex", s->failregex, s->n_failregex);
    print_regexes(f, jail, "addignoreregex", s->ignoreregex, s->n_ignoreregex);
    for (size_t i = 0; i < s->n_datepattern; i++)
        print_text(f, jail, "datepattern", s->datepattern[i].text);
}

static void print_matches(const struct f2b *f, const struct jail_conf *jail)
{
    struct python_list list;

    if (jail->journal.n_match == 0)
        return;
    list = open_set(f, jail->name, "addjournalmatch");
    for (size_t i = 0; i < jail->journal.n_match; i++)
        python_text(python_next(&list), slice_of(jail->journal.match[i]));
    end_line(&list);
}

static void print_addresses(const struct f2b *f, const struct jail_conf *jail)
{
    struct python_list list;
    char text[ADDR_TEXT_MAX];

    if (jail->ignoreip.n == 0)
        return;
    list = open_set(f, jail->name, "addignoreip");
    for (size_t i = 0; i < jail->ignoreip.n; i++) {
        addr_format(&jail->ignoreip.net[i], text);
        python_text(python_next(&list), slice_of(text));
    }
    end_line(&list);
}

static void print_pair(const struct f2b *f, const char *command, const char *jail,
                       const char *value)
{
    struct python_list list = python_open(f->out);

    python_text(python_next(&list), slice_of(command));
    python_text(python_next(&list), slice_of(jail));
    if (value)
        python_text(python_next(&list), slice_of(value));
    end_line(&list);
}

static void print_jail(const struct f2b *f, const struct jail_conf *jail)
{
    static const char *const backends[] = {
        [BACKEND_AUTO] = "auto", [BACKEND_FILES] = "pyinotify", [BACKEND_SYSTEMD] = "systemd"};

    print_pair(f, "add", jail->name, backends[jail->backend]);
    for (size_t i = 0; i < jail->n_filter; i++)
        print_filter(f, jail->name, &jail->filter[i].spec);
    print_matches(f, jail);
    print_number(f, jail->name, "maxretry", jail->spec.maxretry);
    print_span(f, jail->name, "findtime", jail->spec.findtime);
    print_span(f, jail->name, "bantime", jail->spec.sentence.bantime);
    print_addresses(f, jail);
    for (size_t i = 0; i < jail->n_logpath; i++) {
        struct python_list list = open_set(f, jail->name, "addlogpath");
        python_text(python_next(&list), slice_of(jail->logpath[i]));
        python_text(python_next(&list), slice_of("head"));
        end_line(&list);
    }
}

int f2b_dump(const struct f2b *f, char **word, size_t n)
{
    struct config c = {0};
    int r = load(f, &c);

    (void)word;
    (void)n;
    for (size_t i = 0; i < c.n_jail; i++) {
        if (c.jail[i].usable)
            print_jail(f, &c.jail[i]);
    }
    for (size_t i = 0; i < c.n_jail; i++) {
        if (c.jail[i].usable)
            print_pair(f, "start", c.jail[i].name, NULL);
    }
    config_done(&c);
    return r < 0 ? F2B_FAILED : F2B_DONE;
}
