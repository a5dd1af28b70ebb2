"""What a run needs of this machine, checked before anything starts: files, processes, memory."""

import os
import resource
from pathlib import Path

import psutil

A_GATEWAY_FILES, A_GATEWAY_THREADS, A_GATEWAY_OCTETS = 9, 2, 900_000
"""Open files and threads of one simulated gateway, and its memory; measured, rounded up."""
SPARE_FILES, SPARE_THREADS, SPARE_OCTETS = 500, 500, 1_500_000_000


def missing(size: int, a_process: int) -> list[str]:
    """What this machine lacks for `size` simulated gateways, `a_process` of them in one process, in words.

    Soft limits are raised to the hard ones on the way; the processes that are started inherit them.
    """
    lacking = []
    files = _raise(resource.RLIMIT_NOFILE)
    wanted = max(min(size, a_process) * A_GATEWAY_FILES, size) + SPARE_FILES
    if files < wanted:
        lacking.append(f"{wanted} open files a process are needed, {files} are allowed: raise `ulimit -Hn`")
    threads = min(_raise(resource.RLIMIT_NPROC), _kernel("pid_max"), _kernel("threads-max"))
    wanted = size * A_GATEWAY_THREADS + SPARE_THREADS
    if threads < wanted:
        what = "raise `ulimit -Hu`, kernel.pid_max and kernel.threads-max"
        lacking.append(f"{wanted} threads are needed, {threads} are allowed: {what}")
    free, wanted = psutil.virtual_memory().available, size * A_GATEWAY_OCTETS + SPARE_OCTETS
    if free < wanted:
        lacking.append(f"{wanted / 1e9:.1f} GB of memory are needed, {free / 1e9:.1f} are free")
    return lacking


def _raise(what: int) -> int:
    """Raise a soft limit as far as we may; how far that is."""
    _, hard = resource.getrlimit(what)
    if hard == resource.RLIM_INFINITY:
        resource.setrlimit(what, (hard, hard))
        return 1 << 40
    resource.setrlimit(what, (hard, hard))
    return hard


def _kernel(name: str) -> int:
    try:
        return int(Path(f"/proc/sys/kernel/{name}").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 1 << 40


def memory_folder() -> Path | None:
    """A folder in memory. Real gateways have a disk each; a thousand outboxes on one disk would measure that disk."""
    shm = Path("/dev/shm")
    return shm if shm.is_dir() and os.access(shm, os.W_OK) else None
