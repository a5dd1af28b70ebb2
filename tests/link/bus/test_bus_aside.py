"""Work beside the loop: its answer, its fault, and that nobody has to wait for it."""

import asyncio
import subprocess
import sys
import threading

import pytest

from link.bus.aside import aside


async def test_answer_and_fault_come_back() -> None:
    assert await aside(lambda: threading.current_thread().name, "bus-x") == "bus-x"
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0, "bus-x")


async def test_an_answer_that_nobody_awaits_any_more_does_no_harm() -> None:
    go, loop_faults = threading.Event(), list[dict[str, object]]()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: loop_faults.append(context))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await aside(lambda: go.wait(10.0), "bus-late")
    (thread,) = (t for t in threading.enumerate() if t.name == "bus-late")
    go.set()
    await asyncio.to_thread(thread.join, 10.0)
    assert not thread.is_alive()
    assert loop_faults == []


def test_a_process_ends_while_the_work_hangs() -> None:
    """A name lookup may take longer than anybody wants to wait."""
    code = (
        "import asyncio, threading\nfrom link.bus.aside import aside\n"
        "async def main():\n    task = asyncio.create_task(aside(threading.Event().wait, 'bus-hangs'))\n"
        "    await asyncio.sleep(0)\n    print('on the way out')\n"
        "asyncio.run(main())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True
    )
    assert ended.stdout == "on the way out\n"
