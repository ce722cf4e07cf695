// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/everyday.h"

static const char lines[] =
    " mail postfix/submission/smtpd[1]: connect from unknown[192.0.2.1]\n"
    " mail postfix/smtpd[1]: disconnect from mail.example.com[192.0.2.1] ehlo=1 mail=1 rcpt=1 "
    "data=1 quit=1 commands=5\n"
    " mail postfix/smtpd[1]: NOQUEUE: client=unknown[192.0.2.1]\n"
    " mail postfix/smtps/smtpd[1]: warning: hostname does not resolve to address 192.0.2.1\n"
    " mail postfix/postscreen[1]: CONNECT from [192.0.2.1]:12345 to [192.0.2.2]:25\n"
    " mail postfix/cleanup[1]: 4Qx: message-id=<1@example.com>\n"
    " mail postfix/qmgr[1]: 4Qx: from=<a@example.com>, size=1, nrcpt=1 (queue active)\n"
    " mail postfix/smtp[1]: 4Qx: to=<a@example.com>, relay=mail.example.com, delay=1, "
    "status=sent (\n"
    " mail dovecot: imap-login: Info: Login: user=<a>, method=PLAIN, rip=192.0.2.1, "
    "lip=192.0.2.2, TLS, session=<a>\n"
    " mail dovecot: pop3-login: Disconnected: Logged out\n"
    " mail sshd[1]: Accepted publickey for root from 192.0.2.1 port 1 ssh2\n"
    " mail sshd[1]: Connection closed by 192.0.2.1 port 1\n"
    " mail CRON[1]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)\n"
    "192.0.2.1 [1A2B] <<< EHLO mail.example.com SIZE=1\n"
    "192.0.2.1 [1A2B] >>> 250 2.1.0 <a@example.com>... Sender ok\n";

bool everyday_says(struct slice text)
{
    return memmem(lines, sizeof(lines) - 1, text.p, text.n) != NULL;
}

void everyday_count(uint8_t pairs[static EVERYDAY_PAIRS])
{
    for (const char *p = lines; p[1]; p++) {
        uint8_t *count = &pairs[(unsigned char)p[0] << 8 | (unsigned char)p[1]];
        *count += *count < UINT8_MAX;
    }
}
