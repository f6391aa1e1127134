"""A table as Markdown, and small arithmetic on samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median, quantiles


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def middle_and_tail(samples: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    return median(samples), quantiles(samples, n=100)[98]


def resident_mib(pid: int | str = "self") -> float:
    """Resident memory of a process, from Linux' proc file system."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        kib = next(line.split()[1] for line in status if line.startswith("VmRSS"))
    return int(kib) / 1024


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, in hundredths of a second as the kernel counts."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
