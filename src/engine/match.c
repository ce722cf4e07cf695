// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/match.h"

enum { NET_TEXT_MAX = 64 };

// A number beyond what counts is as good as the most that does.
static bool read_count(struct slice text, uint32_t *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.p[i] - '0');
        if (value > UINT32_MAX)
            value = UINT32_MAX;
    }
    if (text.n == 0)
        return false;
    *ret = (uint32_t)value;
    return true;
}

// The address, and the prefix length that <CIDR> took. A regex takes 999.1.1.1 as well: such a
// text is no address, and the line has none.
static bool read_net(struct slice ip, struct slice cidr, struct addr *ret)
{
    char text[NET_TEXT_MAX];

    if (!cidr.p)
        return addr_parse(ip, ret) == 0;
    if (ip.n + 1 + cidr.n > sizeof(text))
        return false;
    memcpy(text, ip.p, ip.n);
    text[ip.n] = '/';
    memcpy(text + ip.n + 1, cidr.p, cidr.n);
    return addr_parse((struct slice){text, ip.n + 1 + cidr.n}, ret) == 0;
}

// <F-ID> is what is banned, where it is an address; else the line's address is. A host name is one
// only where it reads as an address: nobody resolves it.
static bool read_host(const struct values *v, struct addr *ret, struct slice *ret_name)
{
    struct slice id = v->key[KEY_FID], ip = v->key[KEY_IP4];

    if (!ip.p)
        ip = v->key[KEY_IP6];
    if (!ip.p)
        ip = v->key[KEY_DNS];
    *ret_name = v->key[KEY_DNS];
    if (id.p && !slice_equal(id, ip) && addr_parse(id, ret) == 0)
        return true;
    if (ip.p && read_net(ip, v->key[KEY_CIDR], ret))
        return true;
    *ret_name = ip;
    return false;
}

// Who does not know what an answer holds must take it for a password.
static struct slice read_secret(const struct values *v)
{
    static const enum key secrets[] = {KEY_SECRET, KEY_PASSWORD, KEY_ANSWER, KEY_TRIED};
    size_t i = 0;

    while (i + 1 < sizeof(secrets) / sizeof(*secrets) && v->key[secrets[i]].n == 0)
        i++;
    return v->key[secrets[i]];
}

static struct slice read_delivery(const struct values *v)
{
    struct slice mark = v->key[KEY_DELIVERED], ip = v->key[v->key[KEY_IP4].p ? KEY_IP4 : KEY_IP6];

    return mark.n > 0 && ip.p && ip.p > mark.p
               ? (struct slice){mark.p, (size_t)(ip.p - mark.p) + ip.n}
               : (struct slice){0};
}

void match_read(const struct values *v, struct match *ret)
{
    ret->has_host = read_host(v, &ret->host, &ret->name);
    ret->id = v->key[KEY_FID];
    ret->mlfid = v->key[KEY_MLFID];
    ret->user = v->key[KEY_USER];
    ret->users = (struct slice){0};
    ret->is_claim = v->key[KEY_HELO].n == 0;
    ret->helo = v->key[ret->is_claim ? KEY_CLAIM : KEY_HELO];
    ret->client = v->key[KEY_CLIENT];
    ret->exists = v->key[KEY_EXISTS].n > 0;
    ret->success = v->key[KEY_SUCCESS].n > 0;
    ret->delivered = v->key[KEY_DELIVERED].n > 0;
    ret->delivery = read_delivery(v);
    ret->mechanism = v->key[KEY_MECH];
    ret->answer = v->key[KEY_ANSWER];
    ret->login = v->key[KEY_LOGIN];
    ret->password = v->key[KEY_PASSWORD];
    ret->granted = v->key[KEY_GRANTED].n > 0;
    ret->tried = v->key[KEY_TRIED];
    ret->mark = 0;
    ret->secret = read_secret(v);
    ret->nofail = v->key[KEY_NOFAIL].n > 0;
    ret->forget = v->key[KEY_FORGET].n > 0;
    ret->gained = v->key[KEY_GAINED].n > 0;
    ret->count = ret->lines = 1;
    ret->total = ret->ok = 0;
    read_count(v->key[KEY_COUNT], &ret->count);
    read_count(v->key[KEY_OK], &ret->ok);
    ret->has_total = read_count(v->key[KEY_TOTAL], &ret->total);
    ret->n_fields = v->n;
    memcpy(ret->field, v->field, v->n * sizeof(*v->field));
}
