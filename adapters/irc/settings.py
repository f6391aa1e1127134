"""What a host may set in an IRC connection's table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

NICK = r"^[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*$"
MECHANISMS = {"plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "external": "EXTERNAL"}
CONTROL = re.compile(r"[\0-\x1f\x7f]")

ONE_WORD = "one word, without spaces"
ONE_LINE = "one line, without control characters"

Word = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f\x7f]+$", description=ONE_WORD)]
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$", description=ONE_LINE)]


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
            description="letters, digits and [ ] \\ ` _ ^ { | } -, not beginning with a digit or -",
        ),
    ] = "nightcrier"
    username: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9._-]+$", max_length=10, description="letters, digits and . _ -"),
    ] = "nightcrier"
    realname: Text = "Nightcrier, announcer of game nights"
    owner: Text | None = Field(default=None, description=ONE_LINE)

    password: SecretStr | None = None
    account: Word | None = Field(default=None, description=ONE_WORD)
    account_password: SecretStr | None = None
    sasl: Literal["auto", "plain", "scram-sha-256", "external", "off"] = "auto"
    nickserv: Annotated[str, Field(pattern=r"^[^\s\x00-\x1f\x7f:,]*$")] = "NickServ"
    keys: dict[str, SecretStr] = Field(default_factory=dict)

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

    @field_validator("password", "account_password", "keys")
    @classmethod
    def _one_line(cls, value: SecretStr | dict[str, SecretStr] | None) -> object:
        secrets = value.values() if isinstance(value, dict) else [value] if value else []
        if any(CONTROL.search(secret.get_secret_value()) for secret in secrets):
            raise ValueError("must not contain line breaks or other control characters")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.account and not (self.account_password or self.cert_file):
            raise ValueError("account needs account_password (or cert_file)")
        if self.sasl in ("plain", "scram-sha-256") and not self.account_password:
            raise ValueError(f'sasl = "{self.sasl}" needs account_password')
        if self.sasl == "external" and not self.cert_file:
            raise ValueError('sasl = "external" needs cert_file')
        if not self.tls and (self.cert_file or self.ca_file or self.tls_fingerprint):
            raise ValueError("tls = false leaves no use for cert_file, ca_file, tls_fingerprint")
        return self

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
