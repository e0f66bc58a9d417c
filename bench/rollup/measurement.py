"""The cost of a case: its time, the CPU time of all its processes, and the memory of the measured ones."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Figures:
    """One measured case. peak_mb is that of the largest process; cpu_s is that of clients and PostgreSQL together."""

    case: str
    size: int
    seconds: float
    per_second: float
    peak_mb: float
    cpu_s: float


@dataclass
class Peak:
    """The most memory that any of the processes held; of PostgreSQL's, without the buffers that they share."""

    kilobytes: int = 0
    processes: set[int] = field(default_factory=set)

    def sample(self) -> None:
        for process in list(self.processes):
            with suppress(OSError):
                status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
                rows = dict(line.split(":", 1) for line in status.splitlines())
                held = rows.get("RssAnon" if "postgres" in rows["Name"] else "VmHWM", "0")
                self.kilobytes = max(self.kilobytes, int(held.split()[0]))

    @property
    def megabytes(self) -> float:
        return self.kilobytes / 1024


@contextmanager
def watched(peak: Peak) -> Iterator[None]:
    """Measures the peak of memory while the block runs."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_SAMPLE_SECONDS):
            peak.sample()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        peak.sample()
        done.set()
        thread.join()


class Stopwatch:
    """Seconds and CPU seconds from `start` to `stop`."""

    def __init__(self, cpu_seconds: Callable[[], float]) -> None:
        self._cpu_seconds = cpu_seconds
        self.seconds = 0.0
        self.cpu_s = 0.0

    def start(self) -> None:
        self.cpu_s = -self._cpu_seconds()
        self.seconds = -time.perf_counter()

    def stop(self) -> None:
        self.seconds += time.perf_counter()
        self.cpu_s += self._cpu_seconds()

    def figures(self, case: str, size: int, peak: Peak, subscriptions: int | None = None) -> Figures:
        done = size if subscriptions is None else subscriptions
        return Figures(case, size, self.seconds, done / self.seconds, peak.megabytes, self.cpu_s)
