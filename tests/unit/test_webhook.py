"""Webhooks: what is posted, and what becomes of each answer."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from irc_daemons import certificate
from pydantic import SecretStr, ValidationError
from webhook_receiver import Answer, Receiver

from adapters.webhook import Settings, Webhook, encode, judge, signed
from bot.domain import Card, Field, Kind, Message, Span, Style
from bot.port import Ambiguous, Permanent, Transient
from bot.testing import message, running

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
NOW = 1_762_563_600.0


def test_signature_is_the_standards() -> None:
    """The example that the standard's documentation publishes comes out."""
    secret = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    headers = signed(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://example.org/hook", None),
        ("http://192.168.1.5:8080/hook", None),
        ("http://[::1]/hook", None),
        ("http://receiver:8080/hook", None),
        ("http://printer.local/hook", None),
        ("http://example.org/hook", "must be https"),
        ("http://8.8.8.8/hook", "must be https"),
        ("http://134744072/hook", "must be https"),  # 8.8.8.8 too
        ("http://0x08080808/hook", "must be https"),
        ("https://exa mple.org/hook", "must be a whole address"),
        ("https://example.org/hook\n", "must be a whole address"),
        ("example.org/hook", "must be a whole address"),
        ("https://example..org/hook", "must be a whole address"),
        ("https://münchen.example/hook", None),
        ("https://example.org:99999/hook", "must be a whole address"),
        ("https://crier:hunter2@example.org/hook", "no user and password"),
    ],
)
def test_addresses(url: str, problem: str | None) -> None:
    """An address is whole, and encrypted wherever it may be on the Internet."""
    table = {"channels": {"website": {"url": url, "secret": SECRET}}}
    if problem is None:
        assert Settings(**table)
    else:
        with pytest.raises(ValidationError, match=problem):
            Settings(**table)


def test_body_says_everything() -> None:
    """Kind, channel, text and card are all there, and no control character."""
    card = Card("Quiplash 3", (Field("Votes", "5👍 1👎"),), 0xFF, None, (("started", NOW),))
    spans = (Span("Quiplash\x07 3", Style.BOLD), Span(": +4\n👍"))
    body = json.loads(encode("website", Message(spans, card, kind=Kind.FINAL_VOTES)))
    assert body == {
        "type": "nightcrier.final_votes",
        "data": {
            "channel": "website",
            "text": "Quiplash 3: +4\n👍",
            "card": {
                "title": "Quiplash 3",
                "fields": [{"name": "Votes", "value": "5👍 1👎"}],
                "moments": [{"name": "started", "at": "2025-11-08T01:00:00+00:00"}],
                "image": None,
            },
        },
    }


def test_body_of_a_plain_line() -> None:
    """A line without kind and card, and a character that is none, are encoded too."""
    body = json.loads(encode("website", message("test \ud800")))
    assert body == {
        "type": "nightcrier.message",
        "data": {"channel": "website", "text": "test ?", "card": None},
    }


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, Permanent),
        (308, Permanent),
        (400, Permanent),
        (401, Permanent),
        (404, Permanent),
        (410, Permanent),
        (418, Permanent),
        (799, Ambiguous),
        (408, Transient),
        (425, Transient),
        (429, Transient),
        (503, Transient),
        (500, Ambiguous),
        (502, Ambiguous),
        (504, Ambiguous),
    ],
)
def test_answers(status: int, error: type[Exception]) -> None:
    """Each status that is no success is the error of the port that it means."""
    with pytest.raises(error, match=str(status)):
        judge(status, None, NOW)
    judge(204, None, NOW)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("Sat, 08 Nov 2025 01:02:00 GMT", 120.0),
        ("Sat, 08 Nov 2025 00:00:00 GMT", None),
        ("0", None),
        ("-5", None),
        ("9" * 400, 86_400.0),
        ("soon", None),
        (None, None),
    ],
)
def test_told_waits(value: str | None, seconds: float | None) -> None:
    """Retry-After is read in both of its forms; nonsense is no wait, and "at once" is none either,
    since the lane would then ask as fast as it can."""
    with pytest.raises(Transient) as caught:
        judge(503, value, NOW)
    assert caught.value.retry_after == seconds


@asynccontextmanager
async def posting(port: int, secret: str = SECRET):
    url = f"http://127.0.0.1:{port}/night"
    adapter = Webhook(Settings(channels={"night": {"url": url, "secret": secret}}))
    async with running(adapter, "night"):
        yield adapter


async def test_redirects_are_refused() -> None:
    """A redirect is not followed: it would carry the line to somebody else."""
    receiver = Receiver(SECRET)
    receiver.answers["night"] = [Answer(307, {"Location": "/elsewhere"})]
    await receiver.start()
    async with posting(receiver.port) as adapter:
        with pytest.raises(Permanent, match="redirects are not followed"):
            await adapter.send("night", message("here"), key="k")
    assert receiver.taken == {}
    await receiver.stop()


async def test_wrong_secret_is_refused() -> None:
    """A receiver that does not know the signature refuses that delivery, with its status."""
    receiver = Receiver(SECRET)
    await receiver.start()
    other = "whsec_" + "A" * 32
    async with posting(receiver.port, other) as adapter:
        with pytest.raises(Permanent, match="401"):
            await adapter.send("night", message("here"), key="k")
    await receiver.stop()


async def test_repeat_has_the_same_body_and_id() -> None:
    """A second attempt differs in its timestamp alone, so that receivers can drop it."""
    receiver = Receiver(SECRET)
    receiver.answers["night"] = [Answer(500, times=1)]
    await receiver.start()
    async with posting(receiver.port) as adapter:
        with pytest.raises(Ambiguous):
            await adapter.send("night", message("here"), key="k")
        first = await adapter.send("night", message("here"), key="k")
        again = await adapter.send("night", message("here"), key="k")
        assert first == again
        other = await adapter.send("night", message("here"), key="other")
        assert replace(other, remote_id=first.remote_id) == first
        assert other.remote_id != first.remote_id
    assert len(receiver.taken["night"]) == 2
    await receiver.stop()


async def test_verify_looks_and_says_nothing() -> None:
    """`check --online` sees that somebody answers, and nothing is posted."""
    receiver = Receiver(SECRET)
    await receiver.start()
    async with posting(receiver.port) as adapter:
        await adapter.verify("night")
        assert receiver.attempts == 0
        await receiver.stop()
        with pytest.raises(Transient, match="cannot be reached"):
            await adapter.verify("night")


async def test_untrusted_certificate_is_told(tmp_path: Path) -> None:
    """Nothing is posted to a server whose certificate nobody vouches for."""
    own = certificate(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    url = f"https://127.0.0.1:{port}/night"
    adapter = Webhook(Settings(channels={"night": {"url": url, "secret": SECRET}}))
    task = asyncio.create_task(adapter.run())
    await asyncio.sleep(0)
    with pytest.raises(Transient, match="certificate is not valid"):
        await adapter.send("night", message("here"), key="k")
    task.cancel()
    await asyncio.wait({task})
    server.close()
