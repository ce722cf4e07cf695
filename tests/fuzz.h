// SPDX-License-Identifier: GPL-2.0-or-later
// What a fuzz target is: fed by libFuzzer, or, file by file, by fuzz-main.c.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A fuzzer's assert: it also holds where NDEBUG is defined.
static inline void must(int holds)
{
    if (!holds)
        abort();
}
