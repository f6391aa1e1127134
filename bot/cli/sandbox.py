"""``nightcrier sandbox``: the embedded Picker alone."""

from __future__ import annotations

import asyncio

import click

from bot.cli import Failed, logs
from bot.cli.signals import run_until_signal
from bot.config import LogSettings
from bot.sandbox import ERAS, Sandbox
from bot.timing import SystemTime

USAGE = """\
A Picker at {url}; Ctrl-C ends it. A night, with your key in $KEY:

  TOKEN=$(curl -s {url}/api/auth/login -H 'Content-Type: application/json' \\
      -d "{{\\"key\\":\\"$KEY\\"}}" | sed 's/.*"token":"\\([^"]*\\).*/\\1/')
  post() {{ curl -sX POST {url}/api/$1 -H "Authorization: Bearer $TOKEN" \\
      -H 'Content-Type: application/json' -d "$2"; echo; }}
  post sessions '{{}}'
  post sessions/1/games '{{"game_id": 1, "room_code": "ABCD"}}'
  post sessions/1/close
"""


def sandbox(host: str, port: int, admin_key: str, era: str) -> int:
    if not admin_key:
        raise click.BadParameter("is empty; nobody could log in", param_hint="--admin-key")
    logs.configure(LogSettings(), [admin_key])
    picker = Sandbox(admin_key, time=SystemTime(), era=ERAS[era])
    try:
        return run_until_signal(_serve(picker, host, port))
    except OSError as error:
        raise Failed(f"cannot listen on {host}, port {port}: {error.strerror}") from None


async def _serve(picker: Sandbox, host: str, port: int) -> int:
    async with picker.serve(host, port) as url:
        click.echo(USAGE.format(url=url))
        await asyncio.get_running_loop().create_future()
    return 0
