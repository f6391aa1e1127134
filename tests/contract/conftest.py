"""Feeds the contract suite from the registry: each clause on each rig that can have it."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from rig import Rig

import adapters

RIGS = Path(__file__).parent / "rigs"


@cache
def rigs_of(kind: str) -> tuple[type[Rig], ...]:
    """The rigs of ``kind``, loaded by path so that no rig shadows the library it drives."""
    path = RIGS / f"{kind}.py"
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


def all_rigs() -> tuple[type[Rig], ...]:
    return tuple(rig for kind in adapters.available() for rig in rigs_of(kind))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "clause(clause): the clause of the contract that is tested")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("clause")
    if marker is None:
        return
    (clause,) = marker.args
    rigs = [parameter(rig) for rig in all_rigs() if clause not in rig.cannot]
    metafunc.parametrize("rig", rigs, indirect=True)


def parameter(rig: type[Rig]):  # type: ignore[no-untyped-def]
    """The rig as a parameter; what this machine lacks is left out loudly, and fails in CI."""
    marks = [pytest.mark.long] if rig.long else []
    missing = rig.missing()
    if missing is not None and not os.environ.get("CI"):
        marks.append(pytest.mark.skip(reason=f"{rig.name} is left out: {missing}"))
    return pytest.param(rig, id=rig.name, marks=marks)


@pytest.fixture
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    missing = request.param.missing()
    assert missing is None, missing
    rig: Rig = request.param(tmp_path)
    try:
        await rig.open()
        yield rig
    finally:
        await rig.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The clauses that networks cannot have, and what was left out for want of a daemon."""
    for line in left_out():
        terminalreporter.write_line(line, yellow=True)
    terminalreporter.write_sep("-", "clauses of the contract that a network cannot have")
    for rig in all_rigs():
        for clause, reason in rig.cannot.items():
            terminalreporter.write_line(f"{rig.name:16} {clause.name:14} {reason}")


def left_out() -> Iterator[str]:
    for rig in all_rigs():
        missing = rig.missing()
        if missing is not None:
            yield f"LEFT OUT: the contract on {rig.name}: {missing}"


@pytest.fixture
def rigs() -> dict[str, tuple[type[Rig], ...]]:
    """All rigs by kind, for tests of the suite itself."""
    return {kind: rigs_of(kind) for kind in adapters.available()}
