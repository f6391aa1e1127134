"""Shared by all tests. ``tests/fakes`` is importable as plain modules (no packages below tests)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "fakes"))
