"""The REST half of the Discord look-alike: users, channels, messages, threads, commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from discord_faults import answer, error
from discord_rules import form_error, refusal
from discord_world import Channel, Json, Kind, Message, Permission, World

OLD = 3600.0
"""topics/opcodes-and-status-codes.mdx, 30046: messages older than one hour."""


class Rest:
    def __init__(self, world: World, token: str, gateway_url: Callable[[], str]) -> None:
        self.world = world
        self.token = token
        self._gateway_url = gateway_url

    def routes(self) -> list[web.RouteDef]:
        channel = r"/api/v10/channels/{channel:\d+}"
        guild = r"/api/v10/guilds/{guild:\d+}"
        return [
            web.get("/api/v10/gateway", self._gateway),
            web.get("/api/v10/users/@me", self._me),
            web.get("/api/v10/oauth2/applications/@me", self._application),
            web.put(r"/api/v10/applications/{id:\d+}/commands", self._commands),
            web.get(guild, self._guild),
            web.get(guild + r"/members/{user:\d+}", self._member),
            web.get(channel, self._channel),
            web.patch(channel, self._patch_channel),
            web.get(channel + "/messages", self._history),
            web.post(channel + "/messages", self._create),
            web.patch(channel + r"/messages/{message:\d+}", self._edit),
            web.post(channel + r"/messages/{message:\d+}/threads", self._start_thread),
            web.put(channel + r"/messages/{message:\d+}/reactions/{emoji}/@me", self._react),
        ]

    @web.middleware
    async def authorised(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Everything but webhooks, interactions and the gateway's address wants the token."""
        open_to_all = ("/api/v10/webhooks/", "/api/v10/interactions/", "/gateway")
        if request.path.startswith(open_to_all) or request.path.endswith("/gateway"):
            return await handler(request)
        if request.headers.get("Authorization") != f"Bot {self.token}":
            return error(401, 0, "401: Unauthorized")
        return await handler(request)

    # --- who and where -------------------------------------------------------------------

    async def _gateway(self, request: web.Request) -> web.Response:
        return answer({"url": self._gateway_url()})

    async def _me(self, request: web.Request) -> web.Response:
        return answer(
            self.world.user_json(self.world.bot) | {"verified": True, "mfa_enabled": False}
        )

    async def _application(self, request: web.Request) -> web.Response:
        owner = {"id": "1", "username": "host", "discriminator": "0", "avatar": None}
        return answer(
            {
                "id": str(self.world.application_id),
                "name": "Nightcrier",
                "icon": None,
                "description": "",
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "0" * 64,
                "owner": owner,
                "team": None,
                # resources/application.mdx, Application Flags: GATEWAY_MESSAGE_CONTENT_LIMITED
                "flags": 1 << 19 if self.world.content_granted else 0,
                "summary": "",
            }
        )

    async def _commands(self, request: web.Request) -> web.Response:
        """interactions/application-commands.mdx, Bulk Overwrite Global Application Commands."""
        ours = str(self.world.application_id)
        self.world.commands = [
            {"options": [], "version": "1"}
            | command
            | {"id": str(self.world.snowflake()), "application_id": ours}
            for command in await request.json()
        ]
        return answer(self.world.commands)

    async def _guild(self, request: web.Request) -> web.Response:
        if int(request.match_info["guild"]) != self.world.guild_id:
            return error(404, 10004, "Unknown Guild")
        return answer(self.world.guild_json())

    async def _member(self, request: web.Request) -> web.Response:
        if int(request.match_info["user"]) != self.world.bot.id:
            return error(404, 10007, "Unknown Member")
        return answer(self.world.member_json(self.world.bot))

    # --- channels ------------------------------------------------------------------------

    def _find(self, request: web.Request, *needed: Permission) -> Channel:
        """The channel of the path, if it is there and the bot has what is needed."""
        channel = self.world.channels.get(int(request.match_info["channel"]))
        if channel is None:
            raise Refused(error(404, 10003, "Unknown Channel"))
        if Permission.VIEW_CHANNEL not in channel.granted:
            raise Refused(error(403, 50001, "Missing Access"))
        if not set(needed) <= channel.granted:
            raise Refused(error(403, 50013, "Missing Permissions"))
        return channel

    def _message(self, channel: Channel, request: web.Request) -> Message:
        message = channel.messages.get(int(request.match_info["message"]))
        if message is None:
            raise Refused(error(404, 10008, "Unknown Message"))
        return message

    async def _channel(self, request: web.Request) -> web.Response:
        return answer(self.world.channel_json(self._find(request)))

    async def _patch_channel(self, request: web.Request) -> web.Response:
        """topics/threads.mdx, Editing & Deleting Threads: whoever may speak may reopen a
        thread; a locked one needs Manage Threads."""
        thread = self._find(request)
        if thread.locked and Permission.MANAGE_THREADS not in thread.granted:
            raise Refused(error(403, 50013, "Missing Permissions"))
        thread.archived = (await request.json()).get("archived", thread.archived)
        return answer(self.world.channel_json(thread))

    async def _start_thread(self, request: web.Request) -> web.Response:
        """resources/channel.mdx, Start Thread from Message: the thread's id is the
        message's; a second one is refused with 160004."""
        parent = self._find(request, Permission.CREATE_PUBLIC_THREADS)
        message = self._message(parent, request)
        name = (await request.json())["name"]
        if not 1 <= len(name) <= 100:
            raise Refused(
                answer(form_error([("name", "Must be between 1 and 100 in length.")]), 400)
            )
        if message.id in self.world.channels:
            text = "A thread has already been created for this message"
            raise Refused(error(400, 160004, text))
        thread = self.world.add_thread(parent, name, message.id)
        return answer(self.world.channel_json(thread), 201)

    async def _history(self, request: web.Request) -> web.Response:
        """resources/message.mdx, Get Channel Messages: newest first, at most 100; without
        Read Message History the list is empty."""
        channel = self._find(request)
        if Permission.READ_MESSAGE_HISTORY not in channel.granted:
            return answer([])
        after = int(request.query.get("after", 0))
        before = int(request.query.get("before", 1 << 63))
        limit = int(request.query.get("limit", 50))
        ids = sorted(i for i in channel.messages if after < i < before)
        # with `after` the page holds the oldest of those, still newest first
        page = ids[:limit] if "after" in request.query else ids[-limit:]
        return answer([self.world.message_json(channel.messages[i]) for i in reversed(page)])

    # --- messages ------------------------------------------------------------------------

    async def _create(self, request: web.Request) -> web.Response:
        channel = self._find(request)
        self._speakable(channel)
        payload = await request.json()
        self._check(channel, payload)
        self._refer(channel, payload)
        nonce = payload.get("nonce")
        if nonce is not None and payload.get("enforce_nonce"):
            return self._create_once(channel, payload, str(nonce))
        return self._created(self.world.store(channel, self.world.bot, payload, nonce=nonce))

    def _create_once(self, channel: Channel, payload: Json, nonce: str) -> web.Response:
        """resources/message.mdx, Create Message, enforce_nonce: checked "in the past few
        minutes"; a repeat returns the first message, or 404 if that was deleted
        (discord-api-docs pull request 6647)."""
        at, channel_id, message = self.world.nonces.get(nonce, (0.0, 0, None))
        if message is None or self.world.now() - at > self.world.nonce_memory:
            message = self.world.store(channel, self.world.bot, payload, nonce=nonce)
            self.world.nonces[nonce] = (self.world.now(), channel.id, message)
        elif message.id not in self.world.channels[channel_id].messages:
            raise Refused(error(404, 10008, "Unknown Message"))
        return self._created(message)

    def _created(self, message: Message) -> web.Response:
        return answer(self.world.message_json(message, nonce=True))

    def _speakable(self, channel: Channel) -> None:
        if channel.kind in (Kind.CATEGORY, Kind.FORUM):
            raise Refused(error(400, 50008, "Cannot send messages in a non-text channel"))
        needed = Permission.SEND_MESSAGES
        if channel.kind is Kind.THREAD:
            # topics/permissions.mdx: in threads this one stands in for Send Messages
            needed = Permission.SEND_MESSAGES_IN_THREADS
            if channel.locked and Permission.MANAGE_THREADS not in channel.granted:
                raise Refused(error(400, 50083, "Thread is archived"))
            # topics/threads.mdx: sending reopens a thread that is not locked
            channel.archived = False
        if needed not in channel.granted:
            raise Refused(error(403, 50013, "Missing Permissions"))

    def _check(self, channel: Channel, payload: Json, *, editing: bool = False) -> None:
        if body := refusal(payload, editing=editing):
            raise Refused(answer(body, 400))
        if payload.get("embeds") and Permission.EMBED_LINKS not in channel.granted:
            raise Refused(error(403, 50013, "Missing Permissions"))

    def _refer(self, channel: Channel, payload: Json) -> None:
        """resources/message.mdx, Message Reference: a reply to what is not there is refused, or
        is no reply if ``fail_if_not_exists`` is false. It needs the history
        (topics/opcodes-and-status-codes.mdx, JSON error codes)."""
        first = payload.get("message_reference")
        if first is None:
            return
        if Permission.READ_MESSAGE_HISTORY not in channel.granted:
            text = "Cannot reply without permission to read message history"
            raise Refused(error(403, 160002, text))
        if int(first["message_id"]) in channel.messages:
            return
        if first.get("fail_if_not_exists", True):
            raise Refused(answer(form_error([("message_reference", "Unknown message")]), 400))
        del payload["message_reference"]

    async def _react(self, request: web.Request) -> web.Response:
        """resources/message.mdx, Create Reaction: needs the history, and Add Reactions for the
        first of its kind."""
        needed = (Permission.READ_MESSAGE_HISTORY, Permission.ADD_REACTIONS)
        channel = self._find(request, *needed)
        self._message(channel, request).reactions.append(request.match_info["emoji"])
        return answer(None, 204)

    async def _edit(self, request: web.Request) -> web.Response:
        channel = self._find(request)
        message = self._message(channel, request)
        payload = await request.json()
        if message.author.id != self.world.bot.id:
            raise Refused(error(403, 50005, "Cannot edit a message authored by another user"))
        if channel.archived:
            # topics/threads.mdx: messages of an archived thread cannot be edited
            raise Refused(error(400, 50083, "Thread is archived"))
        self._check(channel, payload, editing=True)
        return self.edited(message, payload)

    def edited(self, message: Message, payload: Json) -> web.Response:
        """Change what the payload names (resources/message.mdx, Edit Message)."""
        world = self.world
        if world.now() - message.created_at > OLD and message.edits >= world.old_edits_allowed:
            # seen in the wild as a 429 whose body has the code and no time
            text = "Maximum number of edits to messages older than 1 hour reached. Try again later."
            raise Refused(error(429, 30046, text))
        for key in ("embeds", "components", "flags"):
            if key in payload:
                setattr(message, key, payload[key] or type(getattr(message, key))())
        if "content" in payload:
            message.content = (payload["content"] or "").strip()
        message.edits += 1
        return answer(world.message_json(message))


class Refused(Exception):
    """Carries the answer that refuses."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> Any:
    try:
        return await handler(request)
    except Refused as refused:
        return refused.response
