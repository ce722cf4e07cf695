// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/python.h"

static void put_char(FILE *out, unsigned char c, char quote)
{
    static const char *const names[] = {['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};

    if (c < sizeof(names) / sizeof(names[0]) && names[c])
        fputs(names[c], out);
    else if (c < 0x20 || c == 0x7f)
        fprintf(out, "\\x%02x", c);
    else if (c == '\\' || c == (unsigned char)quote)
        fprintf(out, "\\%c", c);
    else
        fputc(c, out);
}

void python_text(FILE *out, struct slice text)
{
    bool single = text.n > 0 && memchr(text.p, '\'', text.n);
    bool twofold = text.n > 0 && memchr(text.p, '"', text.n);
    char quote = single && !twofold ? '"' : '\'';

    fputc(quote, out);
    for (size_t i = 0; i < text.n; i++)
        put_char(out, (unsigned char)text.p[i], quote);
    fputc(quote, out);
}

struct python_list python_open(FILE *out)
{
    fputc('[', out);
    return (struct python_list){out, 0};
}

FILE *python_next(struct python_list *l)
{
    if (l->n++ > 0)
        fputs(", ", l->out);
    return l->out;
}

void python_close(struct python_list *l)
{
    fputc(']', l->out);
}
