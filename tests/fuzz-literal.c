// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever a regex and a text are: where it matches, all holds that was told of it. The input's
// first line is the regex; what follows is the text.
#include "fuzz.h"
#include "proof.h"

enum { REGEX_MAX = 1024, TEXT_MAX = 1024 };

// The regex's own text is near to what it matches.
static size_t undress(const char *regex, const char *drop, char text[static REGEX_MAX])
{
    size_t n = 0;

    for (; *regex; regex++)
        if (!strchr(drop, *regex))
            text[n++] = *regex;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const drops[] = {"\\()[]{}?*+|^$.", "\\()[]{}?*+|^$", "\\()?:*+|^$<>P",
                                        "|+"};
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t n = end ? (size_t)(end - data) : size;
    struct slice text = slice_from((struct slice){(const char *)data, size}, n + 1);
    char regex[REGEX_MAX], own[REGEX_MAX];
    struct pattern pattern = {.text = regex};
    struct filter_spec spec = {.failregex = &pattern, .n_failregex = 1, .maxlines = size % 4};
    struct proof *p;

    if (n >= REGEX_MAX || text.n > TEXT_MAX)
        return 0;
    memcpy(regex, data, n);
    regex[n] = '\0';
    p = proof_new(&spec);
    if (!p)
        return 0;
    must(!proof_text(p, text));
    for (size_t i = 0; i < sizeof(drops) / sizeof(*drops); i++)
        must(!proof_text(p, (struct slice){own, undress(regex, drops[i], own)}));
    proof_free(p);
    return 0;
}
