"""Work that would hold up the event loop: a child process with a time limit, low priority, bounded memory.

A side module reads one JSON line (and perhaps bytes) from stdin, and writes one JSON line (and perhaps
bytes) to stdout: `{"ok": …}` or `{"refused": reason, "advice": …}`. The child and all it started are killed
at the limit or when the asker gives up. Parent: `run_aside`. Child: `serve`.
"""

import asyncio
import contextlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_MEMORY = 2 * 1024**3


class SideRefused(Exception):
    """The input was at fault (or a part is missing): a reason and advice for people."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice


class SideFailed(Exception):
    """The child died, was too slow, or answered nonsense."""


async def run_aside(
    module: str, request: Mapping[str, object], *, patience: float
) -> tuple[dict[str, object], bytes]:
    """Run `python -m module` on `request`; its answer and the bytes behind it. SideRefused, SideFailed."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(paths), OPENBLAS_NUM_THREADS="1"),
    )
    try:
        out, err = await asyncio.wait_for(child.communicate(json.dumps(request).encode() + b"\n"), patience)
    except TimeoutError:
        raise SideFailed(f"{module} was not done within {patience:g} s") from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await asyncio.shield(child.wait())
    head, _, rest = out.partition(b"\n")
    try:
        answer = json.loads(head)
        if "refused" in answer:
            raise SideRefused(str(answer["refused"]), str(answer.get("advice", "")))
        return dict(answer["ok"]), rest
    except (ValueError, KeyError, TypeError):
        last = err.decode(errors="replace").strip().splitlines()[-1:] or ["no output"]
        raise SideFailed(f"{module} failed with code {child.returncode}: {last[0]}") from None


Work = Callable[[dict[str, object]], tuple[Mapping[str, object], bytes]]


def serve(work: Work) -> None:
    """The child's whole life: read the request, do it at low priority, answer."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    request = json.loads(sys.stdin.buffer.readline())
    answer: Mapping[str, object]
    try:
        result, data = work(request)
        answer = {"ok": dict(result)}
    except SideRefused as refusal:
        answer, data = {"refused": refusal.reason, "advice": refusal.advice}, b""
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + data)
    sys.stdout.buffer.flush()
