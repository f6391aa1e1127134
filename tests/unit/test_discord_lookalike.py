"""The Discord look-alike refuses what Discord refuses, and reads as Discord's clients read."""

from __future__ import annotations

import aiohttp
import pytest
from discord_faults import Fault
from discord_peer import Peer
from discord_rules import refusal
from discord_shown import shown
from discord_world import Kind, Permission, World


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ({"content": "x" * 2_001}, "content"),
        ({"content": "x", "nonce": "n" * 26}, "nonce"),
        ({"content": "x", "embeds": [{"title": "x"}] * 11}, "embeds"),
        ({"content": "x", "embeds": [{"title": "x" * 257}]}, "embeds"),
        ({"content": "x", "embeds": [{"description": "x" * 4_097}]}, "embeds"),
        ({"content": "x", "embeds": [{"description": "x" * 4_000}] * 2}, "embeds"),
        ({"content": "x", "embeds": [{}]}, "embeds"),
        ({"content": "x", "embeds": [{"title": "x", "color": 1 << 24}]}, "embeds"),
        ({"content": "x", "embeds": [{"image": {"url": "c.png"}}]}, "embeds"),
        ({"content": "x", "embeds": [{"fields": [{"name": "x", "value": " "}]}]}, "embeds"),
        ({"content": "x", "components": [{"components": []}]}, "components"),
        ({"content": "x", "components": [{"components": [{"label": "x"}]}]}, "components"),
        ({"content": "x", "flags": 1}, "flags"),
        (
            {"content": "x", "allowed_mentions": {"parse": ["roles"], "roles": ["1"]}},
            "allowed_mentions",
        ),
    ],
)
def test_what_is_refused(form, place):
    """Each limit is refused as an invalid form that names the place."""
    body = refusal(form)
    assert body["code"] == 50035
    assert set(body["errors"]) == {place}


def test_an_empty_message():
    """Nothing but blanks is an empty message; a card alone is not; an edit may be partial."""
    assert refusal({"content": " \n "})["code"] == 50006
    assert refusal({"embeds": [{"title": "x"}]}) is None
    assert refusal({}, editing=True) is None


def test_the_longest_allowed():
    """2,000 code points pass, whatever their bytes."""
    assert refusal({"content": "🎲" * 2_000}) is None


@pytest.mark.parametrize(
    ("content", "effect"),
    [
        ("# big", "heading"),
        ("a\n- b", "list"),
        ("1. b", "list"),
        ("> b", "quote"),
        ("-# small", "subtext"),
        ("<@1>", "mention"),
        ("@everyone", "mention"),
        ("<#1>", "channel"),
        ("<:x:1>", "emoji"),
        ("<t:1:R>", "moment"),
        ("</votes:1>", "command"),
        ("see https://a.b", "link"),
        ("[a](https://b)", "link"),
        ("discord.gg/abc", "invite"),
    ],
)
def test_what_has_an_effect(content, effect):
    """The reading knows each thing that outside text must not become."""
    assert [name for name, _ in shown(content).effects] == [effect]


@pytest.mark.parametrize(
    ("content", "style", "text"),
    [
        ("**a**", "bold", "a"),
        ("*a*", "italic", "a"),
        ("_a_", "italic", "a"),
        ("__a__", "underline", "a"),
        ("~~a~~", "strike", "a"),
        ("||a||", "spoiler", "a"),
        ("`a*b*`", "code", "a*b*"),
        ("```py\na\n```", "code block", "a"),
        ("**a\\*b**", "bold", "a*b"),
    ],
)
def test_styles(content, style, text):
    """Each style is known, and what is escaped in it."""
    read = shown(content)
    assert (read.text, read.styles) == (text, [(style, text)])


def test_pings():
    """Without allowed mentions everything pings; with them only what they name."""
    world = World()
    channel = world.add_channel("x", Kind.TEXT)
    role = world.add_role("r", mentionable=True)
    text = f"@everyone <@&{role.id}> <@5>"
    assert world.pings(channel, text, None) == ["role r", "user 5"]
    channel.may.add(Permission.MENTION_EVERYONE)
    assert world.pings(channel, text, None) == ["@everyone", "role r", "user 5"]
    assert world.pings(channel, text, {"parse": []}) == []
    assert world.pings(channel, text, {"parse": [], "roles": [role.id]}) == ["role r"]


# --- people and faults ------------------------------------------------------------------------


@pytest.fixture
async def peer():
    async with Peer() as peer:
        yield peer


async def test_nobody_presses_what_is_not_there(peer):
    """A button that the message lacks cannot be pressed, unless the press is forged."""
    message = peer.world.store(peer.world.add_channel(), peer.world.bot, {"content": "x"})
    message.components = [{"type": 1, "components": [{"type": 2, "custom_id": "one"}]}]
    alice = peer.person("alice")
    with pytest.raises(LookupError, match="no button 'two'"):
        await peer.interactions.tap(message, "two", alice)
    await peer.interactions.tap(message, "two", alice, forged=True)
    await peer.interactions.tap(message, "one", alice)
    assert len(peer.interactions.all) == 2


async def test_a_command_lacks_what_it_needs(peer):
    """A client sends no command without its required options."""
    span = {"name": "span", "type": 3, "required": True}
    peer.world.commands = [{"id": "1", "name": "mute", "options": [span]}]
    channel, dana = peer.world.add_channel(), peer.person("dana")
    with pytest.raises(LookupError, match="/mute lacks its option span"):
        await peer.interactions.slash(channel, "mute", dana)
    await peer.interactions.slash(channel, "mute", dana, span="1h")


async def test_a_page_with_its_headers(peer):
    """What a proxy says in place of the API keeps the headers it comes with."""
    fault = Fault("GET .*/gateway", status=429, body="<html>", headers={"Retry-After": "65"})
    peer.weather.faults.append(fault)
    async with aiohttp.ClientSession() as session, session.get(f"{peer.api_url}/gateway") as page:
        assert (page.status, page.content_type) == (429, "text/html")
        assert page.headers["Retry-After"] == "65"
