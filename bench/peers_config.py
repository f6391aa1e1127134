"""How the bots of ``bench.peers`` are set up: one channel, no throttle of their own, one small
command each."""

from __future__ import annotations

NIGHTCRIER = """
[picker]
url = "{picker}"
admin_key = "{key}"
[adapters.net]
kind = "irc"
host = "127.0.0.1"
port = {port}
tls = false
nick = "crier"
pace = 0
burst = 100
channels = ["#bench"]
"""

LIMNORIA = """
supybot.nick: limno
supybot.networks: bench
supybot.networks.bench.servers: 127.0.0.1:{port}
supybot.networks.bench.ssl: False
supybot.networks.bench.channels: #bench
supybot.plugins: Misc
supybot.plugins.Misc: True
supybot.protocols.irc.throttleTime: 0.0
supybot.abuse.flood.command: False
supybot.reply.whenAddressedBy.chars: !
supybot.directories.backup: {home}/backup
supybot.directories.conf: {home}/conf
supybot.directories.data: {home}/data
supybot.directories.data.tmp: {home}/tmp
supybot.directories.log: {home}/logs
supybot.log.stdout: False
"""

SOPEL = """
[core]
nick = sopelbot
host = 127.0.0.1
port = {port}
use_ssl = false
owner = nobody
channels = "#bench"
prefix = !
enable = answer
extra = {home}
homedir = {home}
flood_burst_lines = 1000
flood_refill_rate = 1000
flood_empty_wait = 0
"""

SOPEL_PLUGIN = """
from sopel import plugin

@plugin.command("ping")
def ping(bot, trigger):
    bot.say("pong")
"""

SOPEL_AS_ANYBODY = """
import sys
from sopel.cli import run
run.check_not_root = lambda: None
sys.exit(run.main(["start", *sys.argv[1:]]))
"""
