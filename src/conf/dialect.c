// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/dialect.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ERRORS_MAX = 20 }; // per file; a file that is no configuration at all says enough with those

struct reader {
    const char *file;
    struct problems *problems;
    struct ini *ini;
    unsigned line;
    unsigned errors;
    char *section;
    char *option, *previous; // previous stays where the option did not
    struct text value;       // the option's so far
    size_t indent;           // of the option or section
};

// The spaces of web pages (U+00A0, U+2000 to U+200A) are spaces to fail2ban as well. Bytes, or 0.
static size_t space(struct slice s)
{
    if (s.n >= 1 && strchr(" \t\v\f\r", s.p[0]) && s.p[0])
        return 1;
    if (slice_starts(s, "\xc2\xa0"))
        return 2;
    if (slice_starts(s, "\xe2\x80") && s.n >= 3 && (unsigned char)s.p[2] >= 0x80 &&
        (unsigned char)s.p[2] <= 0x8a)
        return 3;
    return 0;
}

static struct slice strip(struct slice s, size_t *ret_indent)
{
    size_t n, end = 0;

    for (*ret_indent = 0; (n = space(s)) > 0; ++*ret_indent)
        s = slice_from(s, n);
    for (size_t i = 0; i < s.n; i += n ? n : 1) {
        n = space(slice_from(s, i));
        if (n == 0)
            end = i + 1;
    }
    s.n = end;
    return s;
}

// A ';' begins a comment at the start of a line or behind white space, a '#' only at the start.
static struct slice cut_comment(struct slice s, bool *ret_commented)
{
    bool after_space = true, blank = true;

    *ret_commented = true;
    for (size_t i = 0, n; i < s.n; i += n ? n : 1) {
        if ((s.p[i] == ';' && after_space) || (s.p[i] == '#' && blank))
            return (struct slice){s.p, i};
        n = space(slice_from(s, i));
        after_space = n > 0;
        blank = blank && after_space;
    }
    *ret_commented = false;
    return s;
}

static struct origin here(const struct reader *r)
{
    return (struct origin){r->file, r->line};
}

static int print_length(struct slice s)
{
    return s.n > 80 ? 80 : (int)s.n;
}

#define HINT "; if it is a continuation line, it must be indented"

// "name = value" is an option, whatever stands above it.
static bool is_assignment(struct slice line)
{
    static const char bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t n = 0;

    while (n < line.n && memchr(bytes, line.p[n], sizeof(bytes) - 1))
        n++;
    line = slice_trim(slice_from(line, n));
    return n > 0 && slice_starts(line, "=");
}

const char *dialect_hint(const char *previous, struct slice line)
{
    static const char *const lists[] = {"failregex", "ignoreregex", "prefregex", "logpath",
                                        "ignoreip"};
    static const char *const marks[] = {"<HOST>", "<ADDR>", "<F-", "\\[", "\\S", "\\d",
                                        "\\s",    ".*",     "(?",  "^",   ")$"};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (memmem(line.p, line.n, marks[i], strlen(marks[i])))
            return HINT;
    }
    if (!previous || is_assignment(line))
        return "";
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (strcmp(previous, lists[i]) == 0)
            return HINT;
    }
    return "";
}

// The option is complete: what follows is another, a section, or the end.
static int finish(struct reader *r)
{
    int e = 0;

    if (r->option) {
        text_trim(&r->value);
        e = ini_set(r->ini, r->section, r->option, &r->value);
        if (e == -E2BIG)
            e = problems_error(r->problems, here(r), "more options than fit (%d)", INI_OPTIONS_MAX);
        free(r->previous);
        r->previous = r->option;
        r->option = NULL;
    }
    return e;
}

// Reading goes on: whoever mends a file wants to know all that is wrong with it.
static void complain(struct reader *r, const char *what, struct slice line)
{
    r->errors++;
    problems_error(r->problems, here(r), "'%.*s' %s%s", print_length(line), line.p, what,
                   dialect_hint(r->previous, line));
}

static int begin_section(struct reader *r, struct slice name)
{
    char *section = strndup(name.p, name.n);

    if (!section)
        return -ENOMEM;
    free(r->section);
    free(r->previous);
    r->section = section;
    r->previous = NULL;
    if (memchr(name.p, ':', name.n))
        complain(r, "is no section's name: it must not hold a ':'", name);
    // fail2ban, too, lets only [DEFAULT] come back.
    else if (ini_has_section(r->ini, section) && strcmp(section, INI_DEFAULT) != 0)
        complain(r, "is a section that stands in this file already: put its options together",
                 name);
    return ini_add_section(r->ini, section, here(r));
}

static char *lower(struct slice name)
{
    char *copy = strndup(name.p, name.n);

    for (char *c = copy; c && *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c);
    return copy;
}

static int begin_option(struct reader *r, struct slice line)
{
    size_t name_length = 0, indent;
    struct slice name, value;
    int e;

    while (name_length < line.n && line.p[name_length] != '=' && line.p[name_length] != ':')
        name_length++;
    name = strip((struct slice){line.p, name_length}, &indent);
    value = strip(slice_from(line, name_length + 1), &indent);
    if (name_length == line.n || name.n == 0) {
        complain(r, "is neither an option ('name = value') nor a [section]", line);
        return 0;
    }
    r->option = lower(name);
    if (!r->option)
        return -ENOMEM;
    if (ini_has(r->ini, r->section, r->option))
        complain(r, "is an option that stands in this section already", line);
    e = text_start(&r->value, here(r));
    return e < 0 ? e : text_add(&r->value, value.p, value.n);
}

static int continue_value(struct reader *r, struct slice line)
{
    int e = text_break(&r->value, here(r));

    return e < 0 ? e : text_add(&r->value, line.p, line.n);
}

static int read_line(struct reader *r, struct slice raw)
{
    bool commented;
    size_t indent;
    struct slice line = strip(cut_comment(raw, &commented), &indent);
    const char *bracket;
    int e;

    // An empty line is part of the value around it; a comment is not.
    if (line.n == 0)
        return commented || !r->option ? 0 : continue_value(r, line);
    if (r->option && indent > r->indent)
        return continue_value(r, line);
    // A section's indent counts as well, but nothing continues a section.
    r->indent = indent;
    e = finish(r);
    if (e < 0)
        return e;
    bracket = memrchr(line.p, ']', line.n);
    if (line.p[0] == '[' && bracket && bracket > line.p + 1)
        return begin_section(r, (struct slice){line.p + 1, (size_t)(bracket - line.p - 1)});
    if (r->section)
        return begin_option(r, line);
    complain(r, "stands before the first [section]", line);
    return 0;
}

static int read_lines(struct reader *r, struct slice text)
{
    int e = 0;

    if (slice_starts(text, "\xef\xbb\xbf")) // some editors' mark of UTF-8
        text = slice_from(text, 3);
    while (text.n > 0 && e == 0 && r->errors < ERRORS_MAX) {
        size_t n = 0;
        while (n < text.n && text.p[n] != '\n' && text.p[n] != '\r')
            n++;
        r->line++;
        e = read_line(r, (struct slice){text.p, n});
        if (n + 1 < text.n && text.p[n] == '\r' && text.p[n + 1] == '\n')
            n++;
        text = slice_from(text, n + 1);
    }
    if (e == -E2BIG)
        e = problems_error(r->problems, here(r), "a value longer than %d bytes", TEXT_MAX);
    return e < 0 ? e : finish(r);
}

int dialect_read(struct slice text, const char *file, struct problems *problems, struct ini **ret)
{
    cleanup(ini_freep) struct ini *ini = ini_new();
    struct reader reader = {.file = file, .problems = problems, .ini = ini};
    int r = ini ? read_lines(&reader, text) : -ENOMEM;

    free(reader.section);
    free(reader.option);
    free(reader.previous);
    text_done(&reader.value);
    if (r == 0 && reader.errors > 0)
        r = -EINVAL;
    if (r < 0)
        return r;
    *ret = ini;
    ini = NULL;
    return 0;
}
