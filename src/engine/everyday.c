// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/everyday.h"

static const char *const lines[] = {
    " mail postfix/submission/smtpd[1]: connect from unknown[192.0.2.1]",
    " mail postfix/smtpd[1]: disconnect from mail.example.com[192.0.2.1] ehlo=1 mail=1 rcpt=1 ",
    " data=1 quit=1 commands=5",
    " mail postfix/smtpd[1]: NOQUEUE: client=unknown[192.0.2.1], sasl_method=PLAIN, sasl_username=",
    " mail postfix/smtps/smtpd[1]: warning: hostname does not resolve to address 192.0.2.1",
    " mail postfix/postscreen[1]: CONNECT from [192.0.2.1]:12345 to [192.0.2.2]:25",
    " mail postfix/cleanup[1]: 4Qx: message-id=<1@example.com>",
    " mail postfix/qmgr[1]: 4Qx: from=<a@example.com>, size=1, nrcpt=1 (queue active)",
    " mail postfix/smtp[1]: 4Qx: to=<a@example.com>, relay=mail.example.com, delay=1, status=sent "
    "(",
    " mail dovecot: imap-login: Info: Login: user=<a>, method=PLAIN, rip=192.0.2.1, "
    "lip=192.0.2.2, ",
    " mail dovecot: pop3-login: Disconnected: Logged out",
    " TLS, session=<a>",
    "192.0.2.1 [1A2B] <<< EHLO mail.example.com SIZE=1",
    "192.0.2.1 [1A2B] >>> 250 2.1.0 <a@example.com>... Sender ok",
    " mail sshd[1]: Connection from user invalid error failed",
};

bool everyday_says(struct slice text)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        if (memmem(lines[i], strlen(lines[i]), text.p, text.n))
            return true;
    return false;
}

void everyday_count(uint8_t pairs[static EVERYDAY_PAIRS])
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        for (const char *p = lines[i]; p[0] && p[1]; p++) {
            uint8_t *count = &pairs[(unsigned char)p[0] << 8 | (unsigned char)p[1]];
            *count += *count < UINT8_MAX;
        }
    }
}
