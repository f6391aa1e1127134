"""What a host may set in an IRC connection's table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from bot.port import ChannelName

NICK = r"^[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*$"
MECHANISMS = {"plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "external": "EXTERNAL"}
CONTROL = re.compile(r"[\0-\x1f\x7f]")

ONE_WORD = "one word, without spaces"
ONE_LINE = "one line, without control characters"

Word = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f\x7f]+$", description=ONE_WORD)]
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$", description=ONE_LINE)]


def _one_line(secret: SecretStr) -> SecretStr:
    if CONTROL.search(secret.get_secret_value()):
        raise ValueError("must not contain line breaks or other control characters")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_one_line)]


def lacking(info: ValidationInfo, *keys: str) -> bool:
    """Whether none of these settings is there. One that is wrong counts as there."""
    return not any(info.data.get(key, "wrong") for key in keys)


class Settings(BaseModel):
    """``[adapters.<name>]`` with ``kind = "irc"``. A secret may also be given as ``<key>_file``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Annotated[
        Word, Field(description="the server's name or address", examples=["irc.libera.chat"])
    ]
    port: Annotated[int, Field(ge=1, le=65535)] = 6697
    tls: bool = True
    tls_fingerprint: str | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    nick: Annotated[
        str,
        Field(
            pattern=NICK,
            max_length=30,
            description="at most 30 letters, digits and [ ] \\ ` _ ^ { | } -, "
            "not beginning with a digit or -",
        ),
    ] = "nightcrier"
    username: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9._-]+$",
            max_length=10,
            description="at most 10 letters, digits and . _ -",
        ),
    ] = "nightcrier"
    realname: Text = "Nightcrier, announcer of game nights"
    owner: Text | None = Field(default=None, description=ONE_LINE)

    password: Secret | None = None
    account_password: Secret | None = None
    account: Word | None = Field(default=None, description=ONE_WORD)
    sasl: Literal["auto", "plain", "scram-sha-256", "external", "off"] = "auto"
    nickserv: Annotated[
        str, Field(pattern=r"^[^\s\x00-\x1f\x7f:,]*$", description="a nick, or NICK@SERVER")
    ] = "NickServ"
    keys: dict[ChannelName, Secret] = Field(default_factory=dict)

    formatting: bool = True
    burst: Annotated[int, Field(ge=1, le=100)] = 4
    pace: Annotated[float, Field(ge=0, le=60)] = 1.5

    @field_validator("tls_fingerprint")
    @classmethod
    def _fingerprint(cls, value: str | None) -> str | None:
        bare = None if value is None else value.replace(":", "").lower()
        if bare is not None and not re.fullmatch(r"[0-9a-f]{64}", bare):
            raise ValueError("must be a SHA-256 fingerprint: 64 hexadecimal digits")
        return bare

    @field_validator("ca_file", "cert_file", "key_file")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("there is no such file")
        return value

    # What several settings must agree on is looked at with the last of them, and only where the
    # others are good: a rule about the whole model would not be, as soon as one of them is wrong.

    @field_validator("tls_fingerprint", "ca_file", "cert_file")
    @classmethod
    def _of_use(cls, value: object, info: ValidationInfo) -> object:
        if value is not None and info.data.get("tls") is False:
            raise ValueError("is of no use with tls = false")
        return value

    @field_validator("key_file")
    @classmethod
    def _has_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value and lacking(info, "cert_file"):
            raise ValueError("needs cert_file, the certificate that it is the key of")
        return value

    @field_validator("account")
    @classmethod
    def _has_proof(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and lacking(info, "account_password", "cert_file"):
            raise ValueError("needs account_password (or cert_file)")
        return value

    @field_validator("sasl")
    @classmethod
    def _possible(cls, value: str, info: ValidationInfo) -> str:
        if value in ("plain", "scram-sha-256") and lacking(info, "account_password"):
            raise ValueError("needs account_password")
        if value == "external" and lacking(info, "cert_file"):
            raise ValueError("needs cert_file")
        return value

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """SASL mechanisms that these settings allow, best first."""
        if self.sasl == "off":
            return ()
        if self.sasl != "auto":
            return (MECHANISMS[self.sasl],)
        by_certificate = ("EXTERNAL",) if self.cert_file else ()
        return by_certificate + (("SCRAM-SHA-256", "PLAIN") if self.account_password else ())

    @property
    def described(self) -> str:
        """The realname with its owner, as WHOIS shows it."""
        return f"{self.realname} (run by {self.owner})" if self.owner else self.realname
