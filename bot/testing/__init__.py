"""The adapters' contract as a pytest plug-in, for adapters of this repository and of any other.

In the ``conftest.py`` at the top of your project::

    pytest_plugins = ["bot.testing"]

and in a test module::

    from bot.testing import Rig
    from bot.testing.contract import *

    class MyRig(Rig): ...           # see bot/testing/rig.py

    RIGS = (MyRig,)

Each clause of the contract then runs on each rig that does not name it in ``cannot``.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.testing.rig import Clause, MemoryInMemory, Rig, Seen, limit, message, ready, running, until

__all__ = ["Clause", "MemoryInMemory", "Rig", "Seen", "message", "ready", "running", "until"]

_RIGS = pytest.StashKey[dict[str, type[Rig]]]()
_TOLD = pytest.StashKey[tuple[list[str], list[str]]]()
"""What the workers of pytest-xdist tell."""


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RIGS] = {}
    config.addinivalue_line("markers", "clause(clause): the clause of the contract that is tested")
    config.addinivalue_line("markers", "long: minutes, not seconds")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("clause")
    if marker is None:
        return
    (clause,) = marker.args
    rigs: tuple[type[Rig], ...] = getattr(metafunc.module, "RIGS", ())
    assert rigs, f"{metafunc.module.__name__} takes the contract in and names no RIGS"
    metafunc.config.stash[_RIGS] |= {rig.name: rig for rig in rigs}
    able = [pytest.param(rig, id=rig.name, marks=_marks(rig)) for rig in rigs if _can(rig, clause)]
    metafunc.parametrize("rig", able or [_unable(rigs[0], clause)], indirect=True)


def _unable(rig: type[Rig], clause: Clause) -> pytest.ParameterSet:
    """Instead of an empty set: that this cannot be had, and why."""
    return pytest.param(rig, id=rig.name, marks=pytest.mark.skip(reason=rig.cannot[clause]))


def _can(rig: type[Rig], clause: Clause) -> bool:
    """Whether the network can have the clause; where it cannot, the rig says why."""
    reason = rig.cannot.get(clause)
    assert reason is None or len(reason.split()) >= 4, f"{rig.name}, {clause.name}: {reason!r}"
    return reason is None


def _marks(rig: type[Rig]) -> list[pytest.MarkDecorator]:
    """What this machine lacks is left out loudly, and fails in CI."""
    marks = [pytest.mark.long] if rig.long else []
    missing = rig.missing()
    if missing is not None and not os.environ.get("CI"):
        marks.append(pytest.mark.skip(reason=f"{rig.name} is left out: {missing}"))
    return marks


@pytest_asyncio.fixture
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """A far side, up, for one test."""
    missing = request.param.missing()
    assert missing is None, missing
    rig: Rig = request.param(tmp_path)
    try:
        async with limit(f"{rig.name} hangs in its open()", rig):
            await rig.open()
        yield rig
    finally:
        async with limit(f"{rig.name} hangs in its close()", rig):
            await rig.close()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist tells the one who reports what it has to say."""
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["contract"] = _left_out(session.config), _cannot(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """All workers have collected the same, so the last one's word is as good as any."""
    node.config.stash[_TOLD] = getattr(node, "workeroutput", {}).get("contract", ([], []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The clauses that networks cannot have, and what was left out for want of a daemon."""
    config = terminalreporter.config
    left_out, cannot = config.stash.get(_TOLD, None) or (_left_out(config), _cannot(config))
    for line in left_out:
        terminalreporter.write_line(line, yellow=True)
    if cannot:
        terminalreporter.write_sep("-", "clauses of the contract that a network cannot have")
    for line in cannot:
        terminalreporter.write_line(line)


def _left_out(config: pytest.Config) -> list[str]:
    found = [(rig.name, rig.missing()) for rig in config.stash[_RIGS].values()]
    return [f"LEFT OUT: the contract on {name}: {why}" for name, why in found if why is not None]


def _cannot(config: pytest.Config) -> list[str]:
    return [
        f"{rig.name:16} {clause.name:14} {reason}"
        for rig in config.stash[_RIGS].values()
        for clause, reason in rig.cannot.items()
    ]
