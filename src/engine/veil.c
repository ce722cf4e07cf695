// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/veil.h"

#include "engine/leaks.h"

static const char *end_of(struct slice s)
{
    return s.p + s.n;
}

static bool is_part(struct slice part, struct slice text)
{
    return part.n > 0 && part.p >= text.p && end_of(part) <= end_of(text);
}

void veil_hide(struct veil *v, struct slice part)
{
    size_t first = 0, behind;
    const char *end;

    if (part.n == 0)
        return;
    end = end_of(part);
    while (first < v->n && end_of(v->part[first]) + 1 < part.p)
        first++;
    if (v->n == VEIL_PARTS_MAX && (first == v->n || v->part[first].p > end + 1)) {
        first -= first == v->n;
        end = end_of(v->line);
    }
    for (behind = first; behind < v->n && v->part[behind].p <= end + 1; behind++) {
        part.p = part.p < v->part[behind].p ? part.p : v->part[behind].p;
        end = end > end_of(v->part[behind]) ? end : end_of(v->part[behind]);
    }
    memmove(&v->part[first + 1], &v->part[behind], (v->n - behind) * sizeof(*v->part));
    v->part[first] = (struct slice){part.p, (size_t)(end - part.p)};
    v->n = v->n - behind + first + 1;
}

void veil_hide_no_name(struct veil *v, struct slice name)
{
    if (!veil_is_name(name))
        veil_hide(v, name);
}

void veil_find(struct veil *v, struct slice line, struct slice secret)
{
    v->line = line;
    v->n = 0;
    if (is_part(secret, line))
        veil_hide(v, secret);
    veil_hide(v, slice_from(line, VEIL_LINE_MAX));
    leaks_hide(v);
}

bool veil_next(const struct veil *v, struct slice *rest, struct slice *ret)
{
    struct slice seen = *rest;
    size_t i = 0;

    if (seen.n == 0)
        return false;
    if (is_part(seen, v->line)) {
        while (i < v->n && end_of(v->part[i]) <= seen.p)
            i++;
        if (i < v->n && v->part[i].p <= seen.p) {
            *rest = slice_from(seen, (size_t)(end_of(v->part[i]) - seen.p));
            *ret = slice_of(VEIL_MASK);
            return true;
        }
        if (i < v->n && v->part[i].p < end_of(seen))
            seen.n = (size_t)(v->part[i].p - seen.p);
    }
    *rest = slice_from(*rest, seen.n);
    *ret = seen;
    return true;
}

size_t veil_copy(const struct veil *v, struct slice part, char *ret, size_t size)
{
    struct slice piece;
    size_t n = 0;

    while (n < size && veil_next(v, &part, &piece)) {
        size_t most = piece.n < size - n ? piece.n : size - n;
        memcpy(ret + n, piece.p, most);
        n += most;
    }
    return n;
}

bool veil_shows(const struct veil *v, struct slice part)
{
    struct slice rest = part, piece;

    return !veil_next(v, &rest, &piece) || (piece.p == part.p && rest.n == 0);
}

struct slice veil_user(const struct veil *v, struct slice user)
{
    return veil_shows(v, user) && veil_is_name(user) ? user : (struct slice){0};
}

bool veil_is_name(struct slice text)
{
    static const char foreign[] = "!\"#$()<>;?[]^`{|}~";

    for (size_t i = 0; i < text.n; i++)
        if (memchr(foreign, text.p[i], sizeof(foreign) - 1))
            return false;
    return true;
}
