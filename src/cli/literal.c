// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/literal.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

static bool is_file(const char *word)
{
    return access(word, F_OK) == 0;
}

// "name[option=value]": a filter's options may hold whatever a regex does.
static bool has_options(const char *word)
{
    size_t name = strcspn(word, "[");

    for (size_t i = 0; i < name; i++) {
        if (!isalnum((unsigned char)word[i]) && !strchr("_-./", word[i]))
            return false;
    }
    if (name == 0 || !word[name])
        return false;
    word += name + 1;
    word += strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    return *word == '=';
}

bool literal_is_regex(const char *word)
{
    return strpbrk(word, "<(") && !has_options(word) && !is_file(word);
}

bool literal_is_line(const char *word)
{
    return strpbrk(word, " \t") && !is_file(word);
}

void literal_filter(const char *word, struct pattern *pattern, struct filter_spec *ret)
{
    *pattern = (struct pattern){.text = word};
    *ret = (struct filter_spec){.name = "", .failregex = pattern, .n_failregex = 1};
}
