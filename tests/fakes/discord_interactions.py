"""Buttons, slash commands and webhooks of the Discord look-alike
(interactions/receiving-and-responding.mdx, resources/webhook.mdx)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from discord_faults import answer, error
from discord_gateway import Gateway
from discord_rest import Refused, Rest
from discord_rules import EPHEMERAL, refusal
from discord_world import Channel, Json, Message, User, World

ANSWER_WITHIN = 3.0
"""Seconds for the first response (receiving-and-responding.mdx, Interaction Callback)."""
TOKEN_LIVES = 900.0
"""Seconds for follow-ups (ibid., Followup Messages)."""

MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE = 4, 5, 6


@dataclass
class Interaction:
    """``callback`` is the type of the first response, ``after`` the seconds it took;
    ``said`` what was sent after it, an ephemeral message being for ``user`` alone."""

    id: int
    token: str
    user: User
    channel: Channel
    at: float
    callback: int | None = None
    flags: int = 0
    after: float | None = None
    said: list[Message] = field(default_factory=list)

    @property
    def private(self) -> list[str]:
        return [message.content for message in self.said if message.flags & EPHEMERAL]


class Interactions:
    def __init__(self, world: World, gateway: Gateway, rest: Rest) -> None:
        self.world = world
        self.gateway = gateway
        self.rest = rest
        self.all: dict[int, Interaction] = {}

    def routes(self) -> list[web.RouteDef]:
        hook = r"/api/v10/webhooks/{id:\d+}/{token}"
        return [
            web.post(r"/api/v10/interactions/{id:\d+}/{token}/callback", self._callback),
            web.get(hook, self._webhook),
            web.post(hook, self._execute),
            web.patch(hook + "/messages/{message}", self._edit),
        ]

    # --- what a person does ----------------------------------------------------------------

    async def tap(
        self, message: Message, custom_id: str, user: User, *, forged: bool = False
    ) -> Interaction:
        """Press a button of ``message``, which must have it: a copy of an older state may be
        given, as a client may still show one. ``forged`` lets any ``custom_id`` pass."""
        buttons = [button for row in message.components for button in row["components"]]
        if not forged and custom_id not in {button.get("custom_id") for button in buttons}:
            raise LookupError(f"the message has no button {custom_id!r}")
        data = {"component_type": 2, "custom_id": custom_id}
        shown = {"message": self.world.message_json(message)}
        channel = self.world.channels[message.channel_id]
        return await self._begin(3, channel, user, data, **shown)

    async def slash(self, channel: Channel, name: str, user: User, **options: str) -> Interaction:
        """Use a command, which must have been registered, with its options: those that are
        required are, since a client lets nobody send it without."""
        command = next(c for c in self.world.commands if c["name"] == name)
        needed = {o["name"] for o in command["options"] if o.get("required")}
        if missing := needed - options.keys():
            raise LookupError(f"/{name} lacks its option {', '.join(sorted(missing))}")
        known = {option["name"]: option["type"] for option in command["options"]}
        given = [{"name": n, "type": known[n], "value": value} for n, value in options.items()]
        data = {"id": command["id"], "name": name, "type": 1, "options": given}
        return await self._begin(2, channel, user, data)

    async def _begin(
        self, kind: int, channel: Channel, user: User, data: Json, **more: Any
    ) -> Interaction:
        world = self.world
        begun = Interaction(
            world.snowflake(), secrets.token_urlsafe(24), user, channel, world.now()
        )
        self.all[begun.id] = begun
        frame = {
            "id": str(begun.id),
            "application_id": str(world.application_id),
            "type": kind,
            "data": data,
            "guild_id": str(world.guild_id),
            "channel_id": str(channel.id),
            "channel": world.channel_json(channel),
            "member": world.member_json(user) | {"permissions": "0"},
            "token": begun.token,
            "version": 1,
            "app_permissions": str(sum(channel.granted)),
            "locale": "en-GB",
            "entitlements": [],
            "authorizing_integration_owners": {},
            "attachment_size_limit": 10_485_760,
        }
        await self.gateway.dispatch("INTERACTION_CREATE", frame | more)
        return begun

    # --- what the bot answers ----------------------------------------------------------------

    async def _callback(self, request: web.Request) -> web.Response:
        begun = self._known(request)
        late = self.world.now() - begun.at > ANSWER_WITHIN
        if late or begun.token != request.match_info["token"]:
            return error(404, 10062, "Unknown interaction")
        if begun.callback is not None:
            return error(400, 40060, "Interaction has already been acknowledged.")
        payload = await request.json()
        begun.callback = payload["type"]
        begun.flags = (payload.get("data") or {}).get("flags", 0)
        begun.after = self.world.now() - begun.at
        if begun.callback == MESSAGE:
            self._say(begun, payload["data"])
        told = {"id": str(begun.id), "type": 3, "response_message_ephemeral": bool(begun.flags)}
        return answer({"interaction": told, "resource": {"type": begun.callback}})

    def _known(self, request: web.Request) -> Interaction:
        begun = self.all.get(int(request.match_info["id"]))
        if begun is None:
            raise Refused(error(404, 10062, "Unknown interaction"))
        return begun

    def _say(self, begun: Interaction, payload: Json) -> Message:
        if body := refusal(payload):
            raise Refused(answer(body, 400))
        message = self.world.store(begun.channel, self.world.bot, payload, interaction=begun.id)
        if message.flags & EPHEMERAL:
            # seen by one person only; the channel's history does not have it
            del begun.channel.messages[message.id]
        begun.said.append(message)
        return message

    async def _execute(self, request: web.Request) -> web.Response:
        payload = await request.json()
        if int(request.match_info["id"]) == self.world.application_id:
            return self._follow_up(request, payload)
        channel = self._hook(request)
        if body := refusal(payload):
            raise Refused(answer(body, 400))
        if payload.get("components"):
            # resources/webhook.mdx: interactive components need an application's own webhook
            payload["components"] = []
        author = User(int(request.match_info["id"]), payload.get("username") or "Spidey Bot", True)
        message = self.world.store(channel, author, payload, webhook_id=author.id)
        # ibid., Execute Webhook: without `wait` there is no body and no confirmation
        if request.query.get("wait") not in ("1", "true"):
            return answer(None, 204)
        return answer(self.world.message_json(message))

    def _follow_up(self, request: web.Request, payload: Json) -> web.Response:
        begun = self._by_token(request.match_info["token"])
        if begun.callback == DEFERRED_MESSAGE and not begun.said:
            # the first follow-up takes the place of "is thinking", as private as that was
            payload["flags"] = (payload.get("flags") or 0) & ~EPHEMERAL | begun.flags
        return answer(self.world.message_json(self._say(begun, payload)))

    def _edit_original(self, request: web.Request, payload: Json) -> web.Response:
        """receiving-and-responding.mdx, Edit Original Interaction Response: of a command that was
        deferred the first edit says it, as private as the deferral was."""
        begun = self._by_token(request.match_info["token"])
        if begun.callback != DEFERRED_MESSAGE or request.match_info["message"] != "@original":
            return error(404, 10008, "Unknown Message")
        if not begun.said:
            self._say(begun, payload | {"flags": begun.flags})
        elif body := refusal(payload, editing=True):
            return answer(body, 400)
        else:
            self.rest.edited(begun.said[0], payload)
        return answer(self.world.message_json(begun.said[0]))

    def _by_token(self, token: str) -> Interaction:
        begun = next((i for i in self.all.values() if i.token == token), None)
        if begun is None or begun.callback is None:
            raise Refused(error(404, 10015, "Unknown Webhook"))
        if self.world.now() - begun.at > TOKEN_LIVES:
            raise Refused(error(401, 50027, "Invalid Webhook Token"))
        return begun

    def _hook(self, request: web.Request) -> Channel:
        token, channel = self.world.webhooks.get(int(request.match_info["id"]), (None, None))
        if channel is None:
            raise Refused(error(404, 10015, "Unknown Webhook"))
        if token != request.match_info["token"]:
            raise Refused(error(401, 50027, "Invalid Webhook Token"))
        return channel

    async def _webhook(self, request: web.Request) -> web.Response:
        """resources/webhook.mdx, Get Webhook with Token."""
        channel = self._hook(request)
        told = {"id": request.match_info["id"], "type": 1, "name": "night"}
        return answer(told | {"channel_id": str(channel.id), "guild_id": str(self.world.guild_id)})

    async def _edit(self, request: web.Request) -> web.Response:
        if int(request.match_info["id"]) == self.world.application_id:
            return self._edit_original(request, await request.json())
        channel = self._hook(request)
        message = channel.messages.get(int(request.match_info["message"]))
        if message is None or message.webhook_id != int(request.match_info["id"]):
            return error(404, 10008, "Unknown Message")
        payload = await request.json()
        if body := refusal(payload, editing=True):
            return answer(body, 400)
        return self.rest.edited(message, payload)
