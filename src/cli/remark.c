// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/remark.h"

#include "base/hash.h"
#include "engine/veil.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUN_SHOWN_MAX = 100, RUN_TEXT_MAX = 128 };

// A regex of a file and what is wrong with it.
struct remark_key {
    uint64_t regex;
    enum lint_kind kind;
};

struct sieve {
    struct remarks *remarks;
    const struct samples *samples;
    const char *filter;
    remark_fn *fn;
    void *user;
};

static struct remark_key key_of(const struct lint_finding *f)
{
    const char *file = f->pattern->file ? f->pattern->file : "";
    uint64_t h = hash_bytes(file, strlen(file), f->pattern->line);

    return (struct remark_key){hash_bytes(f->pattern->text, strlen(f->pattern->text), h), f->kind};
}

// 1: it was told before; -ENOMEM.
static int remember(struct remarks *r, const struct lint_finding *f)
{
    struct remark_key key = key_of(f);

    for (size_t i = 0; i < r->n; i++)
        if (r->told[i].regex == key.regex && r->told[i].kind == key.kind)
            return 1;
    if (r->n == r->allocated) {
        size_t more = r->allocated ? 2 * r->allocated : 64;
        struct remark_key *grown = reallocarray(r->told, more, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        r->told = grown;
        r->allocated = more;
    }
    r->told[r->n++] = key;
    return 0;
}

enum { SECRET_LEAST = 3 }; // what is shorter stands in any line

static void hide_each(struct veil *v, struct slice secret)
{
    struct slice rest = v->line;
    const char *at;

    while (rest.n > 0 && (at = memmem(rest.p, rest.n, secret.p, secret.n))) {
        veil_hide(v, (struct slice){at, secret.n});
        rest = slice_from(rest, (size_t)(at - rest.p) + secret.n);
    }
}

// Samples may be lines of a real log: what may not be seen of them is not told by a witness either,
// whatever stands around it there.
static struct slice mask_samples(const struct samples *s, struct slice witness,
                                 char room[static VEIL_SHOWN_MAX])
{
    struct veil sample, shown = {.line = witness};

    for (size_t i = 0; i < s->n; i++) {
        veil_find(&sample, s->line[i].text, (struct slice){0});
        for (size_t k = 0; k < sample.n; k++) {
            if (sample.part[k].n >= SECRET_LEAST)
                hide_each(&shown, sample.part[k]);
        }
    }
    return (struct slice){room, veil_copy(&shown, witness, room, VEIL_SHOWN_MAX)};
}

static int take(void *user, const struct lint_finding *finding)
{
    struct sieve *s = user;
    char room[VEIL_SHOWN_MAX];
    struct lint_finding shown = *finding;
    struct remark remark = {s->filter, &shown};
    int r = remember(s->remarks, finding);

    if (r != 0)
        return r < 0 ? r : 0;
    shown.witness = mask_samples(s->samples, finding->witness, room);
    s->remarks->findings += finding->kind != LINT_UNTRIED;
    s->remarks->untried += finding->kind == LINT_UNTRIED;
    return s->fn(s->user, &remark);
}

int remarks_find(struct remarks *r, const char *filter, const struct filter_spec *spec,
                 const struct samples *samples, const struct lint_budget *budget, remark_fn *fn,
                 void *user)
{
    struct sieve sieve = {r, samples, filter, fn, user};

    return lint_filter(spec, samples->line, samples->n, budget, take, &sieve);
}

void remarks_done(struct remarks *r)
{
    free(r->told);
    *r = (struct remarks){0};
}

// The piece of the regex that takes the stranger's text.
static void say_run(const struct lint_finding *f, char ret[static RUN_TEXT_MAX])
{
    if (f->run.n > 0)
        snprintf(ret, RUN_TEXT_MAX, "in '%.*s'",
                 (int)(f->run.n < RUN_SHOWN_MAX ? f->run.n : RUN_SHOWN_MAX), f->run.p);
    else
        snprintf(ret, RUN_TEXT_MAX, "behind what it matches");
}

static void say_turned(const struct lint_finding *f, char ret[static REMARK_TEXT_MAX])
{
    char run[RUN_TEXT_MAX], address[ADDR_TEXT_MAX], found[ADDR_TEXT_MAX] = "no address";

    say_run(f, run);
    addr_format(&f->address, address);
    if (f->has_found)
        addr_format(&f->found, found);
    if (f->kind == LINT_SHAPE)
        snprintf(ret, REMARK_TEXT_MAX,
                 "can be turned on others: it has no anchor, and in a line that quotes another it "
                 "finds %s",
                 found);
    else
        snprintf(ret, REMARK_TEXT_MAX,
                 "can be turned on others%s: with text %s it finds %s instead of %s",
                 f->kind == LINT_FIELD ? ", if the server lets it in" : "", run, found, address);
}

void remark_say(const struct remark *remark, char ret[static REMARK_TEXT_MAX])
{
    const struct lint_finding *f = remark->finding;

    if (f->kind == LINT_STALL)
        snprintf(ret, REMARK_TEXT_MAX,
                 "can be stalled: a text repeated %u times takes %u steps, %u times more than %u",
                 f->times[0], f->steps[0], f->times[1], f->steps[1]);
    else if (f->kind == LINT_UNTRIED)
        snprintf(ret, REMARK_TEXT_MAX, "no line was found that it matches: a sample would help");
    else
        say_turned(f, ret);
}

int remark_print(const struct remark *remark, struct output *out)
{
    const struct lint_finding *f = remark->finding;
    enum style style = f->kind == LINT_UNTRIED ? STYLE_NOTE : STYLE_BAD;
    char text[REMARK_TEXT_MAX];

    remark_say(remark, text);
    output_text(out, slice_of(f->pattern->file ? f->pattern->file : remark->filter));
    if (f->pattern->file)
        fprintf(out->file, ":%u", f->pattern->line);
    fprintf(out->file, ": %s%s%s: ", output_on(out, style), lint_kind_name(f->kind),
            output_off(out, style));
    output_text(out, slice_of(text));
    fputs("\n    regex    ", out->file);
    output_text(out, slice_of(f->pattern->text));
    if (f->witness.n > 0) {
        fputs("\n    witness  ", out->file);
        output_text(out, f->witness);
    }
    fputc('\n', out->file);
    return 0;
}

static void address_json(struct jsonline *j, const char *key, const struct addr *address)
{
    char text[ADDR_TEXT_MAX];

    if (address)
        addr_format(address, text);
    jsonline_word(j, key, address ? text : NULL);
}

int remark_json(const struct remark *remark, FILE *file)
{
    const struct lint_finding *f = remark->finding;
    bool turned = f->kind == LINT_INJECTION || f->kind == LINT_FIELD || f->kind == LINT_SHAPE;
    bool stalls = f->kind == LINT_STALL;
    struct jsonline *j = jsonline_new();

    jsonline_word(j, "filter", remark->filter);
    jsonline_word(j, "file", f->pattern->file);
    jsonline_number(j, "line", f->pattern->line);
    jsonline_word(j, "kind", lint_kind_name(f->kind));
    jsonline_text(j, "regex", slice_of(f->pattern->text));
    jsonline_text(j, "run", f->run.p ? f->run : slice_of(""));
    jsonline_text(j, "witness", f->witness.p ? f->witness : slice_of(""));
    address_json(j, "address", turned ? &f->address : NULL);
    address_json(j, "found", turned && f->has_found ? &f->found : NULL);
    jsonline_number(j, "times_before", stalls ? f->times[0] : 0);
    jsonline_number(j, "times", stalls ? f->times[1] : 0);
    jsonline_number(j, "steps_before", stalls ? f->steps[0] : 0);
    jsonline_number(j, "steps", stalls ? f->steps[1] : 0);
    return jsonline_print(j, file);
}
