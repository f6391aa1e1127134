"""Shared by all tests. ``tests/fakes`` is importable as plain modules (no packages below tests)."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent / "fakes"))

# A loaded machine is slow, not wrong; pytest-timeout guards against hanging.
settings.register_profile("nightcrier", deadline=None)
settings.load_profile("nightcrier")

pytest_plugins = ["bot.testing"]

# Moments and spans are numbers: JSON has no other, and no part of the bot makes one.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
