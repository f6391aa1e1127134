"""The settings that every Nightcrier has, whatever its chats."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

LANGUAGE = "en"
STRICT = ConfigDict(extra="forbid", frozen=True)


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
    as often as the Picker lets them, which is once a second."""

    model_config = STRICT

    limit: Literal["once", "unlimited"] = "once"


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
