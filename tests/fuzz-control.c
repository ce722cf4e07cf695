// SPDX-License-Identifier: GPL-2.0-or-later
// What control_get() takes of any bytes, control_put() puts back as the same bytes.
#include "fuzz.h"

#include "wire/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size};
    struct control_packet *p = malloc(sizeof(*p));
    struct control record;

    must(p != NULL);
    control_start(p);
    if (control_open(&rest) == 0) {
        size_t start = size - rest.n;
        while (control_get(&rest, &record) == CONTROL_E_RECORD)
            must(control_put(p, &record) == 0);
        must(p->n <= size - rest.n && memcmp(p->bytes, data, start) == 0);
        must(memcmp(p->bytes, data, p->n) == 0);
    }
    free(p);
    return 0;
}
