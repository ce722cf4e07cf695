// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/jail-own.h"

// Whether a block is none to be banned as one: somebody logs in from there, or too many deliver
// mail from it.
static bool is_inhabited(const struct jail *j, const struct addr *block, usec_t time)
{
    struct shield *shield = jail_shield(j);
    struct spared spared;

    return shield && (shield_covers(shield, block, time, NULL) ||
                      !peers_within(jail_peers(j), block, time, j->spec.findtime, &spared));
}

// Whether somebody who logs in here would be hit by a ban of this rung.
static bool is_shielded(const struct jail *j, const struct rungs *rungs, size_t i, usec_t time)
{
    const struct jail_standing *s = &rungs->at[i];
    struct shield *shield = jail_shield(j);

    if (!shield)
        return false;
    return i > 0 ? is_inhabited(j, &s->net, time)
                 : shield_absolves(shield, &s->net, time, s->findtime, s->need_hits);
}

void jail_settle(struct jail *j, struct rungs *rungs, usec_t time)
{
    struct shield *shield = jail_shield(j);

    for (size_t i = 1; shield && i < rungs->n; i++) {
        const struct level *level = rungs->level[i];
        if (level && level->strange_hits > 0 && shield_is_strange(shield, &rungs->at[i].net, time))
            rungs_lower(rungs, i);
    }
}

// The narrowest rung that explains the hits. A block that a narrower one was banned for before, and
// that is still over its thresholds, goes first: where every hit is enough to ban its host
// (maxretry 1), no block would ever be banned otherwise. Nobody exempt is hit by a ban, nor who
// logged in lately by one of his block: for those *shielded grows. Only the first `n` rungs are
// asked for.
static const struct jail_standing *choose(const struct jail *j, const struct rungs *rungs, size_t n,
                                          usec_t time, uint64_t *shielded)
{
    const struct jail_standing *narrowest = NULL;

    for (size_t i = 0; i < n; i++) {
        if (!rungs->reached[i] || exempt_touches(j->exempt, &rungs->at[i].net))
            continue;
        if (is_shielded(j, rungs, i, time)) {
            ++*shielded;
            continue;
        }
        if (rungs->reached[i] == NETBLOCK_E_AGAIN)
            return &rungs->at[i];
        if (!narrowest)
            narrowest = &rungs->at[i];
    }
    return narrowest;
}

// Whom the ban of a block is to go past.
static const struct spared *look_for_peers(struct jail *j, const struct addr *block, usec_t time)
{
    struct peers *peers = jail_peers(j);

    j->gone_past.n = 0;
    if (peers)
        peers_within(peers, block, time, j->spec.findtime, &j->gone_past);
    return &j->gone_past;
}

static struct verdict judge(struct jail *j, const struct jail_standing *s, const struct hit *hit,
                            const struct name *known)
{
    bool host = addr_compare(&s->net, &hit->host) == 0;
    const struct sentence sentence = {s->bantime, j->spec.sentence.growth};
    struct past past = jail_past(j, &s->net, hit->time);
    struct verdict v = {
        .net = s->net,
        .time = hit->time,
        .until = sentence_until(&sentence, hit->time, &past),
        .reason = known  ? VERDICT_FINGERPRINT
                  : host ? VERDICT_HOST
                         : VERDICT_BLOCK,
        .hits = s->hits,
        .hosts = s->hosts,
        .need_hits = s->need_hits,
        .need_hosts = s->need_hosts,
        .findtime = s->findtime,
        .spared = host ? NULL : look_for_peers(j, &s->net, hit->time),
    };

    if (known) {
        v.kind = known->kind;
        family_name(known->text, known->client, v.family);
    }
    return v;
}

// The prefix of the widest block of a jail around a host that is among these; 0: none is.
static unsigned widest_around(const struct jail *j, const struct brands *among,
                              const struct addr *host, usec_t time)
{
    size_t n;
    const struct level *level = jail_spec_levels(&j->spec, host, &n);

    while (n-- > 0 && level[n].prefix < addr_prefix(host)) {
        struct addr block = addr_block(host, level[n].prefix);
        if (brands_has(among, &block, time))
            return level[n].prefix;
    }
    return 0;
}

// The same of nets that are banned, itself included: wider blocks have its hits explained by that
// ban.
static unsigned banned_around(const struct jail *j, const struct addr *host, usec_t time)
{
    unsigned widest = j->has_blocks ? widest_around(j, j->branded, host, time) : 0;

    return widest == 0 && brands_has(j->branded, host, time) ? addr_prefix(host) : widest;
}

static int brand(struct jail *j, const struct addr *net, usec_t until)
{
    j->has_blocks |= jail_spec_is_block(&j->spec, net);
    return brands_put(j->branded, net, until);
}

// A fingerprint tells of a host, unless it is one that logs in here.
static bool is_telling(struct jail *j, const struct hit *hit)
{
    struct shield *shield = jail_shield(j);

    // What still comes of a host that is banned already is nothing new.
    return !exempt_touches(j->exempt, &hit->host) &&
           !brands_has(j->branded, &hit->host, hit->time) &&
           !(shield && shield_trusts(shield, &hit->host, hit->time));
}

// A user's name may be that of somebody who has not logged in yet: for a colleague's address two
// hits with it are enough, and for anybody's where it is doubtful.
static bool is_enough(struct jail *j, const struct hit *hit, const struct known *known)
{
    struct shield *shield = jail_shield(j);

    return !known->is_doubtful && !(known->name.kind == FINGERPRINT_USER && shield &&
                                    shield_is_home(shield, &hit->host, hit->time));
}

static int note_spared(struct jail *j, const struct addr *block, usec_t until)
{
    j->has_spared = true;
    return brands_put(j->spared, block, until);
}

// A block that would be banned if nobody were known there.
static int note_inhabited(struct jail *j, const struct rungs *rungs, usec_t time)
{
    const struct jail_standing *s = &rungs->at[1];

    if (rungs->n < 2 || !rungs->reached[1] || !is_inhabited(j, &s->net, time))
        return 0;
    return note_spared(j, &s->net, usec_add(time, s->findtime));
}

static bool is_strict(const struct jail *j)
{
    return j->has_spared && j->spec.fingerprints && jail_shield(j);
}

bool jail_is_wary(const struct jail *j, const struct addr *block, usec_t now)
{
    return is_strict(j) && brands_has(j->spared, block, now) &&
           !fingerprints_are_young(j->reputation->fingerprints, now);
}

// In such a block, and in one whose ban spares some, one failure is enough of a host that nobody
// logs in from, with a name that nobody logs in with: else an attacker's own account, or a mail
// that he has delivered, would get each of its hosts maxretry guesses.
static bool is_hiding(struct jail *j, const struct hit *hit)
{
    struct shield *shield = jail_shield(j);

    return is_strict(j) && widest_around(j, j->spared, &hit->host, hit->time) > 0 &&
           !shield_is_home(shield, &hit->host, hit->time) &&
           reputation_is_stranger(j->reputation, hit->user, hit->time);
}

// The first ban of a host that logs in here is forgone, and its counting starts anew.
static bool is_forgiven(struct jail *j, const struct hit *hit)
{
    struct shield *shield = jail_shield(j);

    if (!shield || !shield_forgives(shield, &hit->host, hit->time, j->spec.findtime))
        return false;
    j->counters.shielded++;
    ladder_wipe(j->ladder, &hit->host, &hit->host);
    return true;
}

// Bans, unless a cap holds it back: then all stays as it is, and the next hit asks again. True: it
// did. -ENOMEM.
static int ban(struct jail *j, const struct jail_standing *banned, const struct name *known,
               struct hit *hit, struct verdict *ret)
{
    struct verdict v = judge(j, banned, hit, known);
    int r = j->caps ? caps_ask(j->caps, &v.net, v.time, v.until) : 0;

    if (r == 0)
        r = brand(j, &v.net, v.until);
    if (r == 0 && v.spared && v.spared->n > 0)
        r = note_spared(j, &v.net, v.until);
    if (r != 0)
        return r < 0 ? r : false;
    ladder_wipe(j->ladder, &hit->host, &banned->net);
    hit->banned = (uint8_t)addr_prefix(&banned->net);
    hit->until = v.until;
    j->counters.verdicts++;
    *ret = v;
    return true;
}

// Where a cap holds a block back, what is narrower has its turn: else whoever makes a block stay
// over its thresholds would save each of its hosts.
static int ban_rung(struct jail *j, const struct rungs *rungs, const struct name *known,
                    struct hit *hit, struct verdict *ret)
{
    const struct jail_standing *s = choose(j, rungs, rungs->n, hit->time, &j->counters.shielded);
    int r = false;

    while (s && r == 0) {
        if (s == rungs->at && is_forgiven(j, hit))
            return false;
        r = ban(j, s, s == rungs->at ? known : NULL, hit, ret);
        s = choose(j, rungs, (size_t)(s - rungs->at), hit->time, &j->counters.shielded);
    }
    return r;
}

// Counts a hit of this host, but not in blocks wider than this prefix.
static int count(struct jail *j, const struct addr *host, const struct hit *hit, unsigned widest,
                 struct rungs *ret)
{
    int r = ladder_hit(j->ladder, host, hit->time, hit->count, widest, ret);

    if (r < 0)
        return r;
    jail_settle(j, ret, hit->time);
    return note_inhabited(j, ret, hit->time);
}

// A fingerprint counts as so many hits as ban a host, or as half of them, so that the blocks around
// hosts that are banned for one fill as well.
int jail_count(struct jail *j, struct hit *hit, const struct known *known, struct hit *ret_hit,
               struct verdict *ret_verdict)
{
    const struct name *enough = NULL;
    uint32_t weight = hit->count;
    struct rungs rungs;
    unsigned widest = banned_around(j, &hit->host, hit->time);
    int r;

    if (known && is_telling(j, hit)) {
        enough = is_enough(j, hit, known) ? &known->name : NULL;
        weight = enough ? j->spec.maxretry : (j->spec.maxretry + 1) / 2;
    }
    if (is_hiding(j, hit))
        weight = j->spec.maxretry;
    j->counters.hits += hit->count;
    hit->count = hit->count < weight ? weight : hit->count;
    r = count(j, &hit->host, hit, widest, &rungs);
    if (r < 0)
        return r;
    hit->hits = rungs.at[0].hits;
    r = ban_rung(j, &rungs, enough, hit, ret_verdict);
    if (r == 0 && enough)
        r = ban(j, &rungs.at[0], enough, hit, ret_verdict);
    *ret_hit = *hit;
    return r < 0 ? r : r ? JAIL_E_VERDICT : JAIL_E_HIT;
}

// A cap does so still: what led to that ban stays, as it did then.
static bool is_held_back(const struct jail *j, const struct addr *net)
{
    struct caps_refusal refusal;

    return j->caps && caps_refused(j->caps, net, &refusal);
}

int jail_restore(struct jail *j, const struct hit *hit)
{
    // As the jail counts now, which may be otherwise than before a reload.
    struct addr host = jail_spec_host(&j->spec, &hit->addr);
    struct addr net = addr_block(&host, hit->banned);
    const struct jail_standing *banned;
    uint64_t shielded = 0; // has been counted then
    struct rungs rungs;
    int r;

    if (exempt_covers(j->exempt, &hit->addr))
        return 0;
    if (hit->time > j->newest)
        j->newest = hit->time;
    r = count(j, &host, hit, banned_around(j, &host, hit->time), &rungs);
    if (r < 0)
        return r;
    // The hits before it may be gone, and the thresholds may be others: what was banned then
    // counts.
    banned = hit->banned > 0 ? NULL : choose(j, &rungs, rungs.n, hit->time, &shielded);
    if (hit->banned > 0)
        ladder_wipe(j->ladder, &host, &net);
    else if (banned && !is_held_back(j, &banned->net))
        ladder_wipe(j->ladder, &host, &banned->net);
    return hit->banned > 0 && hit->until > 0 ? jail_restore_ban(j, &net, hit->until) : 0;
}

int jail_restore_ban(struct jail *j, const struct addr *net, usec_t until)
{
    struct peers *peers = jail_peers(j);
    struct peers_host spared;
    int r = brand(j, net, until);

    if (r == 0 && peers && addr_is_block(net) && peers_next_spared(peers, net, 0, NULL, &spared))
        r = note_spared(j, net, until);
    return r;
}
