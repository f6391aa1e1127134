"""discord.py's client, with what this bot hears: taps on vote buttons, slash commands, and lines
of text where the host asked for them.

A tap or command is acknowledged first (Discord gives three seconds) and told to ``hear``
afterwards; the answer follows through the adapter's ``reply`` whenever it is known, within 15
minutes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from typing import Any, Self

import aiohttp
import discord
from discord import app_commands, ui

from adapters.discord.errors import LONGEST_WAIT, guarded
from adapters.discord.interactions import acknowledge, refuse
from adapters.discord.lines import author_of, line_of
from bot.domain import Action, Ask, SessionKey, Tap, Target
from bot.port import Hear, Memory, SendError

log = logging.getLogger(__name__)

COMMANDS = {
    "votes": "The votes for the game that runs now",
    "night": "The game night so far",
    "top": "The best-loved games of the night",
    "status": "Whether the announcer sees the game night",
    "help": "What can be asked here",
    "unmute": "For hosts: announce again in this channel",
    "say-again": "For hosts: the last announcement once more",
    "reconnect": "For hosts: log in to the Picker anew",
}
MUTE = "For hosts: announce nothing in this channel for a while"
SPAN = "How long, such as 30m or 1h30m"
_MEMORY = "commands"

# A version first, so that a later form can be told apart; numbers within what can be.
_VOTE = re.compile(
    r"nc1:(?P<id>\d{1,18})-(?P<created>\d{1,12}):(?P<play>[1-9]\d{0,5}):(?P<way>up|down)"
)
_FACES = {True: "👍", False: "👎"}


class VoteButton(ui.DynamicItem[ui.Button[ui.View]], template=_VOTE):
    """A button that knows by its id alone what it votes for, so it outlives a restart."""

    def __init__(self, action: Action) -> None:
        way = "up" if action.up else "down"
        custom_id = f"nc1:{action.session}:{action.play}:{way}"
        super().__init__(ui.Button(emoji=_FACES[action.up], custom_id=custom_id))
        self.action = action

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        session = SessionKey(int(match["id"]), int(match["created"]))
        return cls(Action(match["way"] == "up", session, int(match["play"])))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.client.tapped(interaction, self.action)


def buttons(actions: Iterable[Action], link: str | None = None) -> ui.View | None:
    """A view of vote buttons and a way to ``link``, for a message that has any of these. Needs a
    running loop."""
    actions = tuple(actions)
    if not actions and link is None:
        return None
    view = ui.View(timeout=None)
    for action in actions:
        view.add_item(VoteButton(action))
    if link is not None:
        view.add_item(ui.Button(emoji="🔗", url=link))
    return view


class Client(discord.Client):
    """Keeps next to nothing: no members, no messages. ``changed`` is called when channels,
    roles or threads are; ``channel_of`` gives the configured channel of an id, if any;
    ``direct`` is the one that a private line counts for."""

    def __init__(
        self,
        name: str,
        hear: Hear,
        channel_of: Callable[[int, int | None], str | None],
        changed: Callable[[], None],
        direct: str,
        http_trace: aiohttp.TraceConfig,
        intents: discord.Intents,
    ) -> None:
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            guild_ready_timeout=0.1,
            max_ratelimit_timeout=LONGEST_WAIT,
            http_trace=http_trace,
        )
        self._name = name
        self._hear = hear
        self._channel_of = channel_of
        self._changed = changed
        self._direct = direct
        self._away = False
        self._away_for = 0.0
        self._limit: asyncio.Timeout | None = None
        self._shown: discord.Game | None = None
        self.tree: app_commands.CommandTree[Client] = app_commands.CommandTree(self)
        for command, description in COMMANDS.items():
            self.tree.add_command(self._command(command, description))
        self.tree.add_command(self._mute())

    async def setup_hook(self) -> None:
        self.add_dynamic_items(VoteButton)

    async def on_error(self, event_method: str, /, *_: Any, **__: Any) -> None:
        log.exception("%s: %s failed", self._name, event_method)

    # --- heard ---------------------------------------------------------------------------

    async def tapped(self, interaction: discord.Interaction[Any], action: Action) -> None:
        """A vote button was pressed. The board itself stays as it is until it is edited."""
        target = self._target(interaction)
        if target is None:
            await refuse(interaction)
        elif await acknowledge(interaction, thinking=False):
            at = interaction.created_at.timestamp()
            self._hear(Tap(target, author_of(interaction.user), action, at, interaction))

    async def on_message(self, message: discord.Message) -> None:
        """Somebody wrote a line, in a channel or to the bot alone; our own are not heard."""
        if message.author == self.user:
            return
        if isinstance(message.channel, discord.DMChannel):
            channel: str | None = self._direct
        else:
            parent = getattr(message.channel, "parent_id", None)
            channel = self._channel_of(message.channel.id, parent)
        if channel is not None and (line := line_of(message, Target(self._name, channel))):
            self._hear(line)

    async def _asked(
        self, interaction: discord.Interaction[Any], command: str, **arguments: str
    ) -> None:
        target = self._target(interaction)
        if target is None:
            await refuse(interaction)
        elif await acknowledge(interaction, thinking=True):
            at = interaction.created_at.timestamp()
            given = tuple(arguments.items())
            self._hear(Ask(target, author_of(interaction.user), command, given, at, interaction))

    def _target(self, interaction: discord.Interaction[Any]) -> Target | None:
        """The configured channel in which it happened, or whose thread it happened in."""
        if interaction.channel_id is None:
            return None
        parent = getattr(interaction.channel, "parent_id", None)
        channel = self._channel_of(interaction.channel_id, parent)
        return None if channel is None else Target(self._name, channel)

    # --- commands ------------------------------------------------------------------------

    def _command(self, name: str, description: str) -> app_commands.Command[Any, ..., None]:
        async def ask(interaction: discord.Interaction[Client]) -> None:
            await self._asked(interaction, name)

        return _in_servers(name, description, ask)

    def _mute(self) -> app_commands.Command[Any, ..., None]:
        @app_commands.describe(span=SPAN)
        async def ask(interaction: discord.Interaction[Client], span: str) -> None:
            await self._asked(interaction, "mute", span=span)

        return _in_servers("mute", MUTE, ask)

    async def register_commands(self, memory: Memory) -> None:
        """Tell Discord our commands if they changed since it was last told."""
        wanted = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        digest = sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]
        known = f"{self.application_id} {digest}"
        if memory.get(_MEMORY) == known:
            return
        try:
            async with guarded():
                await self.tree.sync()
        except SendError as error:
            log.warning("%s: the slash commands could not be registered: %s", self._name, error)
        else:
            await memory.put(_MEMORY, known)

    # --- the gateway, said once when it goes and once when it is back ----------------------

    @asynccontextmanager
    async def watched(self, away_for: float) -> AsyncIterator[None]:
        """Raises TimeoutError once the gateway was away for so many seconds in one go."""
        self._away_for = away_for
        try:
            async with asyncio.timeout(away_for) as self._limit:
                yield
        finally:
            self._limit = None

    def _expect_gateway(self, within: float | None) -> None:
        if self._limit is not None and not self._limit.expired():
            now = asyncio.get_running_loop().time()
            self._limit.reschedule(None if within is None else now + within)

    async def on_disconnect(self) -> None:
        if not self._away and not self.is_closed():
            self._away = True
            log.info("%s: Discord's gateway is lost; announcements go on without", self._name)
            self._expect_gateway(self._away_for)

    async def on_connect(self) -> None:
        if self._away:
            self._away = False
            log.info("%s: Discord's gateway is back", self._name)
        self._expect_gateway(None)
        self._changed()

    async def on_resumed(self) -> None:
        await self.on_connect()
        await self.show(self._shown)  # to resume, unlike to identify, does not tell it

    async def show(self, game: discord.Game | None) -> None:
        """Show ``game`` beside our name: now if there is a gateway, else as soon as there is."""
        self.activity = self._shown = game
        if self.ws is not None and not self.is_closed():
            with suppress(SendError):
                async with guarded():
                    await self.change_presence(activity=game)

    async def on_guild_channel_update(self, *_: object) -> None:
        self._changed()

    on_guild_channel_create = on_guild_role_update = on_guild_channel_update
    on_guild_join = on_thread_update = on_guild_channel_update


def _in_servers(name: str, description: str, ask: Any) -> app_commands.Command[Any, ..., None]:
    """A command of servers, not of private conversations."""
    return app_commands.Command(
        name=name,
        description=description,
        callback=ask,
        allowed_contexts=app_commands.AppCommandContext(guild=True),
    )
