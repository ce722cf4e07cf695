# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast lines are judged, most of which concern nobody: by the time that each program had a core."""
from lib import bench as lib
from lib import corpus, crowdsec, layout, process, tailban
from lib.table import Row

MARK = tailban.MARK


def grep(bench, log):
    return ['grep', '-c', '-F', '-f', bench.literals(), log]


def beside_grep(bench, name, log, config=tailban.ROOT, times=None, note=''):
    ours, theirs = bench.seconds(tailban.replay(bench.build, log, config), grep(bench, log))
    n, found = bench.lines, int(bench.last_output())
    if not n * corpus.ATTACKS * .9 < found <= n:
        raise RuntimeError(f'grep counted {found} lines')
    return Row(name, n / process.median(ours), 'lines/s', note=note, times=times, runs=ours,
               peer=('grep', n / process.median(theirs)), ratio=lib.paired(ours, theirs))


def digest(bench):
    """Lines a second of fail2ban's daemon, without an action."""
    n = bench.part(10)
    log = bench.corpora.fresh('benign', n, bench.scratch / 'fresh.log', mark=MARK)
    return bench.with_fail2ban(lambda server: n / server.digest(log.read_bytes(), MARK), bans=False)


def regexes(bench, log):
    """Lines a second of fail2ban-regex, both filters in turn."""
    tree, n = bench.peers.tree('fail2ban'), bench.part(20)
    if not tree:
        return None
    few, total = bench.first(log, n), 0
    for name in 'postfix[mode=aggressive]', 'dovecot':
        total += process.run(
            ['python3', tree / 'usr/bin/fail2ban-regex', '-c', tree / 'etc/fail2ban', '--usedns', 'no',
             '--print-no-missed', '--print-no-ignored', '--no-check-all', few, name],
            env={'TZ': 'UTC', 'PYTHONPATH': str(tree / 'usr/lib/python3/dist-packages')}).cpu
    return n / total


def parser(bench, log):
    """Lines a second of sshguard's parser, which only recognises attacks."""
    program = bench.peers.program('sshguard', 'usr/lib*/sshguard/sshg-parser')
    if not program:
        return None
    taken, = bench.seconds([program], stdin=log, rounds=3)
    return bench.lines / process.median(taken)


def agent(bench, log):
    """Lines a second of crowdsec."""
    tree, n = bench.peers.tree('crowdsec'), bench.part(20)
    return tree and n / crowdsec.digest(tree, bench.first(log, n))


def run(bench):
    log = bench.corpora.log('benign', bench.lines)
    first = beside_grep(bench, 'ordinary mail, shipped jails', log, times=1.5)
    yield first
    for name, rate, times in (('fail2ban', digest(bench), 150),
                              ('fail2ban-regex', regexes(bench, log), None),
                              ('sshg-parser', parser(bench, log), None),
                              ('crowdsec', agent(bench, log), None)):
        yield Row('', first.value, 'lines/s', peer=(name, rate), times=times)
    tree = bench.peers.tree('fail2ban')
    name = "ordinary mail, Debian's filters"
    if tree:
        config = layout.debian(bench.scratch / 'debian', tree, layout.MAIL)
        yield beside_grep(bench, name, log, config, 1, 'postfix[mode=aggressive] and dovecot')
    else:
        yield Row(name, None, 'lines/s', peer=('grep', None), times=1)
    fine = bench.corpora.log('benign', bench.lines, fine=True)
    yield beside_grep(bench, 'ordinary mail, RFC 3339 stamps', fine)
    storm = bench.corpora.log('storm', bench.lines)
    yield beside_grep(bench, 'nothing but attacks', storm, note='replayed, not enforced')
