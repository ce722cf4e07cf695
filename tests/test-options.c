// SPDX-License-Identifier: GPL-2.0-or-later
// Each option's values: lines of a jail, and the lines of the dump that they become, or the
// problem.
#include "conf/options.h"

#include "conf-text.h"
#include "folder.h"

#include "base/cleanup.h"
#include "conf/filterspec.h"
#include "conf/settings.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
    const char *lines, *says; // a whole line, or the beginning of one
} samples[] = {
    {"", "enabled = true\n"},
    {"", "filter = x\n"},
    {"", "maxretry = 5\n"},
    {"", "findtime = 10m\n"},
    {"", "bantime = 1w\n"},
    {"", "ignoreself = true\n"},
    {"", "blocktype = drop\n"},
    {"", "port = all\n"},
    {"", "protocol = all\n"},
    {"", "netblock.v4 =\n"},
    {"", "netblock.findtime = 10m\n"},
    {"", "netblock.bantime = 1w\n"},
    {"", "usedns = no\n"},
    {"maxretry = 1\n", "maxretry = 1\n"},
    {"maxretry = 1000\n", "maxretry = 1000\n"},
    {"maxretry = 0\n", "j:4: error: maxretry = 0: write a number from 1 to 1000\n"},
    {"maxretry = 1001\n", "j:4: error: maxretry = 1001: write a number from 1 to 1000\n"},
    {"maxretry = -1\n", "j:4: error: maxretry = -1: write a number from 1 to 1000\n"},
    {"maxretry =\n", "j:4: error: maxretry = : write a number from 1 to 1000\n"},
    {"maxretry = 99999999999999999999\n", "j:4: error: maxretry = 99999999999999999999: write"},
    {"findtime = 1h 30m\n", "findtime = 1h 30m\n"},
    {"findtime = 1.5\n", "findtime = 1.500000\n"},
    {"findtime = 0\n", "j:4: error: findtime = 0: write a time such as 600, 10m, 1h 30m or 1w"},
    {"findtime = -1\n", "j:4: error: findtime = -1: hits cannot count for ever; write a time"},
    {"findtime = soon\n", "j:4: error: findtime = soon: write a time such as"},
    {"bantime = 3600\n", "bantime = 1h\n"},
    {"bantime = -1\n", "bantime = -1\n"},
    {"bantime = -1\n", "netblock.bantime = -1\n"},
    {"bantime = -2\n", "j:4: error: bantime = -2: write a time such as"},
    {"bantime = 0.5\n", "j:4: error: bantime = 0.5: write a time such as"},
    {"ignoreself = no\n", "ignoreself = false\n"},
    {"ignoreself = maybe\n", "j:4: error: ignoreself = maybe: write true or false\n"},
    {"fingerprints = yes\n", "fingerprints = true\n"},
    {"fingerprints = all\n", "j:4: error: fingerprints = all: write true or false\n"},
    {"shield = 1\n", "shield = true\n"},
    {"", "repeats = once\n"},
    {"repeats = Once\n", "repeats = once\n"},
    {"repeats = count\n", "repeats = count\n"},
    {"repeats = true\n", "j:4: error: repeats = true: write once or count\n"},
    {"repeats =\n", "j:4: error: repeats = : write once or count\n"},
    {"shield = 2\n", "j:4: error: shield = 2: write true or false\n"},
    {"ignoreip = 192.0.2.7 198.51.100.1/24,2001:db8::/32\n  ::1\n",
     "ignoreip = 192.0.2.7 198.51.100.0/24 ::1 2001:db8::/32\n"},
    {"ignoreip = localhost\n", "ignoreip = 127.0.0.1"},
    {"ignoreip = 192.0.2.1\n  192.0.2.256\n", "j:5: error: ignoreip: '192.0.2.256' is no address "
                                              "and no name: write 192.0.2.1, 192.0.2.0/24,"},
    {"ignoreip = mail..example.org\n", "j:4: error: ignoreip: 'mail..example.org' is no address"},
    {"ignoreip = file:addresses\n", "j:4: error: ignoreip: 'file:addresses' is no address and no"},
    {"ignoreip = 192.0.2.1 file:/nonexistent\n",
     "j:4: warning: ignoreip: /nonexistent cannot be read: nobody is spared for it\n"},
    {"ignoreip = 192.0.2.1 file:/nonexistent\n", "ignoreip = 192.0.2.1\n"},
    {"logencoding = UTF-8\n", "logencoding = UTF-8\n"},
    {"logencoding =\n", "logencoding = auto\n"},
    {"logencoding = latin-1\n", "j:4: warning: logencoding = latin-1: lines are read as they are;"},
    {"logencoding = utf-16\n", "j:4: error: logencoding = utf-16: a log must have its ASCII as"},
    {"blocktype = REJECT\n", "blocktype = reject\n"},
    {"blocktype = DROP\n", "blocktype = drop\n"},
    {"blocktype = tarpit\n", "j:4: error: blocktype = tarpit: write drop or reject: tailban only"},
    {"port = smtp,ssmtp\n", "port = 25,465\n"},
    {"port = smtp,ssmtp\n", "protocol = tcp\n"},
    {"port = submission submissions\n  smtps, sieve\n", "port = 587,465,465,4190\n"},
    {"port = 25, 1000:2000 3000-4000\n", "port = 25,1000:2000,3000:4000\n"},
    {"port = smtp:submission\n", "port = 25:587\n"},
    {"port = ftp-data, ftp\n", "port = 20,21\n"},
    {"port = 53\nprotocol = udp\n", "port = 53\n"},
    {"port = 53\nprotocol = udp\n", "protocol = udp\n"},
    {"port = 53\nprotocol = tcp,udp\n", "protocol = all\n"},
    {"port = 53,54\nprotocol = all\n", "port = 53,54\n"},
    {"port = 0:65535\n", "port = 0:65535\n"},
    {"port = 0:65535\n", "protocol = tcp\n"},
    {"port = 0:65535\nprotocol = all\n", "port = all\n"},
    {"protocol = tcp\n", "port = 0:65535\n"},
    {"port = domain/udp, 25, 80/tcp\n", "port = 53/udp,25,80\n"},
    {"port = 53/udp\nprotocol = all\n", "protocol = udp\n"},
    {"port = 53/udp 53/tcp\n", "protocol = all\n"},
    {"port = all/udp, 25\n", "port = 25,0:65535/udp\n"},
    {"port = 53/icmp\n", "j:4: error: port: '53/icmp' is no port"},
    {"port = all\nprotocol = udp\n", "protocol = udp\n"},
    {"port = 65536\n", "j:4: error: port: '65536' is no port: write a number up to 65535"},
    {"port = 2000:1000\n", "j:4: error: port: '2000:1000' is no port"},
    {"port = no-such-service\n", "j:4: error: port: 'no-such-service' is no port"},
    {"port = 1:2:3\n", "j:4: error: port: '1:2:3' is no port"},
    {"port = 25, 0:65535, 26\nprotocol = udp\n", "port = 0:65535\n"},
    {"port = 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 "
     "32 33\nprotocol = all\n",
     "j:4: error: port: write 1 to 32 ports and ranges, or 'all'\n"},
    {"port =\n", "j:4: error: port: write 1 to 32 ports and ranges, or 'all'\n"},
    {"protocol = icmp\n", "j:4: error: protocol = icmp: write tcp, udp or all\n"},
    {"protocol =\n", "j:4: error: protocol = : write tcp, udp or all\n"},
    {"netblock.v4 = 16:32:128, 24:4:12\n", "netblock.v4 = 24:4:12 16:32:128\n"},
    {"netblock.v4 = 31:1:1 8:1024:4096\n", "netblock.v4 = 31:1:1 8:1024:4096\n"},
    {"netblock.v6 = 63:1:2 32:512:512 56:4:12\n", "netblock.v6 = 63:1:2 56:4:12 32:512:512\n"},
    {"netblock.v4 = 24:1:1 23:3:3 22:4:4 20:8:8 16:32:32 12:128:128 8:512:512\n",
     "netblock.v4 = 24:1:1 23:3:3 22:4:4 20:8:8 16:32:32 12:128:128 8:512:512\n"},
    {"netblock.v4 = 23:2:9\n",
     "j:4: error: netblock.v4: '23:2:9': write at least 3 hosts: few must not get a whole /23 "
     "banned\n"},
    {"netblock.v4 = 16:31:128\n",
     "j:4: error: netblock.v4: '16:31:128': write at least 32 hosts: few must not get a whole /16"},
    {"netblock.v4 = 8:511:1000\n",
     "j:4: error: netblock.v4: '8:511:1000': write at least 512 hosts"},
    {"netblock.v6 = 48:1:1 47:3:3 44:8:8 40:32:32\n",
     "netblock.v6 = 48:1:1 47:3:3 44:8:8 40:32:32\n"},
    {"netblock.v6 = 32:511:1000\n",
     "j:4: error: netblock.v6: '32:511:1000': write at least 512 hosts"},
    {"netblock.v4 =\n", "netblock.v4 =\n"},
    {"netblock.v4 = 32:4:12\n",
     "j:4: error: netblock.v4: '32:4:12': write a prefix from 8 to 31\n"},
    {"netblock.v4 = 7:4:12\n", "j:4: error: netblock.v4: '7:4:12': write a prefix from 8 to 31\n"},
    {"netblock.v6 = 64:4:12\n",
     "j:4: error: netblock.v6: '64:4:12': write a prefix from 32 to 63\n"},
    {"netblock.v6 =\n", "netblock.host.v6 = 64\n"},
    {"netblock.v6 = 64:4:12\nnetblock.host.v6 = 128\n", "netblock.host.v6 = 128\n"},
    {"netblock.v6 = 32:512:512 127:2:2 64:4:12\nnetblock.host.v6 = 128\n",
     "netblock.v6 = 127:2:2 64:4:12 32:512:512\n"},
    {"netblock.v6 = 79:4:12\nnetblock.host.v6 = 80\n", "netblock.v6 = 79:4:12\n"},
    {"netblock.v6 = 80:4:12\nnetblock.host.v6 = 80\n",
     "j:4: error: netblock.v6: '80:4:12': write a prefix from 32 to 79\n"},
    {"netblock.host.v6 = 63\n",
     "j:4: error: netblock.host.v6 = 63: write a prefix from 64 to 128\n"},
    {"netblock.host.v6 = 129\n", "j:4: error: netblock.host.v6 = 129: write a prefix from 64 to"},
    {"netblock.host.v6 = /64\n", "j:4: error: netblock.host.v6 = /64: write a prefix from 64 to"},
    {"netblock.host.v6 = 256\n", "j:4: error: netblock.host.v6 = 256: write a prefix from 64 to"},
    {"netblock.host.v6 =\n", "j:4: error: netblock.host.v6 = : write a prefix from 64 to 128\n"},
    {"netblock.v6 = 31:4:12\n",
     "j:4: error: netblock.v6: '31:4:12': write a prefix from 32 to 63\n"},
    {"netblock.v4 = 24:0:12\n", "j:4: error: netblock.v4: '24:0:12': write from 1 to 1024 hosts\n"},
    {"netblock.v4 = 24:1025:2000\n",
     "j:4: error: netblock.v4: '24:1025:2000': write from 1 to 1024"},
    {"netblock.v4 = 24:4:3\n", "j:4: error: netblock.v4: '24:4:3': write from 4 hits"},
    {"netblock.v4 = 24:4:4097\n", "j:4: error: netblock.v4: '24:4:4097': write from 4 hits"},
    {"netblock.v4 = 24:4\n",
     "j:4: error: netblock.v4: '24:4': write PREFIX:HOSTS:HITS, e.g. 24:4:12"},
    {"netblock.v6 = 56:4:5:6:7:8\n",
     "j:4: error: netblock.v6: '56:4:5:6:7:8': write PREFIX:HOSTS:HITS"},
    {"netblock.v4 = 24:4:12:6h:2w 16:32:160\n", "netblock.v4 = 24:4:12:6h:2w 16:32:160\n"},
    {"netblock.v4 = 24:4:12:1h30m 23:4:12:90.5 22:4:12::-1 21:6:12:\n",
     "netblock.v4 = 24:4:12:1h30m 23:4:12:90.500000 22:4:12::-1 21:6:12\n"},
    {"netblock.findtime = 6h\nnetblock.v6 = 56:4:12:6h:3w 48:9:12:360m:1w\n",
     "netblock.v6 = 56:4:12::3w 48:9:12\n"},
    {"netblock.v4 = 24:4:12:6h:\n", "netblock.v4 = 24:4:12:6h\n"},
    {"netblock.v4 = 24:4:12:-1\n", "j:4: error: netblock.v4: '24:4:12:-1': hits cannot count for "
                                   "ever; write a time such as 1d\n"},
    {"netblock.v4 = 24:4:12:0\n", "j:4: error: netblock.v4: '24:4:12:0': write times such as"},
    {"netblock.v4 = 24:4:12:6h:0.5\n",
     "j:4: error: netblock.v4: '24:4:12:6h:0.5': write times such as"},
    {"netblock.v4 = 24:4:12:6 h\n", "j:4: error: netblock.v4: 'h': write PREFIX:HOSTS:HITS"},
    {"netblock.v4 = 24:4:12:soon\n",
     "j:4: error: netblock.v4: '24:4:12:soon': write times such as"},
    {"netblock.v4 = 24:4-8:6-40 20:8-16:80\n", "netblock.v4 = 24:4-8:6-40 20:8-16:80\n"},
    {"netblock.v6 = 56:4:4-20:6h:2w 48:16-16:80-80\n", "netblock.v6 = 56:4:4-20:6h:2w 48:16:80\n"},
    {"netblock.v4 = 24:8-4:6-40\n",
     "j:4: error: netblock.v4: '24:8-4:6-40': write the lower number first, e.g. 24:4-8:6-40\n"},
    {"netblock.v4 = 24:4-8:40-6\n",
     "j:4: error: netblock.v4: '24:4-8:40-6': write the lower number first"},
    {"netblock.v4 = 24:0-8:6-40\n",
     "j:4: error: netblock.v4: '24:0-8:6-40': write from 1 to 1024 hosts\n"},
    {"netblock.v4 = 24:4-1025:2000\n",
     "j:4: error: netblock.v4: '24:4-1025:2000': write from 1 to 1024"},
    {"netblock.v4 = 20:4-8:6-40\n", "j:4: error: netblock.v4: '20:4-8:6-40': write at least 8 "
                                    "hosts: few must not get a whole /20"},
    {"netblock.v4 = 24:4-8:3-40\n", "j:4: error: netblock.v4: '24:4-8:3-40': write from 4 hits"},
    {"netblock.v4 = 24:4-8:4-7\n", "j:4: error: netblock.v4: '24:4-8:4-7': write from 8 hits"},
    {"netblock.v4 = 24:4-8:6-4097\n",
     "j:4: error: netblock.v4: '24:4-8:6-4097': write from 8 hits (as many as hosts) to 4096"},
    {"netblock.v4 = 24:4-8-9:40\n",
     "j:4: error: netblock.v4: '24:4-8-9:40': write PREFIX:HOSTS:HITS"},
    {"netblock.v4 = 24:-8:40\n", "j:4: error: netblock.v4: '24:-8:40': write PREFIX:HOSTS:HITS"},
    {"netblock.v4 = 24:4-:40\n", "j:4: error: netblock.v4: '24:4-:40': write PREFIX:HOSTS:HITS"},
    {"netblock.v4 = 16-24:4:40\n",
     "j:4: error: netblock.v4: '16-24:4:40': write PREFIX:HOSTS:HITS"},
    {"netblock.v4 = 24:4:12 24:5:13\n", "j:4: error: netblock.v4: /24 stands there twice\n"},
    {"netblock.v4 = 31:1:1 30:1:1 29:1:1 28:1:1 27:1:1 26:1:1 25:1:1 24:1:1\n",
     "netblock.v4 = 31:1:1 30:1:1 29:1:1 28:1:1 27:1:1 26:1:1 25:1:1 24:1:1\n"},
    {"netblock.v4 = 31:1:1 30:1:1 29:1:1 28:1:1 27:1:1 26:1:1 25:1:1 24:1:1 23:1:1\n",
     "j:4: error: netblock.v4: write at most 8 levels\n"},
    {"", "onban =\n"},
    {"onban = /bin/true\n", "onban = /bin/true\n"},
    {"onunban = /bin/true  a\n  b\n", "onunban = /bin/true a b\n"},
    {"onban =\n", "onban =\n"},
    {"onban = /bin/true 'a b' \"c \\\" \\\\ \\x\" d\\ e '' f\"g\"'h'\n",
     "onban = /bin/true 'a b' 'c \" \\ \\x' 'd e' '' fgh\n"},
    {"onban = /bin/true it\\'s $HOME `id` | &\n", "onban = /bin/true 'it'\\''s' $HOME `id` | &\n"},
    {"onban = /bin/true 'a\n", "j:4: error: onban: a quote is not closed\n"},
    {"onban = /bin/true \"a\\\"\n", "j:4: error: onban: a quote is not closed\n"},
    {"onban = /bin/true a\\\n", "j:4: error: onban: it ends with a backslash\n"},
    {"onban = mail root\n", "j:4: error: onban = mail: write the whole path of the program"},
    {"onban = /nonexistent x\n",
     "j:4: warning: onban: /nonexistent cannot be run: No such file or directory\n"},
    {"onban = /bin/true -a <ip>\n",
     "j:4: warning: onban: '<ip>' is passed on as it stands; the facts are in the environment"},
    {"onban = /bin/true a<b '<a b>' <>\n", "onban = /bin/true a<b '<a b>' <>\n"},
    {"findtime = 1h\n", "netblock.findtime = 1h\n"},
    {"netblock.findtime = 6h\nfindtime = 1h\n", "netblock.findtime = 6h\n"},
    {"netblock.bantime = 2w\n", "netblock.bantime = 2w\n"},
    {"netblock.findtime = -1\n", "j:4: error: netblock.findtime = -1: hits cannot count for ever"},
    {"logpath = /a b tail\n  /c head\n\n  /d*\n", "logpath = /a b\n"},
    {"logpath = /a b tail\n  /c head\n\n  /d*\n", "    /c\n"},
    {"logpath = /a b tail\n  /c head\n\n  /d*\n", "    /d*\n"},
    {"logpath = /a\n  mail.log\n",
     "j:5: error: logpath = mail.log: write the whole path, from / on\n"},
    {"logpath =\n", "j:1: error: jail 'x' has no logpath: write 'logpath = /var/log/mail.log'\n"},
    {"backend = polling\n", "backend = inotify\n"},
    {"", "backend = auto\n"},
    {"", "journalmatch =\n"},
    {"backend = kafka\n", "j:4: error: backend = kafka: write auto, inotify, systemd or"},
    {"backend = systemd[\n", "j:4: error: backend = systemd[: write auto, inotify, systemd or"},
    {"backend = systemd\n", "j:1: error: jail 'x' would read the whole journal: write"},
    {"backend = systemd\njournalmatch =\n", "j:1: error: jail 'x' would read the whole"},
    {"backend = systemd\njournalmatch = _COMM=x\n", "backend = systemd\n"},
    {"backend = systemd\njournalmatch = _COMM=x\nlogpath =\n", "journalmatch = _COMM=x\n"},
    {"journalmatch = _COMM=x\nlogpath =\n", "backend = auto\n"},
    {"backend = inotify\njournalmatch = _COMM=x\nlogpath =\n",
     "j:1: error: jail 'x' has no logpath"},
    {"backend = systemd[journalflags=4, rotated=on]\njournalmatch = _COMM=x\n",
     "backend = systemd\n"},
    {"backend = systemd[journalflags=1][namespace='n']\njournalmatch = _COMM=x\n",
     "backend = systemd[journalflags=\"1\", namespace=\"n\"]\n"},
    {"backend = systemd[journalfiles=\"/a/*.journal, /b%%\"]\njournalmatch = _COMM=x\n",
     "backend = systemd[journalfiles=\"/a/*.journal, /b%%\"]\n"},
    {"backend = systemd[journalpath=/d]\njournalmatch = _COMM=x\n",
     "backend = systemd[journalpath=\"/d\"]\n"},
    {"backend = systemd[journalpath=d]\n", "j:4: error: backend: journalpath = d: write the whole"},
    {"backend = systemd[journalfiles='/a b']\n", "j:4: error: backend: journalfiles = /a b: write"},
    {"backend = systemd[journalflags=128]\n", "j:4: error: backend: journalflags = 128: write a"},
    {"backend = systemd[namespace=a/b]\n", "j:4: error: backend: namespace = a/b: write the name"},
    {"backend = systemd[path=/a]\n", "j:4: error: backend: unknown option 'path': journalpath,"},
    {"journalmatch = _A=1  _A=2\n  _B=3 + _C=4\n", "journalmatch = _A=1 _A=2 + _B=3 + _C=4\n"},
    {"journalmatch = '_A=x y' _B=\"p\\\"\\q\" _C=a\\ b\n",
     "journalmatch = '_A=x y' '_B=p\"\\q' '_C=a b'\n"},
    {"journalmatch = _A=\"it's\" _B=50%%\n", "journalmatch = '_A=it'\"'\"'s' _B=50%%\n"},
    {"journalmatch = '_A=x\n", "j:4: error: journalmatch: a quote is not closed: "},
    {"journalmatch = _A=x\\\n", "j:4: error: journalmatch: a quote is not closed: "},
    {"journalmatch = _A=1\n  foo\n", "j:5: error: journalmatch: foo: write FIELD=value, with"},
    {"journalmatch = _a=1\n", "j:4: error: journalmatch: _a=1: write FIELD=value, with"},
    {"journalmatch = 1A=1\n", "j:4: error: journalmatch: 1A=1: write FIELD=value, with"},
    {"journalmatch = + _A=1\n", "j:4: error: journalmatch: nothing stands on one side of a '+'"},
    {"journalmatch = _A=1 +\n", "j:4: error: journalmatch: nothing stands on one side of a '+'"},
    {"journalmatch = _A=1 + + _B=1\n", "j:4: error: journalmatch: nothing stands on one side"},
    {"journalmatch = _A=1 + SYSLOG_IDENTIFIER=sshd\n",
     "j:4: warning: journalmatch = SYSLOG_IDENTIFIER=sshd: any user of this host can write such"},
    {"usedns = warn\n", "usedns = yes\n"},
    {"usedns = perhaps\n", "j:4: error: usedns = perhaps: write yes or no\n"},
    {"mode = aggressive\n", "failregex = aggressive <HOST>\n"},
    {"filter = x[mode=other]\n", "failregex = other <HOST>\n"},
    {"filter = x y\n", "filter = x\n    y\n"},
    {"filter = x\n    y[weight=3]\n", "filter = x\n    y[weight=3]\n"},
    {"filter = x[weight=100], y\n", "filter = x[weight=100]\n    y\n"},
    {"filter = x [weight=3]\n", "filter = x[weight=3]\n"},
    {"filter = x[weight=1]\n", "filter = x\n"},
    {"filter = y[word='a, ]b',weight=2] x\n", "filter = y[word='a, ]b',weight=2]\n    x\n"},
    {"filter = y[word='a, ]b',weight=2] x\n", "# failregex = ^a, ]b <HOST>$\n"},
    {"filter = y[word=100%%] x\n", "filter = y[word=100%%]\n    x\n"},
    {"filter = x y\n", "journalmatch = _COMM=y _UID=0\n"},
    {"filter = y x y[word=z]\n", "journalmatch = _COMM=y _UID=0\n"},
    {"filter = y y[word=z]\njournalmatch = _COMM=a + _COMM=b\n",
     "journalmatch = _COMM=a + _COMM=b\n"},
    {"filter = x y\nignoreregex = 100%%\n    b\n", "ignoreregex = 100%%\n    b\n"},
    {"filter = x y\nusedns = yes\n", "usedns = yes\n"},
    {"filter = x y\nlogtimezone = UTC+0100\n", "# logtimezone = UTC+0100\n"},
    {"filter = x[weight=0]\n", "j:4: error: weight = 0: write a number from 1 to 100\n"},
    {"filter = x y[weight=101]\n", "j:4: error: weight = 101: write a number from 1 to 100\n"},
    {"filter = x[weight=x]\n", "j:4: error: weight = x: write a number from 1 to 100\n"},
    {"filter = x[weight=]\n", "j:4: error: weight = : write a number from 1 to 100\n"},
    {"filter = x\n    g\n    y\n", "j:5: error: filter 'g': there is no file D/filters/g.conf\n"},
    {"filter = ,\n", "j:4: error: filter '': write NAME"},
    {"filter = x y x\n", "j:4: error: filter 'x' stands here twice: write 'x[weight=2]'\n"},
    {"filter = x\n    y[word\n", "j:5: error: filter 'y[word': write NAME or NAME[option=value"},
    {"filter = y[word=0] y[word=1] y[word=2] y[word=3] y[word=4] y[word=5] y[word=6] y[word=7] "
     "y[word=8] y[word=9] y[word=10] y[word=11] y[word=12] y[word=13] y[word=14] y[word=15] "
     "y[word=16]\n",
     "j:4: error: jail 'x' has more filters than 16\n"},
    {"filter = x y\nfailregex = a <HOST>\n",
     "j:5: error: jail 'x' has several filters: write its failregex into one of them\n"},
    {"filter = x y\nprefregex = a <F-CONTENT>.*</F-CONTENT>\n",
     "j:5: error: jail 'x' has several filters: write its prefregex into one of them\n"},
    {"threshold = 12\n", "threshold = 12\n"},
    {"threshold = 12\n", "maxretry = 12\n"},
    {"threshold = 12\nmaxretry = 3\n", "maxretry = 12\n"},
    {"maxretry = 3\n", "threshold = 3\n"},
    {"threshold = 0\n", "j:4: error: threshold = 0: write a number from 1 to 1000\n"},
    {"threshold = 1001\n", "j:4: error: threshold = 1001: write a number from 1 to 1000\n"},
    {"filter = g\n", "j:4: error: filter 'g': there is no file D/filters/g.conf\n"},
    {"filter = ../f\n", "j:4: error: filter '../f': write its name, not a path\n"},
    {"filter = f[\n", "j:4: error: filter 'f[': write NAME or NAME[option=value"},
    {"filter =\n", "j:4: error: filter '': write NAME"},
    {"failregex = ^own <HOST>\n", "failregex = ^own <HOST>\n"},
    {"failregex = %(known/failregex)s\n  ^own <HOST>\n", "    ^own <HOST>\n"},
    {"failregex = %(known/failregex)s\n  ^own <HOST>\n", "failregex = normal <HOST>\n"},
    {"failregex = ^100%% <HOST>\n", "failregex = ^100%% <HOST>\n"},
    {"failregex =\n", "j:1: error: filter 'x' has no failregex\n"},
    {"failregex = ^a <HOST>\n  ^( <HOST>\n", "j:5: error: "},
    {"failregex = ^no address\n", "j:4: error: "},
    {"ignoreregex = ^x\n", "ignoreregex = ^x\n"},
    {"prefregex = ^<F-CONTENT>.+</F-CONTENT>$\n", "prefregex = ^<F-CONTENT>.+</F-CONTENT>$\n"},
    {"maxlines = 1\n", "maxretry = 5\n"},
    {"maxlines = 2\n", "maxlines = 2\n"},
    {"maxlines = 0\n", "j:4: error: maxlines = 0: write a number from 1 to 100\n"},
    {"maxlines = 101\n", "j:4: error: maxlines = 101: write a number from 1 to 100\n"},
    {"maxlines = many\n", "j:4: error: maxlines = many: write a number from 1 to 100\n"},
    {"datepattern = {^LN-BEG}\n", "datepattern = {^LN-BEG}\n"},
    {"datepattern = ^%%Y\n  EPOCH\n", "datepattern = ^%%Y\n    EPOCH\n"},
    {"datepattern = ^%%Q\n", "j:4: error: at 1, \"%Q\": begins no token of a date"},
    {"datepattern = ^%%Y\n  (%%m\n", "j:5: error: at "},
    {"logtimezone = UTC+0130\n", "logtimezone = UTC+0130\n"},
    {"logtimezone = -05:00\n", "logtimezone = UTC-0500\n"},
    {"logtimezone = Mars\n", "j:4: error: logtimezone = Mars: write an offset"},
    {"maxretry = %(x)s\n", "j:4: error: %(x)s: there is no option 'x' in [x] or [DEFAULT]\n"},
    {"ignorecommand = /bin/true\n", "ignorecommand = /bin/true\n"},
    {"ignorecommand = /bin/true -x '<ip> <family>' \"a b\"\n",
     "ignorecommand = /bin/true -x '<ip> <family>' 'a b'\n"},
    {"ignorecommand = /bin/true <F-USER>\n",
     "j:4: error: ignorecommand: '<F-USER>': only <ip>, <fid> and <family> are replaced; the rest"},
    {"ignorecommand = true <ip>\n", "j:4: error: ignorecommand = true: write the whole path of"},
    {"ignorecommand = /bin/true <ip> | /bin/false\n",
     "j:4: error: ignorecommand: '|': no shell reads this: put it into a script\n"},
    {"ignorecommand = /bin/sh -c 'test $(id -u) = 0'\n",
     "j:4: error: ignorecommand: 'test $(id -u) = 0': no shell reads this: put it into a script\n"},
    {"ignorecommand = /bin/true 'x\n", "j:4: error: ignorecommand: a quote is not closed\n"},
    {"ignorecommand = /nonexistent\n",
     "j:4: warning: ignorecommand: /nonexistent cannot be run: No such file or directory\n"},
    {"ignorecommand =\n", "ignorecommand =\n"},
    {"ignorecache =\n", "ignorecache =\n"},
    {"ignorecache = key=\"<ip>\"\n", "ignorecache = key=\"<ip>\", max-count=100, max-time=300\n"},
    {"ignorecache = key='<ip>', max-count=7, max-time=1h\n",
     "ignorecache = key=\"<ip>\", max-count=7, max-time=3600\n"},
    {"ignorecache = max-count=7\n",
     "j:4: error: ignorecache = max-count=7: write key=\"<ip>\", max-"},
    {"ignorecache = key=<F-USER>\n", "j:4: error: ignorecache = key=<F-USER>: write key="},
    {"ignorecache = key=<ip>, max-count=0\n",
     "j:4: error: ignorecache = key=<ip>, max-count=0: write"},
    {"ignorecache = key=<ip>, max-time=x\n",
     "j:4: error: ignorecache = key=<ip>, max-time=x: write"},
    {"ignorecache = yes\n", "j:4: error: ignorecache = yes: write key="},
    {"", "bantime.increment = false\n"},
    {"bantime.increment = true\n", "bantime.increment = true\n"},
    {"bantime.increment = maybe\n", "j:4: error: bantime.increment = maybe: write true or false\n"},
    {"bantime.formula =\n",
     "bantime.formula = ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor\n"},
    {"bantime.formula = ban.Time %% 7 + 1\n", "bantime.formula = ban.Time %% 7 + 1\n"},
    {"bantime.formula = ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)\n",
     "bantime.formula = ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)\n"},
    {"bantime.formula = ban.Tyme\n",
     "j:4: error: bantime.formula = ban.Tyme: 'ban.Tyme' is not known: ban.Time, ban.Count,"},
    {"bantime.formula = 1 +\n", "j:4: error: bantime.formula = 1 +: ends too soon\n"},
    {"bantime.formula = 1 / (ban.Count - 1)\n",
     "j:4: error: bantime.formula = 1 / (ban.Count - 1): has no value where ban.Time is 600,"},
    {"bantime.formula = __import__('os')\n",
     "j:4: error: bantime.formula = __import__('os'): '__import__' is not known"},
    {"bantime.factor = 2.0 / 2.885385\n", "bantime.factor = 2.0 / 2.885385\n"},
    {"bantime.factor =\n", "bantime.factor = 1\n"},
    {"bantime.factor = banFactor\n",
     "j:4: error: bantime.factor = banFactor: write a number, or a formula of numbers\n"},
    {"bantime.factor = 1/0\n", "j:4: error: bantime.factor = 1/0: write a number"},
    {"bantime.multipliers = 1 5  30\n", "bantime.multipliers = 1 5 30\n"},
    {"bantime.multipliers =\n", "bantime.multipliers =\n"},
    {"bantime.multipliers = 1 2.5\n", "j:4: error: bantime.multipliers = 1 2.5: write at most 100"},
    {"bantime.maxtime =\n", "bantime.maxtime = -1\n"},
    {"bantime.maxtime = 5w\n", "bantime.maxtime = 5w\n"},
    {"bantime.maxtime = long\n", "j:4: error: bantime.maxtime = long: write a time such as"},
    {"bantime.rndtime = 2048\n", "bantime.rndtime = 34m 8s\n"},
    {"bantime.rndtime =\n", "bantime.rndtime = 0s\n"},
    {"bantime.rndtime = -1\n", "j:4: error: bantime.rndtime = -1: write a time such as 30m\n"},
    {"bantime.overalljails = yes\n", "bantime.overalljails = true\n"},
    {"port = 25\naction = iptables-multiport[name=x, port='smtp,imap', protocol=tcp]\n",
     "port = 25,143\n"},
    {"port = 25\naction = iptables[name=x]\n", "port = 25\n"},
    {"port = 25\naction = iptables-allports[port=25]\n", "port = 0:65535\n"},
    {"port = 25\naction = iptables-allports[protocol=all]\n", "port = all\n"},
    {"port = 25\naction = nftables[type=allports, protocol='tcp,udp']\n", "protocol = all\n"},
    {"port = 25\naction = ufw\n", "port = 0:65535\n"},
    {"port = 25\naction = pf[port=26][port=27]\n", "port = 27\n"},
    {"action = nftables[port=53, protocol=tcp]\n nftables[port='53', protocol='udp']\n",
     "protocol = all\n"},
    {"action = nftables[port=53] nftables[port='53', protocol='udp'] iptables [ port=53 ]\n",
     "port = 53\n"},
    {"port = 25\nbanaction = nftables-allports\n", "port = 0:65535\n"},
    {"port = 25\nbanaction = nftables-allports\naction = nftables-multiport\n", "port = 25\n"},
    {"action = nftables[blocktype=reject]\n", "blocktype = reject\n"},
    {"action = iptables[blocktype='REJECT --reject-with icmp-port-unreachable']\n",
     "blocktype = reject\n"},
    {"blocktype = reject\naction = iptables[blocktype=DROP]\n", "blocktype = drop\n"},
    {"action = iptables[blocktype=RETURN]\n",
     "j:4: error: jail 'x': iptables with blocktype = RETURN lets in whom the jail finds"},
    {"blocktype = RETURN\n", "j:4: error: blocktype = RETURN: write drop or reject: tailban only"},
    {"blocktype = REJECT --reject-with x\n", "blocktype = reject\n"},
    {"action = %(action_)s\n  sendmail-whois[name=x, dest='a b']\naction_ = iptables-multiport\n",
     "j:5: warning: jail 'x': action 'sendmail-whois' has no counterpart here and is left out; "
     "for"},
    {"action = pfsense iptables\n", "j:4: warning: jail 'x': action 'pfsense' has no counterpart"},
    {"action = smtp.py[host=localhost] nftables\n",
     "j:4: warning: jail 'x': action 'smtp.py' has no counterpart"},
    {"action = cloudflare\n", "j:4: warning: jail 'x': none of its actions keeps anybody out: it"},
    {"action =\n",
     "j:4: warning: jail 'x': none of its actions keeps anybody out: it only watches"},
    {"action =\n", "action =\n"},
    {"action = nftables[port=nowhere]\n",
     "j:4: error: nftables: port: 'nowhere' is no port: write"},
    {"action = nftables[protocol=icmp]\n", "j:4: error: nftables: protocol = icmp: write tcp, udp"},
    {"action = nftables[port]\n",
     "j:4: error: action = nftables[port]: write NAME or NAME[option="},
    {"action = nftables\n  [port=1\n", "j:4: error: action = nftables [port=1: write NAME or"},
    {"action = %(action_mwl)s\n", "j:4: error: %(action_mwl)s: there is no option 'action_mwl' in"},
    {"sender = me\nmy-own = 1\n", "j:5: warning: unknown option 'my-own'\n"},
    {"maxretry = 3\n  4\x1b[2J\n",
     "j:4: error: maxretry = 3 4?[2J: write a number from 1 to 1000\n"},
    {"maxrety = 3\n", "j:4: warning: unknown option 'maxrety'\n"},
    {"logpath = /var/log/a\n/var/log/b:c\n",
     "j:5: warning: unknown option '/var/log/b'; if it is a continuation line"},
};

// What deserves no word.
static const char *const silent[] = {
    "",
    "bantime.increment = false\n",
    "ignorecommand =\n",
    "action = nftables-multiport[name=x, port='1,2', protocol=tcp, chain=\"INPUT\"]\n",
    "chain = DOCKER-USER\nmaxmatches = 3\nskip_if_nologs = yes\nsender = me\n",
    "logencoding = auto\n",
    "maxretry = %(mine)s\nmine = 4\n",
    "_mine = 4\n",
    "maxretry = 3 ; few\n",
    "datepattern = ^\n",
    "journalmatch = _COMM=x\n",
    "backend = auto\n",
};

struct fixture {
    char dir[sizeof(FOLDER_NAME)];
};

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[PATH_MAX + 32];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof(*x));
    char path[PATH_MAX + 32];

    assert_true(folder_make(x->dir));
    snprintf(path, sizeof(path), "%s/jails", x->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/filters", x->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(x->dir, "filters/x.conf",
               "[Definition]\nfailregex = <mode> <HOST>\nmode = normal\n");
    write_file(x->dir, "filters/y.conf",
               "[Definition]\nfailregex = ^<word> <HOST>$\nword = y\n"
               "journalmatch = _COMM=y _UID=0\n");
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    assert_true(folder_remove(x->dir));
    free(x);
    return 0;
}

// Problems and dump, the jail's file as "j" and the directory as "D".
static char *load(const char *dir, const char *lines, struct config *config)
{
    char jail[4096], *said, *at;
    size_t n;
    FILE *f = open_memstream(&said, &n);
    static const char file[] = "/jails/x.conf";

    // A logpath of the sample's own replaces the common one.
    snprintf(jail, sizeof(jail), "[x]\nenabled = true\n%s\n%s",
             strstr(lines, "logpath") ? "" : "logpath = /var/log/mail.log", lines);
    write_file(dir, "jails/x.conf", jail);
    assert_int_equal(config_load(dir, config), 0);
    print_problems(config->problem, config->n_problem, f);
    config_dump(config, f);
    fclose(f);
    for (n = strlen(dir); (at = strstr(said, dir));) {
        bool whole = strncmp(at + n, file, sizeof(file) - 1) == 0;
        size_t gone = whole ? n + sizeof(file) - 1 : n;
        *at = whole ? 'j' : 'D';
        memmove(at + 1, at + gone, strlen(at + gone) + 1);
    }
    return said;
}

static bool has_line(const char *text, const char *line)
{
    for (const char *at = strstr(text, line); at; at = strstr(at + 1, line)) {
        if (at == text || at[-1] == '\n')
            return true;
    }
    return false;
}

static void test_samples(void **state)
{
    struct fixture *x = *state;

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct config config;
        char *said = load(x->dir, samples[i].lines, &config);
        bool error = strstr(samples[i].says, ": error: ") != NULL;

        if (!has_line(said, samples[i].says))
            fail_msg("of '%s' came\n%swithout: %s", samples[i].lines, said, samples[i].says);
        assert_int_equal(config.n_jail, 1);
        assert_int_equal(config.jail[0].usable, !error);
        free(said);
        config_done(&config);
    }
}

static void test_silent(void **state)
{
    struct fixture *x = *state;

    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
        struct config config;
        char *said = load(x->dir, silent[i], &config);

        if (config.n_problem > 0)
            fail_msg("of '%s' came\n%s", silent[i], said);
        free(said);
        config_done(&config);
    }
}

// What the dump says can be read again and says the same.
static void test_dump_is_readable(void **state)
{
    struct fixture *x = *state;

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct config first, second;
        char *said, *lines, *again;

        if (strstr(samples[i].says, ": "))
            continue;
        said = load(x->dir, samples[i].lines, &first);
        lines = strstr(said, "\nfilter = ");
        assert_non_null(lines);
        again = load(x->dir, lines + 1, &second);
        assert_string_equal(strstr(again, "[x]"), strstr(said, "[x]"));
        free(said);
        free(again);
        config_done(&first);
        config_done(&second);
    }
}

static void test_every_option_is_dumped(void **state)
{
    struct fixture *x = *state;
    struct config config;
    char *said = load(x->dir, "", &config), line[64];
    enum option_kind kind;
    const char *name;
    size_t n = 0;

    for (size_t i = 0; (name = options_name(i, &kind)); i++) {
        snprintf(line, sizeof(line), "%s =", name);
        assert_int_equal(options_kind(name), kind);
        assert_true(kind != OPTION_JAIL || has_line(said, line));
        n += kind == OPTION_JAIL;
    }
    assert_int_equal(n, 33);
    for (size_t i = 0; (name = settings_name(i)); i++) {
        snprintf(line, sizeof(line), "%s =", name);
        assert_true(has_line(said, line));
    }
    free(said);
    config_done(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_samples, setup, teardown),
        cmocka_unit_test_setup_teardown(test_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dump_is_readable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_option_is_dumped, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
