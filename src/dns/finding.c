// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/finding.h"

#include "engine/family.h"

#include <stdio.h>

#define LIFE_FAILED (300 * USEC_PER_SEC)
#define LIFE_LEAST  (300 * USEC_PER_SEC)
#define LIFE_NONE   (3600 * USEC_PER_SEC)
#define LIFE_MOST   USEC_PER_DAY

void finding_init(struct finding *f)
{
    *f = (struct finding){.ttl = USEC_FOREVER};
}

static void add(struct finding *f, uint32_t weight, const char *what, const char *detail)
{
    int n;

    if (weight == 0)
        return;
    f->weight += weight;
    n = snprintf(f->text + f->n, sizeof(f->text) - f->n, "%s%s%s", f->n > 0 ? "; " : "", what,
                 detail);
    f->n = f->n + (size_t)n < sizeof(f->text) ? f->n + (size_t)n : sizeof(f->text) - 1;
}

static void note(struct finding *f, const struct answer *answer)
{
    if (answer->kind == ANSWER_FAILED)
        f->is_failed = true;
    else if (answer->n_addrs > 0 && answer->ttl < f->ttl)
        f->ttl = answer->ttl;
}

enum listing finding_list(struct finding *f, const struct dns_list *list,
                          const struct answer *answer)
{
    char zone[DNS_ZONE_MAX], code_text[ADDR_TEXT_MAX + 2] = ": ";
    struct addr code;
    enum listing listing = listing_of(list, answer, &code);

    note(f, answer);
    if (listing == LISTING_GIVEN) {
        dnsconf_show(list->zone, zone);
        addr_format(&code, code_text + 2);
        add(f, list->weight, zone, code_text);
    }
    return listing;
}

static bool is_generic(const char *name, const struct addr *host)
{
    char family[FAMILY_MAX];

    family_name(slice_of(name), host, family);
    return strstr(family, "<ip>");
}

void finding_names(struct finding *f, const struct dns_conf *conf, const struct addr *host,
                   const struct answer *answer)
{
    static const unsigned names[] = {
        [ANSWER_FAILED] = NAMES_SILENT, [ANSWER_NONE] = NAMES_NONE, [ANSWER_GIVEN] = NAMES_GIVEN};

    note(f, answer);
    f->gist.names = names[answer->kind];
    if (answer->kind == ANSWER_NONE)
        add(f, conf->noptr, "no PTR", "");
    if (answer->kind != ANSWER_GIVEN)
        return;
    f->has_names = true;
    memcpy(f->name, answer->name[0], sizeof(f->name));
    f->is_vague = answer->is_cut;
    if (is_generic(answer->name[0], host))
        add(f, conf->generic, "generic PTR ", answer->name[0]);
}

void finding_addresses(struct finding *f, const struct addr *host, const struct answer *answer)
{
    if (answer->kind == ANSWER_FAILED || answer->is_cut)
        f->is_vague = true;
    for (size_t i = 0; i < answer->n_addrs; i++) {
        if (addr_compare(&answer->addr[i], host) == 0)
            f->is_confirmed = true;
    }
}

void finding_close(struct finding *f, const struct dns_conf *conf)
{
    bool is_foreign = f->has_names && !f->is_confirmed && !f->is_vague;

    if (is_foreign)
        add(f, conf->unconfirmed, "PTR not confirmed", "");
    if (conf->unconfirmed > 0 && f->is_confirmed)
        f->gist.names = NAMES_CONFIRMED;
    else if (conf->unconfirmed > 0 && is_foreign)
        f->gist.names = NAMES_FOREIGN;
}

usec_t finding_life(const struct finding *f)
{
    usec_t life = f->ttl == USEC_FOREVER ? LIFE_NONE : f->ttl;

    if (f->is_failed && life > LIFE_FAILED)
        life = LIFE_FAILED;
    if (life < LIFE_LEAST)
        life = LIFE_LEAST;
    return life < LIFE_MOST ? life : LIFE_MOST;
}
