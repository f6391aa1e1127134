"""The documents that can be read by a test are true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

import adapters
from bot import messages
from bot.cli import nightcrier
from bot.config.models import Tables
from bot.formatter import Wording, examples

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def test_the_readme_has_every_command() -> None:
    """Each command is in the README's table, and no other."""
    told = set(re.findall(r"^\| `nightcrier (\w+)", README, re.MULTILINE))
    assert told == set(nightcrier.commands)


def test_the_readme_has_every_setting() -> None:
    """Each key of the fixed tables is in the README."""
    for name, field in Tables.model_fields.items():
        model = field.annotation
        fields = model.model_fields if _is_model(model) else {}
        for key in [field.alias or key for key, field in fields.items()]:
            assert re.search(rf"`({name}\.)?{key}`", README), f"{name}.{key}"


@pytest.mark.parametrize("kind", adapters.available())
def test_the_readme_has_every_setting_of_an_adapter(kind: str) -> None:
    """Each key of an adapter's table is in the README, in the manner of a key."""
    keys = adapters.load(kind).Settings.model_fields
    assert [key for key in keys if f"`{key}`" not in README] == []


def test_toml_in_the_documents_is_toml() -> None:
    """Every TOML block can be read."""
    blocks = [
        block
        for document in DOCUMENTS
        for block in re.findall(r"```toml\n(.*?)```", document.read_text(encoding="utf-8"), re.S)
    ]
    assert blocks
    for block in blocks:
        tomllib.loads(block)


def test_the_excerpt_is_in_the_wording() -> None:
    """The night at the top of the README begins its lines as the English wording does."""
    wording = Wording(messages.load("en"))
    begins = {wording.render(example).text.split()[0] for example in examples()}
    excerpt = README.split("```")[1].strip().splitlines()
    assert {line.split()[0] for line in excerpt} - {"…"} <= begins


def test_the_readme_names_the_store_of_the_unit() -> None:
    """Commands beside the service look for the store where the unit keeps it."""
    unit = (ROOT / "nightcrier.service").read_text(encoding="utf-8")
    stores = re.findall(r"^Environment=NIGHTCRIER_STORE__PATH=(.+)$", unit, re.MULTILINE)
    assert [store for store in stores if f'path = "{store}"' in README] == stores != []


def test_links_between_the_documents_lead_somewhere() -> None:
    """A relative link names a file that is there."""
    for document in DOCUMENTS:
        for link in re.findall(r"\]\((?!http)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / link).exists(), f"{document.name}: {link}"


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
