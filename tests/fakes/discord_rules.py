"""What Discord refuses in a message, for the Discord look-alike: each rule with the page that
documents it (paths are those of the discord-api-docs repository, below ``developers/``).

Lengths count code points (a maintainer's answer in discord-api-docs issue 1315).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
Fault = tuple[str, str]
"""Where in the payload, and what is wrong there."""

LINK = 5
EPHEMERAL = 1 << 6
SUPPRESS_EMBEDS = 1 << 2
SUPPRESS_NOTIFICATIONS = 1 << 12


def refusal(payload: Json, *, editing: bool = False) -> Json | None:
    """The body of the 400 answer that ``payload`` deserves, or None if it is in order."""
    found = list(_faults(payload))
    if found:
        return form_error(found)
    if not editing and not _has_something(payload):
        # topics/opcodes-and-status-codes.mdx, JSON error codes
        return {"code": 50006, "message": "Cannot send an empty message"}
    return None


def form_error(faults: list[Fault]) -> Json:
    """reference.mdx, Error Messages: 50035 with a tree of the places that are wrong."""
    tree: Json = {}
    for place, message in faults:
        node = tree
        for step in place.split("."):
            node = node.setdefault(step, {})
        node.setdefault("_errors", []).append({"code": "INVALID", "message": message})
    return {"code": 50035, "message": "Invalid Form Body", "errors": tree}


def _has_something(payload: Json) -> bool:
    """resources/message.mdx, Create Message: at least one of content, embeds, sticker_ids,
    components, files or poll is required."""
    return any(
        (
            (payload.get("content") or "").strip(),
            payload.get("embeds"),
            payload.get("components"),
        )
    )


def _faults(payload: Json) -> Iterator[Fault]:
    # resources/message.mdx, Create Message: "Message contents (up to 2000 characters)"
    yield from _text(payload, "content", 2000, "content", required=False)
    # ibid.: nonce "up to 25 characters"
    if len(str(payload.get("nonce") or "")) > 25:
        yield "nonce", "Must be 25 or fewer in length."
    yield from _embeds(payload.get("embeds") or [])
    yield from _components(payload.get("components") or [])
    yield from _mentions(payload.get("allowed_mentions") or {})
    flags = payload.get("flags") or 0
    # ibid.: of the message flags only these may be set when a message is created
    if flags & ~(SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | EPHEMERAL):
        yield "flags", "Flag is not allowed."


def _text(holder: Json, key: str, longest: int, place: str, *, required: bool) -> Iterator[Fault]:
    value = holder.get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        if required:
            yield place, "This field is required"
    elif not isinstance(value, str):
        yield place, "Could not interpret value as string."
    elif len(value) > longest:
        yield place, f"Must be {longest} or fewer in length."


def _embeds(embeds: list[Json]) -> Iterator[Fault]:
    # resources/message.mdx, Create Message: "Up to 10 rich embeds"
    if len(embeds) > 10:
        yield "embeds", "Must be 10 or fewer in length."
    for number, embed in enumerate(embeds):
        yield from _embed(embed, f"embeds.{number}")
    # ibid., Embed Limits: the sum over title, description, field.name, field.value,
    # footer.text and author.name of all embeds of a message must not exceed 6000
    if sum(map(embed_size, embeds)) > 6000:
        yield "embeds", "Embed size exceeds maximum size of 6000"


def embed_size(embed: Json) -> int:
    """The characters of an embed that count (resources/message.mdx, Embed Limits); leading
    and trailing whitespace is trimmed first (ibid.)."""
    texts = [embed.get("title"), embed.get("description")]
    texts.append((embed.get("footer") or {}).get("text"))
    texts.append((embed.get("author") or {}).get("name"))
    for field in embed.get("fields") or []:
        texts += [field.get("name"), field.get("value")]
    return sum(len(text.strip()) for text in texts if text)


def _embed(embed: Json, place: str) -> Iterator[Fault]:
    # resources/message.mdx, Embed Limits
    yield from _text(embed, "title", 256, f"{place}.title", required=False)
    yield from _text(embed, "description", 4096, f"{place}.description", required=False)
    yield from _text(
        embed.get("footer") or {}, "text", 2048, f"{place}.footer.text", required=False
    )
    yield from _text(embed.get("author") or {}, "name", 256, f"{place}.author.name", required=False)
    fields = embed.get("fields") or []
    if len(fields) > 25:
        yield f"{place}.fields", "Must be 25 or fewer in length."
    for number, field in enumerate(fields):
        here = f"{place}.fields.{number}"
        yield from _text(field, "name", 256, f"{here}.name", required=True)
        yield from _text(field, "value", 1024, f"{here}.value", required=True)
    colour = embed.get("color")
    if colour is not None and not 0 <= colour <= 0xFFFFFF:
        yield f"{place}.color", "Value should be less than or equal to 16777215."
    # ibid., Embed Image Structure: only http(s) and attachments
    url = (embed.get("image") or {}).get("url")
    if url is not None and not url.startswith(("https://", "http://", "attachment://")):
        yield f"{place}.image.url", "Not a well formed URL."
    if not any(embed.get(key) for key in ("title", "description", "fields", "image", "footer")):
        yield f"{place}.description", "This field is required"


def _components(rows: list[Json]) -> Iterator[Fault]:
    # components/reference.mdx, Legacy Message Component Behavior: up to 5 action rows
    if len(rows) > 5:
        yield "components", "Must be between 1 and 5 in length."
    seen: set[str] = set()
    for number, row in enumerate(rows):
        place = f"components.{number}.components"
        buttons = row.get("components") or []
        # ibid., Action Row: up to 5 buttons
        if not 1 <= len(buttons) <= 5:
            yield place, "Must be between 1 and 5 in length."
        for index, button in enumerate(buttons):
            yield from _button(button, f"{place}.{index}", seen)


def _button(button: Json, place: str, seen: set[str]) -> Iterator[Fault]:
    # ibid., Button: label up to 80 characters; a label or an emoji is needed
    yield from _text(button, "label", 80, f"{place}.label", required=not button.get("emoji"))
    if button.get("style") == LINK:
        # ibid., Button Styles: a link has a url of up to 512 characters and no custom_id
        yield from _text(button, "url", 512, f"{place}.url", required=True)
        if button.get("custom_id"):
            yield f"{place}.custom_id", "A custom id and url cannot both be specified"
        return
    # components/reference.mdx, Custom ID: 1 to 100 characters, unique in the message
    custom_id = button.get("custom_id") or ""
    if not 1 <= len(custom_id) <= 100:
        yield f"{place}.custom_id", "Must be between 1 and 100 in length."
    if custom_id in seen:
        yield f"{place}.custom_id", "Component custom id cannot be duplicated"
    seen.add(custom_id)


def _mentions(allowed: Json) -> Iterator[Fault]:
    # resources/message.mdx, Allowed Mentions: a kind in `parse` excludes its own list
    for kind in ("roles", "users"):
        if kind in allowed.get("parse", []) and allowed.get(kind):
            yield "allowed_mentions", f"parse and {kind} are mutually exclusive"
        # ibid.: "Max size of 100"
        if len(allowed.get(kind) or []) > 100:
            yield f"allowed_mentions.{kind}", "Must be 100 or fewer in length."
