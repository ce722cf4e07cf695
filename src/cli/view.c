// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/view.h"

#include "cli/command.h"

#include <inttypes.h>
#include <string.h>

static const char *const reasons[CONTROL_REASON_MAX] = {
    [CONTROL_HOST] = "host",
    [CONTROL_BLOCK] = "block",
    [CONTROL_MANUAL] = "manual",
    [CONTROL_FINGERPRINT] = "fingerprint",
};

const char *view_reason(enum control_reason reason)
{
    return reasons[reason];
}

size_t view_config_problems(const struct config *c, const char *dir, bool only_errors)
{
    size_t errors = 0;

    for (size_t i = 0; i < c->n_problem; i++) {
        const struct problem *p = &c->problem[i];
        const char *file = p->file ? p->file : dir;
        bool is_error = p->severity == PROBLEM_ERROR;
        const char *word = is_error ? "error" : "warning";
        errors += is_error;
        if (only_errors && !is_error)
            continue;
        if (p->line > 0)
            command_fail("%s:%u: %s: %s", file, p->line, word, p->text);
        else
            command_fail("%s: %s: %s", file, word, p->text);
    }
    return errors;
}

size_t view_spared(const struct control_ban *ban)
{
    size_t n = 0;

    for (struct slice rest = ban->spared; rest.n > 0; n++)
        slice_word(&rest);
    return n;
}

bool view_is_spared(const struct control_ban *ban, const struct addr *addr)
{
    struct addr host = addr_host(addr);
    char text[ADDR_TEXT_MAX];

    addr_format(&host, text);
    for (struct slice rest = ban->spared; rest.n > 0;) {
        if (slice_is(slice_word(&rest), text))
            return true;
    }
    return false;
}

void view_ban_keys(struct jsonline *j, const struct control_ban *ban)
{
    jsonline_time(j, "time", ban->since);
    jsonline_text(j, "jail", ban->jail);
    jsonline_net(j, "net", &ban->net);
    jsonline_time(j, "until", ban->until);
    jsonline_number(j, "hits", ban->hits);
    jsonline_number(j, "hosts", ban->hosts);
    jsonline_word(j, "reason", view_reason(ban->reason));
    if (ban->name.n > 0)
        jsonline_text(j, "name", ban->name);
    if (ban->cover) {
        jsonline_net(j, "covered_by", &ban->cover_net);
        jsonline_text(j, "covered_in", ban->cover_jail);
    }
    if (ban->spared.n > 0)
        jsonline_words(j, "spared", ban->spared);
}

int view_ban_json(struct output *o, const struct control_ban *ban)
{
    struct jsonline *j = jsonline_new();

    view_ban_keys(j, ban);
    return jsonline_print(j, o->file);
}

static int problem_json(struct output *o, const struct control_problem *problem)
{
    struct jsonline *j = jsonline_new();

    jsonline_word(j, "type", "problem");
    jsonline_word(j, "severity", problem->warning ? "warning" : "error");
    jsonline_text(j, "file", problem->file);
    jsonline_number(j, "line", problem->line);
    jsonline_text(j, "text", problem->text);
    return jsonline_print(j, o->file);
}

int view_problem(struct output *o, const struct control_problem *problem)
{
    enum style style = problem->warning ? STYLE_NOTE : STYLE_BAD;

    if (o->json)
        return problem_json(o, problem);
    output_text(o, problem->file);
    if (problem->line)
        fprintf(o->file, ":%u", problem->line);
    fprintf(o->file, "%s%s%s:%s ", problem->file.n ? ": " : "", output_on(o, style),
            problem->warning ? "warning" : "error", output_off(o, style));
    output_text(o, problem->text);
    fputc('\n', o->file);
    return 0;
}

const char *view_hits(uint32_t n, const char *more, bool points, char ret[static VIEW_HITS_MAX])
{
    snprintf(ret, VIEW_HITS_MAX, "%u%s %s%s", n, more, points ? "point" : "hit", n == 1 ? "" : "s");
    return ret;
}

void view_name(struct output *o, struct slice name)
{
    fputs(", with ", o->file);
    output_text(o, name);
}

void view_refused(const struct control_refused *refused, unsigned line)
{
    struct slice text =
        refused->text.n > 0 ? refused->text : slice_of(strerror((int)refused->error));

    if (line > 0)
        command_fail("line %u: %.*s", line, (int)text.n, text.p);
    else
        command_fail("%.*s", (int)text.n, text.p);
}

const char *view_count(uint64_t n, char ret[static VIEW_NUMBER_MAX])
{
    char digits[VIEW_NUMBER_MAX];
    size_t length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n), at = 0;

    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            ret[at++] = ',';
        ret[at++] = digits[i];
    }
    ret[at] = '\0';
    return ret;
}

const char *view_size(uint64_t bytes, char ret[static VIEW_NUMBER_MAX])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes / 1024;
    size_t unit = 0;

    for (; value >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        value /= 1024;
    if (bytes < 1024)
        snprintf(ret, VIEW_NUMBER_MAX, "%" PRIu64 " B", bytes);
    else
        snprintf(ret, VIEW_NUMBER_MAX, "%.1f %s", value, units[unit]);
    return ret;
}
