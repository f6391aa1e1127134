"""The contract on every kind of chat in this repository; its clauses are in ``bot.testing``."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import adapters
from bot.testing import Clause, Rig, contract
from bot.testing.contract import *  # noqa: F403

FOLDER = Path(__file__).parent / "rigs"


def rigs_of(kind: str) -> tuple[type[Rig], ...]:
    """The rigs of ``kind``, loaded by path so that no rig shadows the library it drives."""
    path = FOLDER / f"{kind}.py"
    if not path.exists():
        return ()
    spec = spec_from_file_location(f"rig_{kind}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    rigs: tuple[type[Rig], ...] = module.RIGS
    return rigs


BY_KIND = {kind: rigs_of(kind) for kind in adapters.builtin()}
RIGS = tuple(rig for rigs in BY_KIND.values() for rig in rigs)


@pytest.mark.parametrize("kind", adapters.builtin())
def test_every_adapter_has_a_rig(kind):
    """An adapter without a rig fails the suite."""
    assert BY_KIND[kind], f"adapters/{kind} has no tests/contract/rigs/{kind}.py"
    assert all(rig.kind == kind for rig in BY_KIND[kind])


def test_every_clause_has_a_test():
    """A clause that neither a test nor an exception covers cannot exist."""
    tested = {
        mark.args[0]
        for name in contract.__all__
        for mark in getattr(contract, name).pytestmark
        if mark.name == "clause"
    }
    assert tested == set(Clause)
