// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/control.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

enum { HEAD_SIZE = 4, RECORD_HEAD_SIZE = 4, FIELDS_MAX = 32 };

// FLAG is a bool, CHOICE an enum (one byte on the wire, an unsigned here), NAME and TEXT slices.
enum kind { END, FLAG, CHOICE, U32, U64, NET, NAME, TEXT };

struct field {
    enum kind kind;
    size_t offset;
    uint64_t most; // CHOICE: the first value that is none; TEXT: bytes
};

static_assert(sizeof(enum control_reason) == sizeof(unsigned), "CHOICE");

#define AT(member) offsetof(struct control, member)

// The fields of each type, in their order on the wire. What is not named is not sent and reads as
// zero. The sum of a record's limits stays far below a packet's size.
static const struct field fields[CONTROL_TYPE_MAX][FIELDS_MAX] = {
    [CONTROL_STATUS] = {{NAME, AT(query.jail)}},
    [CONTROL_LIST] = {{NAME, AT(query.jail)}},
    [CONTROL_WHY] = {{NET, AT(query.net)}, {TEXT, AT(query.name), CONTROL_SAID_MAX}},
    [CONTROL_FINGERPRINTS] = {{TEXT, AT(query.name), CONTROL_SAID_MAX}},
    [CONTROL_MARK] = {{TEXT, AT(query.name), CONTROL_SAID_MAX},
                      {CHOICE, AT(query.mark), CONTROL_MARK_MAX}},
    [CONTROL_BAN] = {{NET, AT(query.net)}, {NAME, AT(query.jail)}, {U64, AT(query.span)}},
    [CONTROL_UNBAN] = {{FLAG, AT(query.all)}, {NET, AT(query.net)}, {NAME, AT(query.jail)}},
    [CONTROL_OPTIONS] = {{NAME, AT(query.jail)}},
    [CONTROL_IS_DAEMON] = {{TEXT, AT(daemon.version), CONTROL_NAME_MAX},
                           {TEXT, AT(daemon.config), CONTROL_PATH_MAX},
                           {U32, AT(daemon.pid)},
                           {U64, AT(daemon.now)},
                           {U64, AT(daemon.started)},
                           {U64, AT(daemon.loaded)},
                           {FLAG, AT(daemon.enforcer)},
                           {U64, AT(daemon.bans)},
                           {U64, AT(daemon.lines)},
                           {U64, AT(daemon.hits)},
                           {U64, AT(daemon.overlong)},
                           {U64, AT(daemon.memory)},
                           {U64, AT(daemon.hooks)},
                           {U64, AT(daemon.hooks_failed)},
                           {U64, AT(daemon.hooks_dropped)},
                           {U64, AT(daemon.refused)},
                           {TEXT, AT(daemon.refusal), CONTROL_TEXT_MAX},
                           {U64, AT(daemon.fingerprints)},
                           {U64, AT(daemon.login_hosts)},
                           {U64, AT(daemon.login_blocks)},
                           {U64, AT(daemon.shielded)}},
    [CONTROL_IS_DNS] = {{U64, AT(dns.hosts)},
                        {U64, AT(dns.listed)},
                        {U64, AT(dns.cached)},
                        {U64, AT(dns.dropped)},
                        {U64, AT(dns.asked)},
                        {U64, AT(dns.answered)},
                        {U64, AT(dns.failed)},
                        {U64, AT(dns.silence)}},
    [CONTROL_IS_SOURCE] = {{TEXT, AT(source.path), CONTROL_PATH_MAX},
                           {CHOICE, AT(source.state), CONTROL_SOURCE_STATE_MAX},
                           {U64, AT(source.size)},
                           {U64, AT(source.offset)},
                           {U64, AT(source.lines)},
                           {U64, AT(source.last)},
                           {TEXT, AT(source.text), CONTROL_TEXT_MAX}},
    [CONTROL_IS_JAIL] = {{NAME, AT(jail.name)},
                         {TEXT, AT(jail.filter), CONTROL_TEXT_MAX},
                         {FLAG, AT(jail.active)},
                         {U64, AT(jail.bans)},
                         {U64, AT(jail.lines)},
                         {U64, AT(jail.matched)},
                         {U64, AT(jail.hits)},
                         {U64, AT(jail.ignored)},
                         {U64, AT(jail.exempt)},
                         {U64, AT(jail.informed)},
                         {U64, AT(jail.limits)},
                         {U64, AT(jail.verdicts)},
                         {U64, AT(jail.no_address)},
                         {U64, AT(jail.tracked)},
                         {U64, AT(jail.evicted)},
                         {U64, AT(jail.banned)},
                         {U64, AT(jail.successes)},
                         {U64, AT(jail.shielded)},
                         {U64, AT(jail.repeats)},
                         {U32, AT(jail.maxretry)},
                         {U64, AT(jail.findtime)},
                         {U64, AT(jail.bantime)},
                         {TEXT, AT(jail.text), CONTROL_TEXT_MAX},
                         {FLAG, AT(jail.points)}},
    [CONTROL_IS_BAN] = {{U64, AT(ban.id)},
                        {NAME, AT(ban.jail)},
                        {NET, AT(ban.net)},
                        {U64, AT(ban.since)},
                        {U64, AT(ban.until)},
                        {U64, AT(ban.lifted)},
                        {U32, AT(ban.hits)},
                        {U32, AT(ban.hosts)},
                        {U32, AT(ban.need_hits)},
                        {U32, AT(ban.need_hosts)},
                        {U64, AT(ban.findtime)},
                        {CHOICE, AT(ban.reason), CONTROL_REASON_MAX},
                        {TEXT, AT(ban.name), CONTROL_SAID_MAX},
                        {U64, AT(ban.cover)},
                        {NET, AT(ban.cover_net)},
                        {NAME, AT(ban.cover_jail)},
                        {FLAG, AT(ban.points)},
                        {TEXT, AT(ban.spared), CONTROL_SPARED_MAX}},
    [CONTROL_IS_EVIDENCE] = {{U64, AT(evidence.ban)},
                             {NAME, AT(evidence.jail)},
                             {NET, AT(evidence.addr)},
                             {U64, AT(evidence.time)},
                             {U32, AT(evidence.count)},
                             {TEXT, AT(evidence.source), CONTROL_PATH_MAX},
                             {TEXT, AT(evidence.text), CONTROL_TEXT_MAX},
                             {TEXT, AT(evidence.rule), CONTROL_NAME_MAX},
                             {TEXT, AT(evidence.user), CONTROL_SAID_MAX},
                             {TEXT, AT(evidence.helo), CONTROL_SAID_MAX},
                             {FLAG, AT(evidence.points)}},
    [CONTROL_IS_STANDING] = {{NAME, AT(standing.jail)},
                             {NET, AT(standing.net)},
                             {U32, AT(standing.hits)},
                             {U32, AT(standing.hosts)},
                             {U32, AT(standing.need_hits)},
                             {U32, AT(standing.need_hosts)},
                             {U64, AT(standing.findtime)},
                             {FLAG, AT(standing.exempt)},
                             {U64, AT(standing.login)},
                             {U32, AT(standing.days)},
                             {FLAG, AT(standing.shielded)},
                             {FLAG, AT(standing.fingerprints)},
                             {U32, AT(standing.repeats)},
                             {FLAG, AT(standing.wary)},
                             {FLAG, AT(standing.points)},
                             {TEXT, AT(standing.held), CONTROL_NAME_MAX},
                             {U64, AT(standing.held_until)},
                             {U64, AT(standing.mail)},
                             {U64, AT(standing.spared)}},
    [CONTROL_IS_INQUIRY] = {{CHOICE, AT(inquiry.state), CONTROL_INQUIRY_STATE_MAX},
                            {U64, AT(inquiry.time)},
                            {U32, AT(inquiry.weight)},
                            {TEXT, AT(inquiry.text), CONTROL_SAID_MAX},
                            {CHOICE, AT(inquiry.names), CONTROL_NAMES_MAX},
                            {TEXT, AT(inquiry.clean), CONTROL_TEXT_MAX},
                            {TEXT, AT(inquiry.silent), CONTROL_TEXT_MAX}},
    [CONTROL_IS_FINGERPRINT] = {{CHOICE, AT(fingerprint.kind), CONTROL_NAME_KIND_MAX},
                                {TEXT, AT(fingerprint.name), CONTROL_SAID_MAX},
                                {CHOICE, AT(fingerprint.state), CONTROL_NAME_STATE_MAX},
                                {FLAG, AT(fingerprint.is_fingerprint)},
                                {FLAG, AT(fingerprint.is_listed)},
                                {FLAG, AT(fingerprint.is_doubtful)},
                                {U32, AT(fingerprint.hosts)},
                                {U32, AT(fingerprint.blocks)},
                                {U32, AT(fingerprint.need_hosts)},
                                {U32, AT(fingerprint.need_blocks)},
                                {U64, AT(fingerprint.failures)},
                                {U64, AT(fingerprint.first)},
                                {U64, AT(fingerprint.last)},
                                {U64, AT(fingerprint.cleared)}},
    [CONTROL_IS_PROBLEM] = {{FLAG, AT(problem.warning)},
                            {TEXT, AT(problem.file), CONTROL_PATH_MAX},
                            {U32, AT(problem.line)},
                            {TEXT, AT(problem.text), CONTROL_TEXT_MAX}},
    [CONTROL_IS_OPTION] = {{NAME, AT(option.jail)},
                           {TEXT, AT(option.name), CONTROL_NAME_MAX},
                           {TEXT, AT(option.value), CONTROL_VALUE_MAX}},
    [CONTROL_IS_EVENT] = {{CHOICE, AT(event.kind), CONTROL_EVENT_MAX},
                          {U64, AT(event.time)},
                          {NAME, AT(event.jail)},
                          {FLAG, AT(event.has_net)},
                          {NET, AT(event.net)},
                          {U64, AT(event.until)},
                          {U32, AT(event.count)},
                          {U32, AT(event.hits)},
                          {U32, AT(event.hosts)},
                          {U32, AT(event.blocks)},
                          {CHOICE, AT(event.reason), CONTROL_REASON_MAX},
                          {TEXT, AT(event.name), CONTROL_SAID_MAX},
                          {TEXT, AT(event.text), CONTROL_TEXT_MAX},
                          {FLAG, AT(event.points)}},
    [CONTROL_IS_REFUSED] = {{U32, AT(refused.request)},
                            {U32, AT(refused.error)},
                            {TEXT, AT(refused.text), CONTROL_TEXT_MAX}},
    [CONTROL_IS_DONE] = {{U32, AT(done.error)},
                         {U32, AT(done.count)},
                         {U32, AT(done.again)},
                         {TEXT, AT(done.text), CONTROL_TEXT_MAX}},
};

// Where the next byte goes to or comes from; short: there was no room, or there were too few.
struct cursor {
    uint8_t *to;
    const uint8_t *from;
    size_t left;
    bool is_short;
};

static void put_bytes(struct cursor *c, const void *bytes, size_t n)
{
    if (n > c->left) {
        c->is_short = true;
        return;
    }
    if (n > 0)
        memcpy(c->to, bytes, n);
    c->to += n;
    c->left -= n;
}

static void put_number(struct cursor *c, uint64_t value, size_t n)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    put_bytes(c, bytes, n);
}

static const uint8_t *get_bytes(struct cursor *c, size_t n)
{
    const uint8_t *bytes = c->from;

    if (n > c->left) {
        c->is_short = true;
        return NULL;
    }
    c->from += n;
    c->left -= n;
    return bytes;
}

static uint64_t get_number(struct cursor *c, size_t n)
{
    const uint8_t *bytes = get_bytes(c, n);
    uint64_t value = 0;

    for (size_t i = 0; bytes && i < n; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

bool control_name_valid(struct slice s)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_-.";

    if (s.n > CONTROL_NAME_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\0' || !strchr(allowed, s.p[i]))
            return false;
    }
    return true;
}

// Bits beyond the prefix would make two names for one block.
static bool is_net(const struct addr *a)
{
    return a->len <= 128 && addr_within(a, a);
}

static int put_field(struct cursor *c, const struct field *f, const void *member)
{
    const struct addr *net = member;
    struct slice text;
    unsigned choice;

    switch (f->kind) {
    case FLAG:
        put_number(c, *(const bool *)member, 1);
        return 0;
    case CHOICE:
        memcpy(&choice, member, sizeof(choice));
        put_number(c, choice, 1);
        return choice < f->most ? 0 : -EINVAL;
    case U32:
        put_number(c, *(const uint32_t *)member, 4);
        return 0;
    case U64:
        put_number(c, *(const uint64_t *)member, 8);
        return 0;
    case NET:
        put_bytes(c, net->b, sizeof(net->b));
        put_number(c, net->len, 1);
        return is_net(net) ? 0 : -EINVAL;
    case NAME:
    case TEXT:
        text = *(const struct slice *)member;
        if (f->kind == NAME && !control_name_valid(text))
            return -EINVAL;
        if (f->kind == TEXT && text.n > f->most)
            text.n = f->most;
        put_number(c, text.n, 2);
        put_bytes(c, text.p, text.n);
        return 0;
    case END:
        break;
    }
    return -EINVAL;
}

static int get_text(struct cursor *c, const struct field *f, struct slice *ret)
{
    size_t n = get_number(c, 2);
    struct slice text = {(const char *)get_bytes(c, n), n};

    if (!text.p || (f->kind == NAME ? !control_name_valid(text) : n > f->most))
        return -EPROTO;
    *ret = text;
    return 0;
}

static int get_net(struct cursor *c, struct addr *ret)
{
    const uint8_t *bytes = get_bytes(c, sizeof(ret->b));
    struct addr net = {.len = (uint8_t)get_number(c, 1)};

    if (!bytes)
        return -EPROTO;
    memcpy(net.b, bytes, sizeof(net.b));
    if (!is_net(&net))
        return -EPROTO;
    *ret = net;
    return 0;
}

static int get_field(struct cursor *c, const struct field *f, void *member)
{
    unsigned choice;

    switch (f->kind) {
    case FLAG:
        choice = (unsigned)get_number(c, 1);
        *(bool *)member = choice == 1;
        return choice <= 1 ? 0 : -EPROTO;
    case CHOICE:
        choice = (unsigned)get_number(c, 1);
        memcpy(member, &choice, sizeof(choice));
        return choice < f->most ? 0 : -EPROTO;
    case U32:
        *(uint32_t *)member = (uint32_t)get_number(c, 4);
        return 0;
    case U64:
        *(uint64_t *)member = get_number(c, 8);
        return 0;
    case NET:
        return get_net(c, member);
    case NAME:
    case TEXT:
        return get_text(c, f, member);
    case END:
        break;
    }
    return -EPROTO;
}

void control_start(struct control_packet *p)
{
    struct cursor c = {.to = p->bytes, .left = HEAD_SIZE};

    put_number(&c, CONTROL_VERSION, HEAD_SIZE);
    p->n = HEAD_SIZE;
}

bool control_is_empty(const struct control_packet *p)
{
    return p->n <= HEAD_SIZE;
}

int control_put(struct control_packet *p, const struct control *record)
{
    struct cursor head = {.to = p->bytes + p->n, .left = sizeof(p->bytes) - p->n}, c = head;
    int r;

    if (record->type < CONTROL_STATUS || record->type >= CONTROL_TYPE_MAX)
        return -EINVAL;
    put_number(&c, 0, RECORD_HEAD_SIZE);
    for (const struct field *f = fields[record->type]; f->kind != END; f++) {
        r = put_field(&c, f, (const char *)record + f->offset);
        if (r < 0)
            return r;
    }
    if (c.is_short)
        return CONTROL_E_FULL;
    put_number(&head, record->type, 2);
    put_number(&head, (uint64_t)(c.to - head.to) - 2, 2);
    p->n = (size_t)(c.to - p->bytes);
    return 0;
}

uint32_t control_version(struct slice packet)
{
    struct cursor c = {.from = (const uint8_t *)packet.p, .left = packet.n};

    return (uint32_t)get_number(&c, HEAD_SIZE);
}

int control_open(struct slice *packet)
{
    struct cursor c = {.from = (const uint8_t *)packet->p, .left = packet->n};
    uint64_t version = get_number(&c, HEAD_SIZE);

    if (c.is_short || packet->n > CONTROL_PACKET_MAX)
        return -EPROTO;
    if (version != CONTROL_VERSION)
        return -EPROTONOSUPPORT;
    *packet = slice_from(*packet, HEAD_SIZE);
    return 0;
}

int control_get(struct slice *packet, struct control *ret)
{
    struct cursor head = {.from = (const uint8_t *)packet->p, .left = packet->n}, c;
    unsigned type = (unsigned)get_number(&head, 2);
    size_t n = get_number(&head, 2);
    struct control record = {.type = type};

    if (packet->n == 0)
        return 0;
    if (type < CONTROL_STATUS || type >= CONTROL_TYPE_MAX)
        return -EPROTO;
    c = (struct cursor){.from = get_bytes(&head, n), .left = n};
    if (head.is_short)
        return -EPROTO;
    for (const struct field *f = fields[type]; f->kind != END; f++) {
        if (get_field(&c, f, (char *)&record + f->offset) < 0)
            return -EPROTO;
    }
    if (c.is_short || c.left > 0)
        return -EPROTO;
    *packet = slice_from(*packet, RECORD_HEAD_SIZE + n);
    *ret = record;
    return CONTROL_E_RECORD;
}
