"""httpx, without its command line.

``import httpx`` imports that too if its extra is there, and rich and click, which are ours, are
the extra. It would bring Pygments, 3.7 MiB and some 50 ms of every start. None in the place of a
module is Python's own word for one that cannot be had, and httpx is ready for that.
"""

from __future__ import annotations

import sys

_COMMAND_LINE = "httpx._main"

if "httpx" not in sys.modules:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]

import httpx  # noqa: E402

if sys.modules.get(_COMMAND_LINE, httpx) is None:
    del sys.modules[_COMMAND_LINE]

__all__ = ["httpx"]
