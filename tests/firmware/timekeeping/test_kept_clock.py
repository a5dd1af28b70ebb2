"""The gateway's clock over restarts, and what the kernel is asked."""

import asyncio
import contextlib
import json

from firmware.timekeeping import kernel
from firmware.timekeeping.clock import BUILT, KeptClock
from link.contract.link_facts import ClockChanged


def at_1970() -> float:
    return 17.0


def test_a_clock_of_1970_stands_at_the_last_time_known(tmp_path):
    file = tmp_path / "clock.json"
    file.write_text(json.dumps({"last_known": BUILT + 1e8}))
    clock = KeptClock(file, system=at_1970)
    assert 0 <= clock.wall() - (BUILT + 1e8) < 5
    news: list[ClockChanged] = []
    clock.sample(news.append)
    assert (clock.quality, clock.trusted) == ("est", False)


def test_a_damaged_file_costs_the_floor_and_nothing_else(tmp_path, caplog):
    file = tmp_path / "clock.json"
    for damage in ("", "{", "[]", '{"last_known": "x"}', '{"last_known": 1e300}', "\0" * 20):
        file.write_text(damage)
        assert KeptClock(file, system=at_1970).floor >= BUILT
    assert "cannot be read" in caplog.text


def test_provisioning_counts_as_known(tmp_path):
    clock = KeptClock(tmp_path / "none", BUILT + 5e7, system=at_1970)
    assert 0 <= clock.wall() - (BUILT + 5e7) < 5


def test_a_bench_believes_its_computer(tmp_path):
    clock = KeptClock(tmp_path / "none", assume_right=True, system=at_1970)
    assert (clock.trusted, clock.quality, clock.wall()) == (True, "ntp", 17.0)


async def test_the_floor_is_written_and_found_again(tmp_path):
    file = tmp_path / "state" / "clock.json"
    clock = KeptClock(file, BUILT + 5e7, system=at_1970)
    told: list[ClockChanged] = []
    task = asyncio.create_task(clock.run(told.append))
    async with asyncio.timeout(10):
        while not file.exists():
            await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert json.loads(file.read_text())["last_known"] >= BUILT + 5e7
    assert KeptClock(file, system=at_1970).floor >= BUILT + 5e7


def test_the_kernel_answers_here_and_its_files_may_be_missing(tmp_path):
    assert kernel.ntp_keeps_time() in (True, False)
    assert kernel.battery_set_time(tmp_path / "none") is False
    (tmp_path / "hctosys").write_text("1\n")
    assert kernel.battery_set_time(tmp_path / "hctosys") is True
    unknown = {kernel.boot_id(tmp_path / "none") for _ in range(2)}
    assert len(unknown) == 2, "two starts that cannot be told apart must not pass for one"
    (tmp_path / "boot").write_text("fdf86484-7af1-4293\n")
    assert kernel.boot_id(tmp_path / "boot") == "fdf86484"
