"""``[adapters.discord]`` as a host writes it, and what can be told from it alone."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

import discord
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from bot.domain import Kind
from bot.port import listed

API_URL = "https://discord.com/api/v10"
HOSTS = ("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com")

_SNOWFLAKE = re.compile(r"\d{15,20}")
_WEBHOOK = re.compile(r"(?:/api)?(?:/v\d+)?/webhooks/(?P<id>\d+)/(?P<token>[A-Za-z0-9._-]+)/?")

_USUAL = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    embed_links=True,
    read_message_history=True,
)
"""The least that serves: history settles a doubt, the thread permissions serve `thread`."""


def permissions(settings: Settings) -> discord.Permissions:
    """What the bot is to be allowed: marks on lines need one more."""
    wanted = discord.Permissions(_USUAL.value)
    wanted.add_reactions = settings.message_content
    return wanted


def _role_ids(value: Any) -> Any:
    """One id or a list of them, as numbers or as text."""
    items = value if isinstance(value, list | tuple) else (value,)
    if not all(_SNOWFLAKE.fullmatch(str(item)) for item in items):
        raise ValueError("a role is its id, a number of 17 to 20 digits, not its name")
    return tuple(int(item) for item in items)


def _known_kind(key: Any) -> Any:
    if key not in list(Kind):
        raise ValueError(f"there is no line {key}; there are {', '.join(Kind)}")
    return key


def _night(value: Any) -> Any:
    places = value.values() if isinstance(value, dict) else (value,)
    if any(place not in ("night", None) for place in places):
        raise ValueError('must be "night", or a table such as { "123456789012345678" = "night" }')
    return value


RoleIds = Annotated[tuple[int, ...], BeforeValidator(_role_ids)]
Roles = dict[Annotated[Kind, BeforeValidator(_known_kind)], RoleIds]
Thread = Annotated[Literal["night"] | dict[str, Literal["night"]] | None, BeforeValidator(_night)]


class Settings(BaseModel):
    """A bot by ``token``, or announcements alone by ``webhook_url``.

    ``mention_roles`` pings these roles, for each kind of line; ``silent`` kinds make no
    sound. ``thread = "night"`` tells each night in a thread of its own, in all channels or in
    those of a table. ``edit_interval`` is the least time between two edits of a board, in
    seconds. ``message_content`` asks for the privileged intent that it takes to read what people
    write. ``api_url`` is another server that speaks Discord's API.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_url: str = API_URL
    token: SecretStr | None = None
    webhook_url: SecretStr | None = Field(default=None, validate_default=True)
    mention_roles: Roles = Field(default_factory=dict)
    silent: tuple[Kind, ...] = ()
    thread: Thread = None
    edit_interval: float = Field(default=5.0, ge=1, allow_inf_nan=False)
    message_content: bool = False

    @field_validator("token")
    @classmethod
    def _is_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and (wrong := _wrong_with_token(token.get_secret_value())):
            raise ValueError(f"{wrong}; copy it from the Bot page of the developer portal")
        return token

    @field_validator("api_url")
    @classmethod
    def _is_api(cls, url: str) -> str:
        parts = urlsplit(url.rstrip("/"))
        if not parts.hostname or not parts.path.endswith("/v10"):
            raise ValueError(f"must be an address that ends with the version, such as {API_URL}")
        if not _is_safe(parts):
            raise ValueError("must be https; anything else is for this machine itself alone")
        return url.rstrip("/")

    @field_validator("webhook_url")
    @classmethod
    def _one_way_in(cls, url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        has_token = info.data.get("token", "wrong") is not None
        if url is None and not has_token:
            raise ValueError(
                "is missing, and so is token; give token, or webhook_url for announcements alone"
            )
        if url is not None and has_token:
            raise ValueError("give either token or webhook_url, and not both")
        if url is not None and "api_url" in info.data:
            parts_of_webhook(url, info.data["api_url"])
        return url

    @field_validator("thread")
    @classmethod
    def _is_possible(cls, thread: Thread, info: ValidationInfo) -> Thread:
        if thread is not None and info.data.get("webhook_url") is not None:
            raise ValueError("needs a bot's token; a webhook can start no thread")
        wrong = [*_unlisted(thread, info)] if isinstance(thread, dict) else []
        if wrong:
            raise ValueError("; ".join(wrong))
        return thread

    @field_validator("message_content")
    @classmethod
    def _is_heard(cls, reads: bool, info: ValidationInfo) -> bool:
        if reads and info.data.get("webhook_url") is not None:
            raise ValueError("needs a bot's token; a webhook hears nothing")
        return reads


def _unlisted(channels: Iterable[str], info: ValidationInfo) -> Iterator[str]:
    """What to say of each that is none of the table's channels."""
    for channel in channels:
        try:
            listed(channel, info)
        except ValueError as error:
            yield f"{channel} {error}"


def _wrong_with_token(token: str) -> str | None:
    """What no token looks like. Whether it is one, the login tells."""
    if not token.strip():
        return "must not be empty"
    if token.lower().startswith(("bot ", "bearer ")):
        return "must be the token alone, without the word before it"
    if token.strip("\"'") != token:
        return "must be the token alone, without quotes inside the quotes"
    if re.search(r"\s", token):
        return "must have no blanks in it"
    return None


def _is_safe(parts: SplitResult) -> bool:
    if parts.scheme == "https":
        return True
    host = parts.hostname or ""
    try:
        return parts.scheme == "http" and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return parts.scheme == "http" and host == "localhost"


def webhook_parts(settings: Settings) -> tuple[str, str]:
    """Id and token out of ``webhook_url``."""
    assert settings.webhook_url is not None
    return parts_of_webhook(settings.webhook_url, settings.api_url)


def parts_of_webhook(url: SecretStr, api_url: str) -> tuple[str, str]:
    """Id and token out of a webhook's address. Raises ValueError, without the address in it."""
    parts = urlsplit(url.get_secret_value().strip())
    allowed = HOSTS if api_url == API_URL else (urlsplit(api_url).hostname,)
    if parts.hostname not in allowed or not _is_safe(parts):
        raise ValueError(f"must begin with https://{allowed[0]}/api/webhooks/")
    match = _WEBHOOK.fullmatch(parts.path)
    if match is None:
        raise ValueError("must be the whole address that Copy Webhook URL gives")
    return match["id"], match["token"]


def wrong_channels(given: Collection[str], channels: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each channel that cannot be one where the table has the keys ``given``, with a sentence."""
    if "webhook_url" in given:
        for channel in channels[1:]:
            yield channel, "a webhook has one channel; make a table for each webhook"
        return
    for channel in channels:
        if not _SNOWFLAKE.fullmatch(channel):
            yield channel, NOT_AN_ID


NOT_AN_ID = (
    "must be the channel's id, a number of 17 to 20 digits "
    "(switch on Developer Mode in Discord's settings, then Copy Channel ID)"
)


def fold(channel: str) -> str:
    """A channel is its id; in webhook mode it is a name that serves nobody but the host.

    Raises ValueError for what is neither.
    """
    if channel.startswith(("#", "<", "http")):
        raise ValueError(NOT_AN_ID)
    return channel


def ident(settings: Settings) -> str:
    """Which connection this is, without its secret."""
    secret = settings.token or settings.webhook_url
    assert secret is not None
    return sha256(secret.get_secret_value().encode()).hexdigest()[:16]


def application_id(token: str) -> int | None:
    """The first part of a bot's token is its id in base64; None if it is not one of those."""
    head = token.partition(".")[0]
    try:
        text = base64.b64decode(head + "=" * (-len(head) % 4), b"-_", validate=True).decode()
    except ValueError:
        return None
    return int(text) if _SNOWFLAKE.fullmatch(text) else None


def invite(settings: Settings) -> str | None:
    """The address at which a host adds the bot to a server, with the least permissions."""
    if settings.token is None or settings.api_url != API_URL:
        return None
    client_id = application_id(settings.token.get_secret_value())
    if client_id is None:
        return None
    scopes = ("bot", "applications.commands")
    return discord.utils.oauth_url(client_id, permissions=permissions(settings), scopes=scopes)
