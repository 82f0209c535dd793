"""What a process holds in memory, in megabytes, as Linux tells it: see proc_pid_status(5) and proc_pid_smaps(5)."""

import re
from pathlib import Path

KNOWN = Path("/proc/self/clear_refs").exists()


def now(pid: int) -> float:
    return _read(pid, "VmRSS")


def peak(pid: int) -> float:
    """Return the most it has held since its start, or since `forget_peak`."""
    return _read(pid, "VmHWM")


def share(pid: int) -> float:
    """Return what it holds now, of pages that it shares with other processes its part only."""
    return _read(pid, "Pss", "smaps_rollup")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _read(pid: int, what: str, where: str = "status") -> float:
    try:
        found = re.search(rf"^{what}:\s+(\d+) kB", Path(f"/proc/{pid}/{where}").read_text(), re.MULTILINE)
    except OSError:  # it has ended meanwhile
        return 0.0
    return int(found[1]) * 1024 / 1e6 if found else 0.0
