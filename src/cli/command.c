// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/command.h"

#include <stdarg.h>

enum { COMPLAINT_MAX = 2048 };

static void complain(const char *text)
{
    char clean[COMPLAINT_MAX];

    output_clean(slice_of(text), clean, sizeof(clean));
    fprintf(stderr, "tailban: %s\n", clean);
}

int command_fail(const char *format, ...)
{
    char text[COMPLAINT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    complain(text);
    return COMMAND_NOT;
}

int command_misused(const char *format, ...)
{
    char text[COMPLAINT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    complain(text);
    return COMMAND_USAGE;
}
