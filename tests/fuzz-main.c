// SPDX-License-Identifier: GPL-2.0-or-later
// Runs files, and all files of folders, through a fuzz target: so the corpora are tests under any
// compiler.
#include "fuzz.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fts.h>
#include <string.h>

enum { INPUT_MAX = 1 << 24 };

static int run_file(const char *path)
{
    cleanup(fclosep) FILE *file = fopen(path, "re");
    cleanup(freep) uint8_t *data = NULL;
    size_t n;

    if (!file)
        return -errno;
    data = malloc(INPUT_MAX);
    if (!data)
        return -ENOMEM;
    n = fread(data, 1, INPUT_MAX, file);
    if (ferror(file))
        return -EIO;
    // The copy's end is the input's, so that a sanitizer sees the first byte read beyond it.
    cleanup(freep) uint8_t *input = malloc(n > 0 ? n : 1);
    if (!input)
        return -ENOMEM;
    memcpy(input, data, n);
    return LLVMFuzzerTestOneInput(input, n);
}

int main(int argc, char **argv)
{
    FTS *tree;
    size_t n = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE|FOLDER...\n", argv[0]);
        return 2;
    }
    tree = fts_open(argv + 1, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *e; tree && (e = fts_read(tree));) {
        if (e->fts_info != FTS_F)
            continue;
        int r = run_file(e->fts_path);
        if (r < 0) {
            fprintf(stderr, "%s: %s\n", e->fts_path, strerror(-r));
            return 1;
        }
        n++;
    }
    if (tree)
        fts_close(tree);
    printf("%zu inputs\n", n);
    return n > 0 ? 0 : 1; // a corpus that is not there tests nothing
}
