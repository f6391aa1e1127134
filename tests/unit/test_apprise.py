"""Apprise: text as the services take it, verdicts, threads that end."""

from __future__ import annotations

import asyncio
import logging
import threading
import warnings

import pytest
from apprise import NotifyFormat
from fault_proxy import FaultProxy
from json_service import JsonService
from pydantic import SecretStr, ValidationError
from urllib3.exceptions import InsecureRequestWarning

from adapters.apprise import Apprise, Settings, listen, render, say, service_of, unknown, verdict
from bot.domain import Message, Span, Style
from bot.port import Ambiguous, Permanent, Transient
from bot.testing import message, running, until

LINE = Message(
    (
        Span("@everyone <@1> 5 < 6 & *x*\x07", Style.PLAIN),
        Span("Fibbage_4", Style.BOLD),
        Span("\n"),
        Span("AB*D", Style.CODE),
        Span(" # 1", Style.SPOILER),
    )
)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (NotifyFormat.TEXT, "@\u200beveryone <\u200b@\u200b1> 5 < 6 & *x*Fibbage_4\nAB*D # 1"),
        (
            NotifyFormat.HTML,
            "@\u200beveryone &lt;\u200b@\u200b1&gt; 5 &lt; 6 &amp; *x*"
            "<b>Fibbage_4</b><br/><code>AB*D</code> # 1",
        ),
        (
            NotifyFormat.MARKDOWN,
            "@\u200beveryone \\<\u200b@\u200b1\\> 5 \\< 6 & \\*x\\***Fibbage\\_4**\n`AB*D` # 1",
        ),
    ],
)
def test_text_in_each_format(form: NotifyFormat, text: str) -> None:
    """Styles become the service's markup, all else is escaped, mentions are broken."""
    assert render(LINE, form) == text


@pytest.mark.parametrize(
    ("text", "markdown"),
    [("a`b", "a\\`b"), (" x ", " x "), ("# x", "\\# x"), ("- x", "\\- x"), ("-2", "-2")],
)
def test_markdown_of_odd_texts(text: str, markdown: str) -> None:
    """What would break the markup is escaped where it stands, and only there."""
    style = Style.CODE if "`" in text else Style.BOLD if text == " x " else Style.PLAIN
    assert render(Message((Span(text, style),)), NotifyFormat.MARKDOWN) == markdown


@pytest.mark.parametrize(
    ("heard", "error"),
    [
        (["Failed to send Slack notification: Bad Request, error=400."], Permanent),
        (["Failed to send it: error=301."], Permanent),
        (["Failed to send it: Too Many Requests, error=429."], Transient),
        (["Failed to send it: error=429.", "Failed to send it: error=404."], Permanent),
        (["Failed to send it: error=503."], Transient),
        (["Failed to send it: error=502."], Ambiguous),
        (["Failed to send it: error=999."], Ambiguous),
        (["A Connection error occurred.", "Socket Exception: ... NewConnectionError("], Transient),
        (["A Connection error occurred.", "Socket Exception: ... Read timed out"], Ambiguous),
        (["Connection error", "Socket Exception: [Errno -2] Name or service not known"], Transient),
        (["Connection error", "Socket Exception: [Errno 113] No route to host"], Transient),
        (["Connection error", "Socket Exception: [Errno 104] Connection reset"], Ambiguous),
        (["A Connection error occurred."], Ambiguous),
        ([], Ambiguous),
    ],
)
def test_verdicts(heard: list[str], error: type[Exception]) -> None:
    """What Apprise logged before a failure tells which error of the port it is."""
    assert type(verdict(heard)) is error


def test_a_bad_certificate_is_told_as_such() -> None:
    """A host who must mend a certificate is not sent looking for a cable."""
    heard = [
        "Socket Exception: ... SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY"
        "_FAILED] certificate verify failed: self-signed certificate"
    ]
    assert str(verdict(heard)) == "the service cannot be reached: its certificate is not valid"


class Fan:
    """A service of two recipients, of which the second is not to be had."""

    def __len__(self) -> int:
        return 2

    def notify(self, **_: object) -> bool:
        logging.getLogger("apprise").warning("Failed to notify one: error=%d.", 429)
        return False


def test_one_of_several_recipients_failed() -> None:
    """It may have reached the others, so it is in doubt, and never repeated until it is stale."""
    listen()
    with pytest.raises(Ambiguous, match="one of its recipients at least the service answers 429"):
        say(Fan(), "x", NotifyFormat.TEXT)  # type: ignore[arg-type]


@pytest.mark.parametrize(("more", "seconds"), [("", 20.0), ("?rto=7", 7.0)])
def test_slow_services_have_time(more: str, seconds: float) -> None:
    """An answer that takes some seconds is waited for, as long as the address says."""
    assert service_of(SecretStr(f"json://localhost/{more}")).socket_read_timeout == seconds


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nosuch://hunter2", "no address that Apprise knows"),
        ("hunter2", "no address that Apprise knows"),
        ("slack://hunter2", "no whole address of Slack; https://"),
        ("json://", "no whole address of JSON; https://"),
    ],
)
def test_addresses_that_cannot_be(url: str, problem: str) -> None:
    """A host is told what the address lacks, and reads nothing of it."""
    with pytest.raises(ValueError, match=problem) as caught:
        service_of(SecretStr(url))
    assert "hunter2" not in str(caught.value)


def test_service_that_needs_more() -> None:
    """What Apprise can reach only with another library is told so."""
    assert unknown("mqtt://localhost/night") == (
        "needs libraries for MQTT Notification that are not installed here; "
        "https://appriseit.com/services/mqtt/ names them"
    )


@pytest.mark.parametrize("between", [" ", ", ", ","])
def test_several_addresses_in_one(between: str) -> None:
    """Two addresses in one text are refused, not sent to a mixture of both."""
    url = f"json://localhost/a{between}json://localhost/b"
    with pytest.raises(ValidationError, match="must be one address"):
        Settings(channels={"night": {"url": url}})


def test_shortest_limit_counts() -> None:
    """The limits are those that all services of the table can keep."""
    url = "discord://4174216298/jHMHKw6-0K1gJZFLlF-w"
    adapter = Apprise(Settings(channels={"a": {"url": "ntfy://x"}, "b": {"url": url}}))
    assert adapter.limits.length == 2_000
    assert adapter.limits.multiline


def test_a_host_is_not_named_in_a_warning() -> None:
    """Where the host wants a certificate left unverified, no warning tells the address's host."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        listen()
        warnings.warn(
            "request is made to host 'secret.example'", InsecureRequestWarning, stacklevel=1
        )
    assert warned == []


@pytest.fixture
async def service():
    service = JsonService("crier:hunter2")
    await service.start()
    yield service
    await service.stop()


def table(port: int) -> Settings:
    return Settings(channels={"night": {"url": f"json://crier:hunter2@127.0.0.1:{port}/night"}})


async def test_redirects_are_refused(service: JsonService) -> None:
    """A redirect is a refusal: it would carry the login to somebody else."""
    service.answers["night"] = 302
    async with running(Apprise(table(service.port)), "night") as adapter:
        with pytest.raises(Permanent, match="302"):
            await adapter.send("night", message("x"), key="k")


async def test_each_send_is_one_thread_that_ends(service: JsonService) -> None:
    """No thread outlives the request that it was made for."""
    before = set(threading.enumerate())
    async with running(Apprise(table(service.port)), "night") as adapter:
        for number in range(3):
            await adapter.send("night", message(f"{number}"), key=f"{number}")
        await until(lambda: before.issuperset(threading.enumerate()), "the threads to end")


async def test_slow_service_is_given_up_and_not_overtaken(service: JsonService) -> None:
    """A send that takes too long is Ambiguous; until its thread ends nothing follows it, and the
    end of run waits for that thread."""
    before = set(threading.enumerate())
    proxy = await FaultProxy(service.port).start()
    proxy.stall()
    adapter = Apprise(table(proxy.port), within=0.2)
    async with running(adapter, "night"):
        with pytest.raises(Ambiguous, match="no answer within"):
            await adapter.send("night", message("slow"), key="k")
        with pytest.raises(Transient, match="still under way"):
            await adapter.send("night", message("next"), key="l")
        asyncio.get_running_loop().call_soon(proxy.cut)
    await until(lambda: before.issuperset(threading.enumerate()), "the thread to end")
    await proxy.stop()


async def test_end_hardly_waits_for_a_slow_service(service: JsonService) -> None:
    """A request under way does not hold up the stop; its thread ends by itself."""
    before = set(threading.enumerate())
    proxy = await FaultProxy(service.port).start()
    proxy.stall()
    adapter = Apprise(table(proxy.port), within=0.1)
    running = asyncio.create_task(adapter.run())
    await asyncio.sleep(0)
    with pytest.raises(Ambiguous):
        await adapter.send("night", message("slow"), key="k")
    running.cancel()
    await asyncio.wait({running}, timeout=3)
    assert running.done()
    proxy.cut()
    await until(lambda: before.issuperset(threading.enumerate()), "the thread to end")
    await proxy.stop()
