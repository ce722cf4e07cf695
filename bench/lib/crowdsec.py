# SPDX-License-Identifier: GPL-2.0-or-later
"""crowdsec's agent and local API on one log, with the hub that Debian's package brings."""
import pathlib
import shutil
import subprocess
import tempfile

from . import process

ITEMS = ('parsers/s00-raw/crowdsecurity/syslog-logs', 'parsers/s01-parse/crowdsecurity/postfix-logs',
         'parsers/s01-parse/crowdsecurity/postscreen-logs',
         'parsers/s01-parse/crowdsecurity/dovecot-logs',
         'parsers/s02-enrich/crowdsecurity/dateparse-enrich',
         'scenarios/crowdsecurity/postfix-spam', 'scenarios/crowdsecurity/dovecot-spam')
CONFIG = '''
common: {{daemonize: false, log_media: stdout, log_level: info, working_dir: .}}
config_paths: {{config_dir: {0}/etc/, data_dir: {0}/data/, simulation_path: {0}/etc/simulation.yaml,
  hub_dir: {0}/hub, index_path: {0}/hub/.index.json, notification_dir: {0}/data/,
  plugin_dir: {0}/data/}}
crowdsec_service: {{parser_routines: 1}}
cscli: {{output: human}}
db_config: {{type: sqlite, db_path: {0}/data/crowdsec.db}}
api:
  client: {{credentials_path: {0}/etc/credentials.yaml}}
  server: {{listen_uri: 127.0.0.1:8080, profiles_path: {0}/etc/profiles.yaml}}
prometheus: {{enabled: false}}
'''


def prepare(tree, folder):
    """Its configuration; returns the file."""
    shutil.copytree(tree / 'usr/share/crowdsec/hub', folder / 'hub')
    (folder / 'data').mkdir()
    for item in ITEMS:
        kind, *stage, _, name = item.split('/')
        place = folder.joinpath('etc', kind, *stage)
        place.mkdir(parents=True, exist_ok=True)
        (place / f'{name}.yaml').symlink_to(folder / f'hub/{item}.yaml')
    (folder / 'etc/patterns').symlink_to(tree / 'etc/crowdsec/patterns')
    for name in 'simulation.yaml', 'profiles.yaml':
        shutil.copy(tree / 'etc/crowdsec' / name, folder / 'etc')
    config, credentials = folder / 'etc/config.yaml', folder / 'etc/credentials.yaml'
    config.write_text(CONFIG.format(folder), encoding='utf-8')
    credentials.touch()
    process.run([tree / 'usr/bin/cscli', '-c', config, 'machines', 'add', 'bench', '--password',
                 'bench', '-f', credentials])
    return config


def digest(tree, log):
    """Seconds that it has a core while it reads a log, without its start and end."""
    with tempfile.TemporaryDirectory(prefix='tailban-bench-') as folder:
        folder = pathlib.Path(folder)
        config, said = prepare(tree, folder), folder / 'said'
        said.touch()
        # Its two halves speak to each other over the loopback device, of this namespace alone.
        subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
        pid = process.spawn([tree / 'usr/bin/crowdsec', '-c', config, '-dsn', f'file://{log}', '-type',
                             'syslog'], stdout=said, stderr=said)
        try:
            process.wait_for(lambda: b'Starting processing data' in said.read_bytes(),
                             'start of crowdsec', pause=.005)
            before = process.cpu(pid)
            process.wait_for(lambda: b'Acquisition is finished' in said.read_bytes(),
                             'end of crowdsec', pause=.005)
            taken = process.cpu(pid) - before
        finally:
            process.stop(pid)
            subprocess.run(['ip', 'link', 'set', 'lo', 'down'], check=True)
    return taken
