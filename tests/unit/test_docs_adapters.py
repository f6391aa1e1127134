"""docs/adapters.md shows the example package as it is, and docs/webhook.md what is posted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.webhook import encode, judge, signed
from bot.domain import Kind, Message, Span

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "adapters.md").read_text("utf-8")
HOOKS = (ROOT / "docs" / "webhook.md").read_text("utf-8")
SHOWN = dict(re.findall(r"(?ms)^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", GUIDE))


def test_the_guide_shows_every_file() -> None:
    """Nothing that the package needs is missing from the page."""
    files = {path.name for path in (ROOT / "examples" / "textfile").iterdir() if path.is_file()}
    assert SHOWN.keys() == files - {"README.md"}


@pytest.mark.parametrize("name", SHOWN)
def test_the_guide_shows_files_as_they_are(name: str) -> None:
    """What a reader copies is what CI installs and runs."""
    assert SHOWN[name] == (ROOT / "examples" / "textfile" / name).read_text("utf-8")


def test_the_sample_is_what_is_posted() -> None:
    """The JSON on the page comes out of the adapter, as the kind that it names."""
    (sample,) = (json.loads(text) for text in re.findall(r"(?s)```json\n(.*?)```", HOOKS))
    message = Message((Span(sample["data"]["text"]),), kind=Kind.FINAL_VOTES)
    assert json.loads(encode(sample["data"]["channel"], message)) == sample


def test_the_table_of_answers_is_true() -> None:
    """The statuses that the page calls "tried again" are Transient."""
    (row,) = re.findall(r"(?m)^\| ([\d, ]+) \| tried again", HOOKS)
    for status in map(int, row.split(", ")):
        with pytest.raises(Exception, match=str(status)) as caught:
            judge(status, None, 0.0)
        assert type(caught.value).__name__ == "Transient"


def test_every_header_is_explained() -> None:
    """The page's table has the headers that are sent, by name."""
    headers = signed(SecretStr("whsec_" + "A" * 32), "msg_1", 0, b"{}")
    assert set(re.findall(r"`(webhook-[a-z]+)` \|", HOOKS)) == headers.keys() - {
        "Content-Type",
        "User-Agent",
    }
