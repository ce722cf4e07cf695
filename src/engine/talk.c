// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/talk.h"

#include "base/take.h"

#include <ctype.h>

enum {
    WORD_MAX = 24,    // no word of a list is longer
    REFUSAL_MAX = 32, // words of a refusal; what is behind them is hidden
};

#define LIST(text) ((struct slice){text, sizeof(text) - 1})
#define COUNT(a)   (sizeof(a) / sizeof(*(a)))

enum hides {
    HIDES_REST,
    HIDES_NO_NAME,       // the rest, where it is no user's name
    HIDES_BEHIND_WORD,   // what stands behind the next word
    HIDES_BEHIND_STRING, // the same; it may be in quotes, and is a user's name
};

struct command {
    const char *name;
    enum hides hides;
};

static const struct command commands[] = {
    {"auth", HIDES_BEHIND_WORD},
    {"apop", HIDES_BEHIND_WORD},
    {"pass", HIDES_REST},
    {"user", HIDES_NO_NAME},
};

// IMAP's, behind a tag.
static const struct command tagged[] = {
    {"authenticate", HIDES_BEHIND_WORD},
    {"login", HIDES_BEHIND_STRING},
};

// The other commands, of those who try another protocol as well.
static const char others[] =
    " bdat capa connect data dele ehlo etrn expn get head helo help lhlo list mail noop options "
    "post quit rcpt retr rset starttls stat stls top uidl vrfy xclient ";
static const char others_tagged[] =
    " append capability check close copy create delete enable examine expunge fetch getquotaroot "
    "id idle list logout lsub namespace noop search select starttls status store subscribe uid "
    "xlist ";

// How a server says no to a command or a password, which it may repeat then; behind a tag as well.
static const char refusals[] = " 454 500 501 502 503 504 530 534 535 538 -err ";
static const char refusals_tagged[] = " bad no ";

// The words that it does so with. A password that is one of them is seen, and nobody can tell that
// it is one.
static const char words[] =
    " a access account again already an and another are argument arguments auth authenticate "
    "authenticated authentication authenticationfailed authorization authorizationfailed bad be "
    "before blocked by cannot closed closing combination command commands connection credentials "
    "denied disabled does ehlo encryption error exist expired failed failure first for found "
    "from greeting helo if imap implemented in-use incorrect invalid is issue later locked login "
    "login-delay logon mail mailbox mechanism missing must need no not of on only or out "
    "parameter parameters pass password please pop recognized rejected required requires "
    "sequence server smtp starttls state such supported syntax sys/perm sys/temp temporarily "
    "temporary the this to too try type unable unavailable unknown unrecognized unsupported user "
    "username valid with wrong you your ";

// Whether a list has a word, in whatever case.
static bool has_word(struct slice list, struct slice word)
{
    char text[WORD_MAX + 2] = " ";

    if (word.n == 0 || word.n > WORD_MAX || memchr(word.p, ' ', word.n))
        return false;
    for (size_t i = 0; i < word.n; i++)
        text[i + 1] = (char)tolower((unsigned char)word.p[i]);
    text[word.n + 1] = ' ';
    return memmem(list.p, list.n, text, word.n + 2);
}

// The next word off the front, and the blanks before it.
static struct slice take_word(struct slice *text)
{
    struct slice word;

    take_blanks(text);
    word = (struct slice){text->p, 0};
    while (word.n < text->n && !is_blank(text->p[word.n]))
        word.n++;
    *text = slice_from(*text, word.n);
    return word;
}

// Likewise IMAP's astring.
static struct slice take_string(struct slice *text)
{
    struct slice s = *text;

    take_blanks(&s);
    if (s.n == 0 || s.p[0] != '"')
        return take_word(text);
    *text = slice_from(s, 1);
    s = (struct slice){text->p, 0};
    while (s.n < text->n && s.p[s.n] != '"')
        s.n += s.p[s.n] == '\\' ? 2 : 1;
    s.n = s.n < text->n ? s.n : text->n;
    *text = slice_from(*text, s.n + 1);
    return s;
}

static bool obey(struct veil *v, const struct command *command, size_t n, struct slice name,
                 struct slice rest)
{
    while (n > 0 &&
           (strlen(command->name) != name.n || strncasecmp(command->name, name.p, name.n) != 0))
        command++, n--;
    if (n == 0)
        return false;
    if (command->hides == HIDES_NO_NAME) {
        veil_hide_no_name(v, slice_trim(rest));
        return true;
    }
    if (command->hides == HIDES_BEHIND_WORD)
        take_word(&rest);
    else if (command->hides == HIDES_BEHIND_STRING)
        veil_hide_no_name(v, take_string(&rest));
    veil_hide(v, slice_trim(rest));
    return true;
}

// "250-", "+OK", "*": where a client writes it, both are servers, and this one asks the other.
static bool is_reply(struct slice text)
{
    return (text.n > 3 && text.p[0] >= '2' && text.p[0] <= '5' && is_digit(text.p[1]) &&
            is_digit(text.p[2]) && (text.p[3] == ' ' || text.p[3] == '-')) ||
           slice_starts(text, "+OK") || slice_starts(text, "-ERR") || slice_starts(text, "* ");
}

static void hide_said(struct veil *v, struct slice text)
{
    struct slice rest = text, first = take_word(&rest), behind = rest, second = take_word(&behind);

    if (!obey(v, commands, COUNT(commands), first, rest) && !has_word(LIST(others), first) &&
        !obey(v, tagged, COUNT(tagged), second, behind) && !has_word(LIST(others_tagged), second))
        veil_hide(v, slice_trim(text));
}

void talk_client(struct veil *v, struct slice text)
{
    if (is_reply(text))
        talk_server(v, text);
    else
        hide_said(v, text);
}

// "5.7.8"
static bool is_code(struct slice word)
{
    return word.n == 5 && is_digit(word.p[0]) && word.p[1] == '.' && is_digit(word.p[2]) &&
           word.p[3] == '.' && is_digit(word.p[4]);
}

static struct slice without_marks(struct slice word)
{
    while (word.n > 0 && memchr("[(<\"'", word.p[0], 5))
        word = slice_from(word, 1);
    while (word.n > 0 && memchr("])>\"'.,:;!?", word.p[word.n - 1], 11))
        word.n--;
    return word;
}

// All but those words; a byte between two that are hidden is hidden with them.
static void hide_foreign(struct veil *v, struct slice text)
{
    for (unsigned i = 0; i < REFUSAL_MAX; i++) {
        struct slice word = take_word(&text);
        if (word.n > 0 && !is_code(word) && !has_word(LIST(words), without_marks(word)))
            veil_hide(v, word);
    }
    veil_hide(v, slice_trim(text));
}

// In quotes stands what the client said.
static void hide_refusal(struct veil *v, struct slice text)
{
    const char *quote = text.n > 0 ? memchr(text.p, '"', text.n) : NULL, *end;
    struct slice said;

    if (!quote) {
        hide_foreign(v, text);
        return;
    }
    said = slice_from(text, (size_t)(quote - text.p) + 1);
    hide_foreign(v, (struct slice){text.p, (size_t)(quote - text.p)});
    end = said.n > 0 ? memrchr(said.p, '"', said.n) : NULL;
    if (end) {
        hide_foreign(v, slice_from(said, (size_t)(end - said.p) + 1));
        said.n = (size_t)(end - said.p);
    }
    hide_said(v, said);
}

void talk_server(struct veil *v, struct slice text)
{
    struct slice rest = text, first = take_word(&rest), behind = rest, second = take_word(&behind);

    // "500-..." has more lines to come.
    if (first.n > 3 && first.p[3] == '-' && is_digit(first.p[0])) {
        first.n = 3;
        rest = slice_from(text, (size_t)(first.p - text.p) + 4);
    }
    if (has_word(LIST(refusals), first))
        hide_refusal(v, rest);
    else if (has_word(LIST(refusals_tagged), second))
        hide_refusal(v, behind);
}
