"""Apprise: the hundred-odd services that it reaches, one address for each channel.

Apprise answers a notification with true or false, blocks while it is under way, and says in
its log alone why it failed. So each send has a thread of its own, and what the library logs in
that thread is read for the verdict and shown to nobody, since it may hold the address.
"""

from __future__ import annotations

import asyncio
import html
import logging
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from http import HTTPStatus
from typing import Annotated, TypeVar

from apprise import Apprise as Library
from apprise import AppriseAsset, NotifyBase, NotifyFormat
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from urllib3 import disable_warnings
from urllib3.exceptions import InsecureRequestWarning

from bot.domain import Limits, Message, Pace, Proof, Receipt, Span, Style
from bot.port import (
    Adapter,
    Addressed,
    AddressedChannel,
    Ambiguous,
    Hear,
    Memory,
    Permanent,
    SendError,
    Transient,
    ident_of,
)

T = TypeVar("T")

WITHIN = 45.0
"""Seconds for a send, whatever the service waits for."""
ANSWER_WITHIN = 20.0
"""Seconds for each answer, unless the address has its own (``rto``). Apprise's usual 4 s would put
each message of a slow service in doubt, and so say it twice."""
TO_END = 0.5
"""Seconds that the end of ``run`` waits for threads whose request is still under way."""

CONTROLS = dict.fromkeys([*range(0x00, 0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0)])
MENTION = re.compile(r"@(?=\w)|<(?=[!@#&])")
MARKUP = re.compile(r"([\\*_~`\[\]<>|]|^#|^[+-](?=\s))", re.MULTILINE)
ZERO_WIDTH = "\u200b"

HTML = {Style.BOLD: ("<b>", "</b>"), Style.CODE: ("<code>", "</code>")}

STATUS = re.compile(r"\berror=(\d{3})\b")
NOT_REACHED = re.compile(
    r"NewConnectionError|ConnectTimeoutError|NameResolutionError|Connection refused|SSLError"
    r"|\[Errno (-[235]|101|111|113)\]"  # no such name (now), no network, no listener, no route
)
NOT_VALID = re.compile(r"CERTIFICATE_VERIFY_FAILED|CertificateError")
SEVERAL = re.compile(r"[\s,]+[\w+-]+://")
NOT_NOW = frozenset({408, 425, 429, 503})


# --- settings -----------------------------------------------------------------------------


def service_of(url: SecretStr) -> NotifyBase:
    """The service at an address of Apprise's form. Raises ValueError, without the address.

    A redirect is refused, since it would carry the address's secrets elsewhere.
    """
    listen()
    if SEVERAL.search(url.get_secret_value().strip()):
        raise ValueError("must be one address; each further one needs a channel of its own")
    asset = AppriseAsset(app_id="Nightcrier", app_desc="Nightcrier", http_redirects=False)
    service = Library.instantiate(url.get_secret_value(), asset=asset)
    if service is None:
        raise ValueError(unknown(url.get_secret_value().strip()))
    if service.socket_read_timeout == NotifyBase.socket_read_timeout:
        service.socket_read_timeout = ANSWER_WITHIN
    return service


def unknown(url: str) -> str:
    """Why there is no service at an address, without the address."""
    scheme = url.partition("://")[0].lower()
    for service in Library().details(show_disabled=True)["schemas"]:
        if scheme not in [*(service["protocols"] or ()), *(service["secure_protocols"] or ())]:
            continue
        name, page = service["service_name"], service["setup_url"]
        if not service["enabled"]:
            return f"needs libraries for {name} that are not installed here; {page} names them"
        return f"is no whole address of {name}; {page} has its form"
    return "is no address that Apprise knows; https://appriseit.com/services/ lists them"


def _is_known(url: SecretStr) -> SecretStr:
    service_of(url)
    return url


class Channel(AddressedChannel):
    """``[adapters.<name>.channels.<channel>]``: one service's address."""

    url: Annotated[SecretStr, AfterValidator(_is_known)] = Field(
        description="an address of Apprise's form, as its documentation lists them"
    )


class Settings(BaseModel):
    """The addresses. Their messages are cut by the shortest limit among them; a service with
    short messages has a table of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: Addressed[Channel]


# --- the adapter --------------------------------------------------------------------------


class Apprise:
    """One service for each channel, and at most one thread for each service."""

    def __init__(self, settings: Settings, within: float = WITHIN) -> None:
        self._services = {
            name: service_of(channel.url) for name, channel in settings.channels.items()
        }
        self._formats = {
            name: service.resolve_format(None) for name, service in self._services.items()
        }
        services = self._services.values()
        self.limits = Limits(
            length=min(service.body_maxlen for service in services),
            multiline=not any(service.body_max_line_count for service in services),
            pace=Pace(burst=3, every=1.0),
        )
        self._within = within
        self._calls: dict[str, Future[None]] = {}
        self._running = False

    def measure(self, message: Message) -> int:
        return max(len(render(message, form)) for form in set(self._formats.values()))

    async def run(self) -> None:
        """Nothing to stay connected to. Ends with the threads that are still under way."""
        self._running = True
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._running = False
            calls = [asyncio.wrap_future(call) for call in self._calls.values() if not call.done()]
            with suppress(TimeoutError):
                async with asyncio.timeout(TO_END):
                    await asyncio.gather(*calls, return_exceptions=True)

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        await self.verify(channel)
        form = self._formats[channel]
        notify = partial(say, self._services[channel], render(message, form), form)
        call = self._calls[channel] = in_thread(notify)
        try:
            async with asyncio.timeout(self._within):
                await asyncio.wrap_future(call)
        except TimeoutError:
            raise Ambiguous(f"no answer within {self._within:.0f} s") from None
        return Receipt(Proof.CONFIRMED)

    async def verify(self, channel: str) -> None:
        """Whether a send can begin; Apprise can tell nothing more without one."""
        if not self._running:
            raise Transient("Apprise is not running")
        if channel in self._calls and not self._calls[channel].done():
            raise Transient("the message before is still under way")

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        raise Permanent("nothing is heard through Apprise, so there is nothing to answer")


def in_thread(work: Callable[[], T]) -> Future[T]:
    """The result of ``work``, done in a thread that ends with it. Apprise's own pool, and the
    loop's, keep their threads; and one that hangs must not keep the process."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001  whoever waits for the result gets it
            future.set_exception(error)

    threading.Thread(target=run, name="apprise", daemon=True).start()
    return future


def say(service: NotifyBase, body: str, form: NotifyFormat) -> None:
    """Send ``body`` and wait for the answer. Raises as a send does."""
    heard: list[str] = []
    _heard.set(heard)
    try:
        delivered = service.notify(body=body, title="", body_format=form)
    except Exception as error:  # noqa: BLE001  a plug-in may raise anything, with the address in it
        raise Ambiguous(f"Apprise failed with {type(error).__name__}") from None
    if not delivered:
        raise verdict(heard, several=len(service) > 1)


# --- why it failed ------------------------------------------------------------------------

_heard: ContextVar[list[str] | None] = ContextVar("apprise_heard", default=None)


class Listener(logging.Filter):
    """Collects what is logged in the context of a call, and lets nothing through."""

    def filter(self, record: logging.LogRecord) -> bool:
        heard = _heard.get()
        if heard is not None:
            heard.append(record.getMessage())
        return False


LISTENER = Listener()


def listen() -> None:
    """From here on Apprise's log, which may hold addresses, goes to nobody but us, and the HTTP
    library below it no longer logs paths, which it does at DEBUG, nor warns of a host whose
    certificate it was told not to verify."""
    library = logging.getLogger("apprise")
    library.addFilter(LISTENER)
    library.setLevel(logging.DEBUG)
    below = logging.getLogger("urllib3")
    below.setLevel(max(below.level, logging.INFO))
    disable_warnings(InsecureRequestWarning)


def verdict(heard: Sequence[str], *, several: bool = False) -> SendError:
    """The port's error for a failure, from what was logged before it. Where an address has
    ``several`` recipients, the failure may be that of one among them."""
    text = "\n".join(heard)
    statuses = STATUS.findall(text)
    error: SendError | None = None
    if statuses:
        error = answered(int(statuses[-1]))
    elif NOT_REACHED.search(text):
        what = ": its certificate is not valid" if NOT_VALID.search(text) else ""
        error = Transient(f"the service cannot be reached{what}")
    if several and isinstance(error, Transient):
        return Ambiguous(f"for one of its recipients at least {error}")
    if error is not None:
        return error
    return Ambiguous("Apprise could not deliver it, or does not know whether it did")


def answered(status: int) -> SendError:
    """The port's error for an HTTP status; nearly all of Apprise's services log theirs."""
    said = f"the service answers {status}"
    with suppress(ValueError):
        said = f"{said} {HTTPStatus(status).phrase}"
    if status in NOT_NOW:
        return Transient(said)
    return Ambiguous(said) if status >= 500 else Permanent(said)


# --- text ---------------------------------------------------------------------------------


def render(message: Message, form: NotifyFormat) -> str:
    """The message as the service takes it. Mentions are broken by a blank without width, as no
    two services escape them alike."""
    return "".join(_span(span, form) for span in message.spans)


def _span(span: Span, form: NotifyFormat) -> str:
    text = span.text.translate(CONTROLS)
    if form is NotifyFormat.TEXT:
        return broken(text)
    if form is NotifyFormat.HTML:
        before, after = HTML.get(span.style, ("", ""))
        return before + html.escape(broken(text)).replace("\n", "<br/>") + after
    if span.style is Style.CODE and "`" not in text:
        return f"`{broken(text)}`"
    mark = "**" if span.style is Style.BOLD and text.strip() == text else ""
    return mark + MARKUP.sub(r"\\\1", broken(text)) + mark


def broken(text: str) -> str:
    return MENTION.sub(rf"\g<0>{ZERO_WIDTH}", text)


# --- the kind -----------------------------------------------------------------------------


def build(
    settings: Settings, *, name: str, channels: tuple[str, ...], hear: Hear, memory: Memory
) -> Adapter:
    """The adapter of one table, with the services of its channels."""
    return Apprise(settings)


def fold(channel: str) -> str:
    """A channel is a name of the host's own."""
    return channel


def ident(settings: Settings) -> str:
    """Which services these are, without their addresses."""
    return ident_of(settings.channels)
