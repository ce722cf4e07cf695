// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/hearsay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW   (UINT64_C(1000000) * USEC_PER_SEC)
#define ASKED CONTROL_INQUIRY_ASKED, NOW - 300 * USEC_PER_SEC
#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }
#define HEAD "\nWhat DNS says of it\n"

static const struct {
    struct control_inquiry inquiry;
    struct hearsay_host host;
    const char *text, *json;
} rows[] = {
    {{CONTROL_INQUIRY_OFF},
     {true, true},
     HEAD "  not asked: dns is off in tailban.conf\n",
     "{\"type\":\"inquiry\",\"state\":\"off\"}\n"},
    {{CONTROL_INQUIRY_PRIVATE},
     {false, true},
     HEAD "  not asked: a private address\n",
     "{\"type\":\"inquiry\",\"state\":\"private\"}\n"},
    {{CONTROL_INQUIRY_NOT_ASKED},
     {true, false},
     HEAD "  not asked: it was banned before\n",
     "{\"type\":\"inquiry\",\"state\":\"not asked\"}\n"},
    {{CONTROL_INQUIRY_NOT_ASKED},
     {false, true},
     HEAD "  not asked as yet: its next failure asks\n",
     NULL},
    {{CONTROL_INQUIRY_NOT_ASKED},
     {false, false},
     HEAD "  not asked: it has less than half of what bans it\n",
     NULL},
    {{CONTROL_INQUIRY_ASKING},
     {false, true},
     HEAD "  it is being asked\n",
     "{\"type\":\"inquiry\",\"state\":\"asking\"}\n"},
    {{ASKED}, {false, true}, HEAD "  asked 5m ago: there was no list to ask\n", NULL},
    {{ASKED, .clean = TEXT("a.example, b.example"), .silent = TEXT("c.example")},
     {false, true},
     HEAD "  asked 5m ago: nothing against it\n"
          "  not listed by a.example, b.example\n"
          "  no answer from c.example\n",
     NULL},
    {{ASKED, 0, TEXT("mail.\x1b[2Jexample"), CONTROL_NAMES_CONFIRMED},
     {false, true},
     HEAD "  asked 5m ago: nothing against it\n"
          "  it has a name, which leads back to it: mail.?[2Jexample\n",
     "{\"type\":\"inquiry\",\"state\":\"asked\",\"time\":\"1970-01-12T13:41:40Z\",\"weight\":0,"
     "\"name\":\"mail.\\u001B[2Jexample\",\"names\":\"confirmed\",\"not_listed_by\":\"\","
     "\"no_answer_from\":\"\"}\n"},
    {{ASKED, 0, TEXT("mail.example"), CONTROL_NAMES_GIVEN},
     {false, true},
     HEAD "  asked 5m ago: nothing against it\n  it has a name: mail.example\n",
     NULL},
    {{ASKED, .names = CONTROL_NAMES_NONE},
     {false, true},
     HEAD "  asked 5m ago: nothing against it\n  it has no name\n",
     NULL},
    {{ASKED, .names = CONTROL_NAMES_SILENT},
     {false, true},
     HEAD "  asked 5m ago: nothing against it\n  no answer about its name\n",
     NULL},
    {{ASKED, 3, TEXT("a.example: 127.0.0.4; PTR not confirmed"), CONTROL_NAMES_FOREIGN,
      TEXT("b.example")},
     {true, true},
     HEAD "  asked 5m ago: 3 points against it, a.example: 127.0.0.4; PTR not confirmed\n"
          "  not listed by b.example\n",
     "{\"type\":\"inquiry\",\"state\":\"asked\",\"time\":\"1970-01-12T13:41:40Z\",\"weight\":3,"
     "\"text\":\"a.example: 127.0.0.4; PTR not confirmed\",\"names\":\"not confirmed\","
     "\"not_listed_by\":\"b.example\",\"no_answer_from\":\"\"}\n"},
    {{ASKED, 1, TEXT("no PTR"), CONTROL_NAMES_NONE},
     {false, true},
     HEAD "  asked 5m ago: 1 point against it, no PTR\n",
     NULL},
    {{ASKED, 2, TEXT("a.example: 127.0.0.4"), CONTROL_NAMES_NONE},
     {false, true},
     HEAD "  asked 5m ago: 2 points against it, a.example: 127.0.0.4\n  it has no name\n",
     NULL},
};

// What is printed, to be freed.
static char *printed(const struct control_inquiry *q, const struct hearsay_host *host, bool json)
{
    char *text = NULL;
    size_t n;
    struct output o = {.file = open_memstream(&text, &n), .now = NOW};

    assert_non_null(o.file);
    if (json)
        assert_int_equal(hearsay_json(&o, q), 0);
    else
        hearsay_print(&o, q, host);
    assert_int_equal(fclose(o.file), 0);
    return text;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = printed(&rows[i].inquiry, &rows[i].host, false);
        char *json = printed(&rows[i].inquiry, &rows[i].host, true);
        assert_string_equal(text, rows[i].text);
        if (rows[i].json)
            assert_string_equal(json, rows[i].json);
        free(text);
        free(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
