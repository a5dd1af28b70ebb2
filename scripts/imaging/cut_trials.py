"""The power is cut while an update is written: slot A goes on untouched, and the next try succeeds."""

import asyncio
import hashlib
from pathlib import Path

from scripts.imaging import environment
from scripts.imaging.inside import put_inside
from scripts.imaging.trials import LINUX_LIMIT, chosen, copy_of, expect, marked_good, running
from scripts.imaging.vm import VmError

SCRIPT = """slot=$(sed 's/.*rauc.slot=\\(.\\).*/\\1/' /proc/cmdline)
until fw_printenv -n BOOT_${slot}_LEFT 2>/dev/null | grep -qx 3; do sleep 0.5; done
say "slot $slot good"
if [ "$slot" = A ]; then
  rauc install /mnt/good.raucb 2>&1 | while read -r line; do say "rauc $line"; done
  reboot
fi
"""
MOMENTS = (
    ("before a block is written", r"TRIAL: rauc +\d+% Updating slots[\r\n]", 0.0),
    ("8 s after the first block of the system", r"TRIAL: rauc +\d+% Copying image to rootfs\.1[\r\n]", 8.0),
    ("after the last block of the system", r"TRIAL: rauc +\d+% Copying image to rootfs\.1 done", 0.0),
)
"""Where it is cut: what RAUC says before, and seconds after that."""
BLOCK = 4 << 20


def digest(card: Path, name: str) -> str:
    """SHA-256 of a partition."""
    at, size = environment.partition(card, name)
    made = hashlib.sha256()
    with card.open("rb") as file:
        file.seek(at)
        for done in range(0, size, BLOCK):
            made.update(file.read(min(BLOCK, size - done)))
    return made.hexdigest()


def after_a_cut(card: Path, before: dict[str, str]) -> None:
    """What stands on the card: only A is chosen from, and its partitions are as they were. VmError."""
    left = environment.newest(card)
    expect("slots that are chosen from", left["BOOT_ORDER"], "A")
    expect("tries of the half-written slot", left["BOOT_B_LEFT"], "0")
    expect("slot A", {name: digest(card, name) for name in before}, before)


async def cut_while_written(image: Path, folder: Path) -> str:
    """Three cuts at different moments of one installation; each time A starts and is marked good, at last B."""
    bundle = image.with_name("gateway.raucb")
    if not bundle.exists():
        raise VmError(f"{bundle} is missing: images/build --bundle")
    card = copy_of(image, folder)
    more = put_inside(card, folder, SCRIPT, {"good.raucb": bundle})
    before = {name: digest(card, name) for name in ("boot_a", "system_a")}
    told = []
    for what, pattern, wait in MOMENTS:
        async with running(card, folder, *more) as vm:
            expect("slot", (await chosen(vm))[0], "A")
            await vm.until("TRIAL: slot A good", LINUX_LIMIT)
            await vm.until(pattern, LINUX_LIMIT)
            await asyncio.sleep(wait)
            finished = "Installing done" in vm.said
        if finished:
            raise VmError(f"{what}: the installation was over before the cut")
        after_a_cut(card, before)
        told.append(what)
    async with running(card, folder, *more) as vm:
        expect("slot", (await chosen(vm))[0], "A")
        await vm.until("Installing done", LINUX_LIMIT)
        slot, order, _, _ = await chosen(vm, LINUX_LIMIT)
        expect("after the installation", (slot, order), ("B", "B A"))
        await vm.until("TRIAL: slot B", LINUX_LIMIT)
        await marked_good(card, "B")
    return f"cut {', '.join(told)}: A untouched, started and good each time; then installed, B good"


CUT_TRIALS = {"cut": cut_while_written}
