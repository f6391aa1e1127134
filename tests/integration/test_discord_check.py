"""A host's mistakes with Discord, as ``nightcrier check`` and ``check --online`` tell them."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest
from bot_process import ROOT
from discord_peer import Peer
from discord_world import Kind, Permission

from adapters.discord.places import NOT_GRANTED
from bot.cli import compose
from bot.config import ConfigError

PICKER = '[picker]\nurl = "http://127.0.0.1:9"\nadmin_key = "k"\n'
TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAwMQ.Gabcde.secret_0123456789"
HOOK = "https://discord.com/api/webhooks/123456789012345678/web-hook_secret"
CHANNEL = "123456789012345678"


def table(name: str = "discord", **keys: object) -> str:
    lines = {"kind": "discord", "channels": [CHANNEL]} | keys
    written = "".join(f"{key} = {value!r}\n" for key, value in lines.items())
    return f"[adapters.{name}]\n{written}"


def problems(folder: Path, *tables: str) -> list[str]:
    """What ``check`` finds wrong, one sentence each; no secret is in any."""
    (folder / "config.toml").write_text(PICKER + "".join(tables), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        compose.load(folder / "config.toml", {})
    assert "secret" not in str(caught.value)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("keys", "where", "what"),
    [
        ({"token": ""}, "adapters.discord.token", "must not be empty"),
        ({}, "adapters.discord.webhook_url: is missing", "and so is token; give token"),
        (
            {"token": TOKEN, "webhook_url": HOOK, "channels": ["games"]},
            "adapters.discord.webhook_url = ***",
            "and not both",
        ),
        ({"token": TOKEN, "channels": []}, "adapters.discord.channels: is empty", '["…"]'),
        ({"token": f"Bot {TOKEN}"}, "adapters.discord.token", "without the word before it"),
        ({"token": f'"{TOKEN}"'}, "adapters.discord.token", "without quotes inside the quotes"),
        (
            {"token": TOKEN, "channels": ["general"]},
            'adapters.discord.channels = "general"',
            "must be the channel's id, a number of 17 to 20 digits",
        ),
        (
            {"token": TOKEN, "mention_roles": {}, "silent": ["start"]},
            'adapters.discord.silent (item 1) = "start"',
            "session_started",
        ),
        (
            {"webhook_url": HOOK.replace("discord.com", "example.org"), "channels": ["games"]},
            "adapters.discord.webhook_url = ***",
            "must begin with https://discord.com/api/webhooks/",
        ),
    ],
    ids=[
        "empty",
        "neither",
        "both",
        "no channel",
        "prefix",
        "quotes",
        "name",
        "kind",
        "webhook elsewhere",
    ],
)
def test_offline(tmp_path: Path, keys: dict[str, object], where: str, what: str) -> None:
    """Each mistake that the file shows is one sentence: the key, and what would be right."""
    (told,) = problems(tmp_path, table(**keys))
    assert told.startswith(where)
    assert what in told


def test_a_role_by_its_name(tmp_path: Path) -> None:
    """A role's name in place of its id is told with its place."""
    (told,) = problems(
        tmp_path, table(token=TOKEN), '[adapters.discord.mention_roles]\nstats = "Players"\n'
    )
    assert told.startswith("adapters.discord.mention_roles.stats")
    assert "a role is its id" in told


def test_two_servers_of_discords_kind(tmp_path: Path) -> None:
    """The library has one address for the process, so two tables with two are refused."""
    here = "http://127.0.0.1:8080/api/v10"
    (told,) = problems(
        tmp_path, table("one", token=TOKEN), table("two", token=TOKEN + "x", api_url=here)
    )
    assert told == (
        f'adapters.two.api_url = "{here}": must be the same in all tables, '
        "and is https://discord.com/api/v10 in [adapters.one]"
    )


# --- online ---------------------------------------------------------------------------------


async def online(peer: Peer, folder: Path, token: str, *channels: int, more: str = "") -> list[str]:
    """What ``nightcrier check --online`` says of each channel."""
    ids = [str(channel) for channel in channels]
    text = PICKER + table(token=token, api_url=peer.api_url, channels=ids) + more
    (folder / "config.toml").write_text(text, encoding="utf-8")
    command = ("-m", "bot", "check", "--online", "-c", str(folder / "config.toml"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdout=PIPE, stderr=STDOUT
    )
    shown = (await process.communicate())[0].decode()
    assert token not in shown
    return [line for line in shown.splitlines() if line.startswith("discord/")]


async def test_channels_online(tmp_path: Path) -> None:
    """A server's id, a category, a deleted channel and two without a right are each
    told as what they are; the good channel between them is fine."""
    async with Peer() as peer:
        world = peer.world
        category = world.add_channel("night", Kind.CATEGORY)
        closed = world.add_channel("closed")
        closed.may.discard(Permission.SEND_MESSAGES)
        hidden = world.add_channel("hidden")
        hidden.may.discard(Permission.VIEW_CHANNEL)
        good, gone = world.add_channel("games"), world.snowflake()
        channels = (world.guild_id, category.id, gone, closed.id, hidden.id, good.id)
        told = await online(peer, tmp_path, peer.token, *channels)
    assert [line.partition(": ")[2] for line in told] == [
        "refused: is the id of a server; copy that of a channel in it",
        "refused: #night in Game nights is a category; name a channel in it",
        "refused: there is no such channel; it may have been deleted",
        "refused: #closed in Game nights: the bot lacks Send Messages",
        "refused: the bot lacks View Channel there, or is not in its server",
        "fine",
    ]


async def test_an_intent_that_is_not_granted(tmp_path: Path) -> None:
    """What is asked for and not granted to the bot is told once, with where to switch it on, as
    a refusal; with it all channels are fine."""
    async with Peer() as peer:
        channels = [peer.world.add_channel(name).id for name in ("games", "talk", "more")]
        reading = "message_content = true\n"
        told = await online(peer, tmp_path, peer.token, *channels, more=reading)
        peer.world.content_granted = True
        granted = await online(peer, tmp_path, peer.token, *channels, more=reading)
    assert [line.partition(": ")[2] for line in told] == [f"refused: {NOT_GRANTED}", "fine", "fine"]
    assert [line.partition(": ")[2] for line in granted] == ["fine"] * 3


async def test_a_role_that_may_not_be_mentioned(tmp_path: Path) -> None:
    """It is a refusal of the channel, not a remark beside one that is fine."""
    async with Peer() as peer:
        games, role = peer.world.add_channel("games"), peer.world.add_role("gamers")
        pinged = f'mention_roles = {{ stats = "{role.id}" }}\n'
        (told,) = await online(peer, tmp_path, peer.token, games.id, more=pinged)
    assert "refused: #games in Game nights: the bot cannot mention the role gamers" in told


async def test_a_wrong_token_online(tmp_path: Path) -> None:
    """A token that Discord refuses is told in words, and never shown."""
    async with Peer() as peer:
        games = peer.world.add_channel("games")
        (told,) = await online(peer, tmp_path, TOKEN, games.id)
    assert "cannot go on: Discord refuses the token; copy it anew from the Bot page" in told
