# SPDX-License-Identifier: GPL-2.0-or-later
"""Configurations to measure with: Debian's fail2ban filters as they lie, and ours with other options."""
import pathlib
import re

from .tailban import ROOT

MAIL = ('postfix[mode=aggressive]', 'dovecot')


def filters(tree):
    """Every filter of Debian's package that can be used by itself, those for mail first."""
    folder = tree / 'etc/fail2ban/filter.d'
    names = sorted(p.stem for p in folder.glob('*.conf')
                   if re.search(r'^failregex\s*=', p.read_text(encoding='utf-8'), re.M))
    return [*MAIL, *(n for n in names if n not in ('postfix', 'dovecot'))]


def debian(folder, tree, chosen):
    """A folder in fail2ban's layout with a jail for each filter."""
    folder.mkdir()
    (folder / 'filter.d').symlink_to(tree / 'etc/fail2ban/filter.d')
    jails = ''.join(f'[{re.sub(r"[^a-z0-9-]+", "-", name)}]\nenabled = true\nfilter = {name}\n'
                    'logpath = /var/log/mail.log\n' for name in chosen)
    (folder / 'jail.conf').write_text(
        f'[DEFAULT]\nmaxretry = 5\nfindtime = 10m\nbantime = 1w\nusedns = no\n{jails}',
        encoding='utf-8')
    return folder


def shipped(folder, **defaults):
    """The shipped filters and jails, with other defaults."""
    folder = pathlib.Path(folder)
    (folder / 'jails').mkdir(parents=True)
    (folder / 'filters').symlink_to(ROOT / 'filters')
    for jail in (ROOT / 'jails').glob('*.conf'):
        (folder / 'jails' / jail.name).symlink_to(jail)
    (folder / 'jails/defaults.local').write_text(
        '[DEFAULT]\n' + ''.join(f'{k} = {v}\n' for k, v in defaults.items()), encoding='utf-8')
    return folder
