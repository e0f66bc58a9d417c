"""Processes of the benchmark: each in a session of its own, pinned to cores, measured from /proc, and
always stopped.
"""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_STOP_SECONDS = 5.0


@contextmanager
def running(
    command: Sequence[str | Path], environment: Mapping[str, str], log: Path, cores: Sequence[int], folder: Path
) -> Iterator[int]:
    """Runs a server on these cores and gives its process id; ends it and all it started."""
    pinned = ["taskset", "--cpu-list", ",".join(map(str, cores)), *map(str, command)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned, env=dict(environment), cwd=folder, stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield process.pid
        finally:
            _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    for wish in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, wish)
        except ProcessLookupError:
            break
        try:
            process.wait(_STOP_SECONDS)
            break
        except subprocess.TimeoutExpired:
            continue
    # Workers that outlived the one that started them.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def descendants(process: int) -> list[int]:
    """The process and all below it that are alive."""
    found = [process]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, _read(task).split())
    return found


def cpu_seconds(process: int) -> float:
    """User and system time of a process, of those below it, and of those that ended and were waited for."""
    return sum(map(_ticks, descendants(process))) / TICKS_PER_SECOND


def _ticks(process: int) -> int:
    # proc_pid_stat(5): after the name in parentheses, fields 14 to 17 are utime, stime, cutime and cstime.
    _, _, after_name = _read(Path(f"/proc/{process}/stat")).rpartition(")")
    return sum(map(int, after_name.split()[11:15]))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def resident_megabytes(process: int) -> float:
    """The memory that a process and those below it hold, what they share counted for each."""
    status = "".join(_read(Path(f"/proc/{each}/status")) for each in descendants(process))
    return sum(map(int, re.findall(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE))) / 1024


def pin(process: int, cores: Sequence[int]) -> None:
    """Pins a process and its descendants, one thread each, to these cores; processes that they start later inherit
    this.
    """
    for each in descendants(process):
        try:
            os.sched_setaffinity(each, cores)
        except ProcessLookupError:
            continue


def wait_for_port(port: int, process: int, seconds: float) -> None:
    """Waits until something listens on the port. Raises TimeoutError, or ChildProcessError if the process ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if not _read(Path(f"/proc/{process}/stat")) or ") Z " in _read(Path(f"/proc/{process}/stat")):
            raise ChildProcessError(f"the server for port {port} ended while it started")
        time.sleep(0.1)  # until the port is open
    raise TimeoutError(f"nothing listens on port {port} after {seconds:.0f} s")
