"""The settings that every Nightcrier has, whatever its chats."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.chat import Rules
from bot.domain import HOST, OPERATOR

LANGUAGE = "en"
STRICT = ConfigDict(extra="forbid", frozen=True)


Filled = Annotated[str, Field(min_length=1)]

_ACCOUNT = re.compile(r"[a-z0-9_]+/[^\s/:]+")


def _account(text: str) -> str:
    """``ADAPTER/ACCOUNT``. A nick is none: an id that is only a nick has a colon in it."""
    if not _ACCOUNT.fullmatch(text):
        raise ValueError("must be a table's name, a / and an account, such as libera/annie")
    return text.casefold()


def _role(text: str) -> str:
    if text in (OPERATOR, HOST):
        raise ValueError("is no role's id; for the operators of a channel set hosts.operators")
    return text


def _as_text(value: object) -> object:
    """A role's id may be written as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Account = Annotated[str, AfterValidator(_account)]
Role = Annotated[Filled, BeforeValidator(_as_text), AfterValidator(_role)]


class PickerSettings(BaseModel):
    model_config = STRICT

    url: str = Field(description="the Picker's address", examples=["http://localhost:5000"])
    admin_key: SecretStr | None = Field(default=None, min_length=1)
    token: SecretStr | None = Field(default=None, min_length=1)
    poll_interval: float = Field(default=30.0, ge=1, allow_inf_nan=False)

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        """Without a trailing slash; a trailing ``/api`` may stay."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or _bad_port(url):
            raise ValueError("must be an address such as http://localhost:5000")
        if "@" in parts.netloc:
            raise ValueError("must not carry a user name or password")
        if parts.query or parts.fragment:
            raise ValueError("must end with its path; there is no place for ? or #")
        return url.rstrip("/")


def _bad_port(url: str) -> bool:
    try:
        return urlsplit(url).port == 0
    except ValueError:
        return True


class StoreSettings(BaseModel):
    model_config = STRICT

    path: str = Field(default="nightcrier.db", min_length=1)


class LogSettings(BaseModel):
    model_config = STRICT

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"

    @field_validator("level", "format", mode="before")
    @classmethod
    def _in_lower_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value


class AnnounceSettings(BaseModel):
    """The kinds of :class:`bot.domain.Kind`, each said or not."""

    model_config = STRICT

    session_started: bool = True
    game_added: bool = True
    room_code: bool = True
    final_votes: bool = True
    session_ended: bool = True
    stats: bool = True
    catch_up: bool = True


class VotesSettings(BaseModel):
    """Votes cast in the chats. ``limit`` is how often a person may vote on one game: once, or
    as often as the Picker lets them, which is once a second. ``from`` are the adapters that
    votes are taken from, all without it. Lines that begin with one of ``ignore_prefixes``, and
    whatever ``ignore_nicks`` say, are neither votes nor commands. ``notice`` is whether who
    votes by text is told in private what became of it."""

    model_config = STRICT

    limit: Literal["once", "unlimited"] = "once"
    from_: tuple[str, ...] | None = Field(default=None, alias="from")
    ignore_prefixes: tuple[Filled, ...] = Rules().ignore_prefixes
    ignore_nicks: tuple[Filled, ...] = ()
    notice: bool = False


class CommandsSettings(BaseModel):
    """Questions and orders in lines of text; slash commands are there without."""

    model_config = STRICT

    enabled: bool = True
    prefix: str = Field(default=Rules().prefix, min_length=1, max_length=5)

    @field_validator("prefix")
    @classmethod
    def _is_one_word(cls, prefix: str) -> str:
        if any(character.isspace() for character in prefix):
            raise ValueError("must not have a space in it; a sign is enough, such as !")
        return prefix


class HostsSettings(BaseModel):
    """Who may give orders in the chats (:class:`bot.hosts.Hosts`)."""

    model_config = STRICT

    accounts: tuple[Account, ...] = ()
    roles: tuple[Role, ...] = ()
    operators: bool = False


class TableSettings(BaseModel):
    """What every adapter's table may set beside its channels. ``beside_relay`` is for one whose
    channels another bot announces in and takes votes in already."""

    model_config = STRICT

    beside_relay: bool = False


class Tables(BaseSettings):
    """The file's top level. The adapters' tables stand beside it, since their shape is the
    adapters' own business."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    language: str = LANGUAGE
    picker: PickerSettings
    store: StoreSettings = StoreSettings()
    log: LogSettings = LogSettings()
    announce: AnnounceSettings = AnnounceSettings()
    votes: VotesSettings = VotesSettings()
    commands: CommandsSettings = CommandsSettings()
    hosts: HostsSettings = HostsSettings()
    messages: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What has been read and laid over each other already, and nothing else."""
        return (init_settings,)
