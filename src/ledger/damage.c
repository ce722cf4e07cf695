// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/damage.h"

#include <stdio.h>

static const char *const kinds[DAMAGE_KINDS] = {
    [DAMAGE_HITS] = "hits",
    [DAMAGE_NAMES] = "names",
    [DAMAGE_BANS] = "bans",
    [DAMAGE_SESSIONS] = "sessions",
    [DAMAGE_FINGERPRINTS] = "fingerprints",
    [DAMAGE_GOOD_NAMES] = "names that logged in",
    [DAMAGE_LOGINS] = "logins",
    [DAMAGE_PEERS] = "mail servers",
    [DAMAGE_REPEATS] = "wrong passwords",
};

// As they are: of whatever type.
static int bind_columns(sqlite3_stmt *to, int first, int n, sqlite3_stmt *row)
{
    int code = SQLITE_OK;

    for (int i = 0; i < n && i < sqlite3_column_count(row) && code == SQLITE_OK; i++)
        code = sqlite3_bind_value(to, first + i, sqlite3_column_value(row, i));
    return code;
}

void damage_note(struct ledger *l, enum damage what, sqlite3_stmt *row)
{
    const struct value fixed[] = {value_text(kinds[what]), value_of(DAMAGED_ROWS_MAX),
                                  value_of(DAMAGED_BYTES_MAX)};
    const int n = sizeof(fixed) / sizeof(fixed[0]);
    sqlite3_stmt *s;

    l->damaged[what]++;
    if (store_start(l, DAMAGED_PUT, (size_t)n, fixed, &s) < 0)
        return;
    if (bind_columns(s, n + 1, sqlite3_bind_parameter_count(s) - n, row) == SQLITE_OK)
        store_step(l, s);
    sqlite3_clear_bindings(s);
}

void damage_set_aside(struct ledger *l, enum damage what, sqlite3_stmt *row, enum statement drop)
{
    sqlite3_stmt *s;

    damage_note(l, what, row);
    if (store_start(l, drop, 0, NULL, &s) < 0)
        return;
    if (bind_columns(s, 1, sqlite3_bind_parameter_count(s), row) == SQLITE_OK)
        store_step(l, s);
    sqlite3_clear_bindings(s);
}

size_t ledger_damaged(const struct ledger *l)
{
    size_t n = 0;

    for (enum damage what = 0; what < DAMAGE_KINDS; what++)
        n += l->damaged[what];
    return n;
}

void ledger_damage_text(const struct ledger *l, char ret[static LEDGER_DAMAGE_MAX])
{
    int at = 0;

    ret[0] = '\0';
    for (enum damage what = 0; what < DAMAGE_KINDS; what++) {
        size_t n = l->damaged[what];
        if (n > 0)
            at += snprintf(ret + at, (size_t)(LEDGER_DAMAGE_MAX - at), "%s%zu of %s",
                           at ? ", " : "", n, kinds[what]);
    }
}
