// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/jsonline.h"

#include "base/cleanup.h"
#include "cli/utf8.h"

#include <errno.h>
#include <jansson.h>

struct jsonline {
    json_t *object;
    struct jsonline *inner; // the latest object within this one
    bool failed;
};

static struct jsonline *discard(struct jsonline *j)
{
    if (!j)
        return NULL;
    discard(j->inner);
    json_decref(j->object);
    free(j);
    return NULL;
}

struct jsonline *jsonline_new(void)
{
    struct jsonline *j = calloc(1, sizeof(*j));

    if (!j)
        return NULL;
    j->object = json_object();
    return j->object ? j : discard(j);
}

static void set(struct jsonline *j, const char *key, json_t *value)
{
    if (j && json_object_set_new_nocheck(j->object, key, value) < 0)
        j->failed = true;
    else if (!j)
        json_decref(value);
}

// The text with each byte that is not UTF-8 replaced, which makes three of one.
static json_t *make_string(struct slice value)
{
    static const char replacement[] = "\xef\xbf\xbd";
    cleanup(freep) char *text = malloc(3 * value.n + 1);
    size_t n = 0;

    if (!text)
        return NULL;
    while (value.n > 0) {
        size_t length = utf8_length(value);
        struct slice next = length ? (struct slice){value.p, length} : slice_of(replacement);

        memcpy(text + n, next.p, next.n);
        n += next.n;
        value = slice_from(value, length ? length : 1);
    }
    return json_stringn_nocheck(text, n);
}

void jsonline_text(struct jsonline *j, const char *key, struct slice value)
{
    set(j, key, make_string(value));
}

void jsonline_word(struct jsonline *j, const char *key, const char *value)
{
    set(j, key, value ? make_string(slice_of(value)) : json_null());
}

void jsonline_number(struct jsonline *j, const char *key, uint64_t value)
{
    set(j, key, json_integer((json_int_t)value));
}

void jsonline_bool(struct jsonline *j, const char *key, bool value)
{
    set(j, key, json_boolean(value));
}

void jsonline_time(struct jsonline *j, const char *key, usec_t value)
{
    char text[TIME_TEXT_MAX];

    time_format(value, text);
    jsonline_word(j, key, value == 0 || value == USEC_FOREVER ? NULL : text);
}

void jsonline_span(struct jsonline *j, const char *key, usec_t value)
{
    if (value == USEC_FOREVER)
        jsonline_word(j, key, NULL);
    else
        jsonline_number(j, key, value / USEC_PER_SEC);
}

void jsonline_net(struct jsonline *j, const char *key, const struct addr *value)
{
    char text[ADDR_TEXT_MAX];

    addr_format_net(value, text);
    jsonline_word(j, key, text);
}

void jsonline_words(struct jsonline *j, const char *key, struct slice value)
{
    json_t *list = json_array();

    while (value.n > 0) {
        if (json_array_append_new(list, make_string(slice_word(&value))) < 0 && j)
            j->failed = true;
    }
    set(j, key, list);
}

struct jsonline *jsonline_object(struct jsonline *j, const char *key)
{
    struct jsonline *inner = jsonline_new();

    if (!j || !inner) {
        if (j)
            j->failed = true;
        return discard(inner);
    }
    set(j, key, json_incref(inner->object));
    j->failed = j->failed || (j->inner && j->inner->failed);
    discard(j->inner);
    j->inner = inner;
    return inner;
}

// In ASCII, so that no character of the text means anything to a terminal.
int jsonline_print(struct jsonline *j, FILE *file)
{
    int r = 0;

    if (!j || j->failed || (j->inner && j->inner->failed))
        r = -ENOMEM;
    else if (json_dumpf(j->object, file, JSON_COMPACT | JSON_ENSURE_ASCII) < 0 ||
             putc('\n', file) == EOF)
        r = -EIO;
    discard(j);
    return r;
}
