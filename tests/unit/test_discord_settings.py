"""A host's mistakes in ``[adapters.discord]`` are told in words, without any secret."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from adapters import discord as kind
from adapters.discord.settings import application_id, webhook_parts
from bot.domain import Kind

TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAwMQ.Gabcde.secret_0123456789"
HOOK = "https://discord.com/api/webhooks/123456789012345678/web-hook_secret"
CHANNEL = "123456789012345678"


def sentence(**table) -> str:
    with pytest.raises(ValidationError) as caught:
        kind.Settings(**table)
    (error,) = caught.value.errors()
    assert error["type"] == "value_error"
    told = str(error["ctx"]["error"])
    assert "secret" not in told
    return told


@pytest.mark.parametrize(
    ("token", "wrong"),
    [
        ("", "must not be empty"),
        ("  ", "must not be empty"),
        (f"Bot {TOKEN}", "must be the token alone, without the word before it"),
        (f'"{TOKEN}"', "must be the token alone, without quotes inside the quotes"),
        (f"{TOKEN} \n", "must have no blanks in it"),
    ],
)
def test_a_token_that_cannot_be_one(token, wrong):
    """Empty, with a prefix, with quotes or with blanks: each is told, and where to copy it."""
    assert sentence(token=token).startswith(wrong + "; copy it from the Bot page")


def test_a_token_or_a_webhook():
    """Exactly one of the two ways in is needed: none is told as missing, both as too many."""
    assert sentence().startswith("is missing, and so is token; give token, or webhook_url")
    both = sentence(token=TOKEN, webhook_url=HOOK)
    assert both == "give either token or webhook_url, and not both"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://example.org/api/webhooks/1/secret", "must begin with https://discord.com/api"),
        ("http://discord.com/api/webhooks/1/secret", "must begin with https://discord.com/api"),
        ("https://discord.com/channels/1/2", "must be the whole address"),
        ("secret", "must begin with"),
    ],
)
def test_a_webhook_elsewhere(url, told):
    """A webhook's address is Discord's, whole, and never shown."""
    assert told in sentence(webhook_url=url)


def test_a_webhook_starts_no_thread():
    """A webhook with thread is refused, since it could not do it."""
    assert "needs a bot's token" in sentence(webhook_url=HOOK, thread="night")


@pytest.mark.parametrize("url", [HOOK, HOOK.replace("discord.com", "discordapp.com") + "/"])
def test_a_webhooks_parts(url):
    """Id and token are taken from an old address as from a new one."""
    parts = webhook_parts(kind.Settings(webhook_url=url))
    assert parts == ("123456789012345678", "web-hook_secret")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://chat.example/api", "ends with the version"),
        ("chat.example/api/v10", "ends with the version"),
        ("http://chat.example/api/v10", "must be https"),
        ("ftp://127.0.0.1/api/v10", "must be https"),
    ],
)
def test_another_server(url, told):
    """Another server's address has its version, and https unless it is this machine."""
    assert told in sentence(token=TOKEN, api_url=url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/api/v10/", "http://localhost/api/v10", "http://[::1]/api/v10"]
)
def test_loopback_may_be_plain(url):
    """On this machine itself plain http will do."""
    assert kind.Settings(token=TOKEN, api_url=url).api_url == url.rstrip("/")


def test_roles_are_ids():
    """A role is a number, as number, text or list; a name is refused."""
    told = {"session_started": 123456789012345678, "game_added": ["223456789012345678"]}
    assert kind.Settings(token=TOKEN, mention_roles=told).mention_roles == {
        Kind.SESSION_STARTED: (123456789012345678,),
        Kind.GAME_ADDED: (223456789012345678,),
    }
    assert "a role is its id" in sentence(token=TOKEN, mention_roles={"stats": "Players"})
    assert "no line start; there are" in sentence(token=TOKEN, mention_roles={"start": CHANNEL})


@pytest.mark.parametrize("thread", ["week", {CHANNEL: "week"}, 3])
def test_threads_are_for_nights(thread):
    """Only one word is known, for the table or for single channels."""
    assert sentence(token=TOKEN, thread=thread).startswith('must be "night", or a table')
    assert kind.Settings(token=TOKEN, thread={CHANNEL: "night"}).thread == {CHANNEL: "night"}


@pytest.mark.parametrize(
    ("channels", "table", "told"),
    [
        (("general",), {"token": TOKEN}, "general: must be the channel's id"),
        (("12",), {"token": TOKEN}, "12: must be the channel's id"),
        (("a", "b"), {"webhook_url": HOOK}, "b: a webhook has one channel"),
    ],
)
def test_channels_that_cannot_be(channels, table, told):
    """A channel's name in place of its id, and a second one for a webhook, build nothing."""
    settings = kind.Settings(**table)
    with pytest.raises(ValueError, match=told):
        kind.build(settings, name="d", channels=channels, hear=print, memory=None)


def test_folding():
    """An id is itself; what is clearly a name or an address is refused offline already."""
    assert kind.fold(CHANNEL) == CHANNEL
    with pytest.raises(ValueError, match="Copy Channel ID"):
        kind.fold("#general")


def test_a_connection_is_told_apart_without_its_secret():
    """The same token is the same connection, and its sign shows nothing of it."""
    one, same, other = (kind.Settings(token=t) for t in (TOKEN, TOKEN, TOKEN + "x"))
    assert kind.ident(one) == kind.ident(same) != kind.ident(other)
    assert kind.ident(one) not in TOKEN


def test_the_invitation():
    """It names the bot by the first part of its token, with the least permissions."""
    address = kind.invite(kind.Settings(token=TOKEN))
    query = parse_qs(urlsplit(address).query)
    assert query["client_id"] == ["1000000000000000001"]
    assert set(query["scope"][0].split()) == {"bot", "applications.commands"}
    assert int(query["permissions"][0]) == (
        (1 << 10) | (1 << 11) | (1 << 14) | (1 << 16) | (1 << 35) | (1 << 38)
    )


def test_the_invitation_of_one_that_reads():
    """Marks on voters' lines need one permission more."""
    address = kind.invite(kind.Settings(token=TOKEN, message_content=True))
    (permissions,) = parse_qs(urlsplit(address).query)["permissions"]
    assert int(permissions) & 1 << 6


def test_a_webhook_reads_nothing():
    """message_content is for a bot alone."""
    assert "a webhook hears nothing" in sentence(webhook_url=HOOK, message_content=True)


def test_no_invitation_without_an_id():
    """Neither a webhook nor a token of another form makes a link."""
    assert kind.invite(kind.Settings(webhook_url=HOOK)) is None
    assert kind.invite(kind.Settings(token="…")) is None
    assert application_id("bm90IGEgbnVtYmVy.x.y") is None
