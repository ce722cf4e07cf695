// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/command.h"

#include <stdarg.h>

enum { COMPLAINT_MAX = 2048 };

static void complain(const char *format, va_list args)
{
    char text[COMPLAINT_MAX], clean[COMPLAINT_MAX];

    vsnprintf(text, sizeof(text), format, args);
    output_clean(slice_of(text), clean, sizeof(clean));
    fprintf(stderr, "tailban: %s\n", clean);
}

int command_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain(format, args);
    va_end(args);
    return COMMAND_NOT;
}

int command_misused(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain(format, args);
    va_end(args);
    return COMMAND_USAGE;
}
