"""Trials of the image with a centre on the host: it enrols, is refused in words, takes an update, goes back from one.

The system is the one that is shipped. What looks at memory comes on a second disk (scripts.imaging.inside).
"""

import asyncio
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

from link.certs.ca import Ca
from scripts.imaging import environment
from scripts.imaging.centre import Centre, flash_site
from scripts.imaging.inside import put_inside
from scripts.imaging.next_bundle import next_bundle, signing_keys
from scripts.imaging.trials import LINUX_LIMIT, Trial, chosen, copy_of, expect, marked_good, running
from scripts.imaging.vm import Vm

LONG_AGO = ("-rtc", "base=1970-01-01T00:00:30")
"""A computer without a battery clock, and no time server answers."""
ROOM = 4 << 30
"""Octets of the card."""
FINGERPRINT = r"read this fingerprint out to the centre: ([0-9a-f]{4}(?: [0-9a-f]{4}){7})"
LISTED = "in the list of the centre, broker connected"
AFTER_BIRTH = 20.0
"""Seconds after which memory is looked at: all that starts has started."""
MEMORY = """while [ ! -e /data/spillway/tls/current/own.pem ]; do sleep 1; done
sleep SECONDS
for unit in gateway voice guard console; do
  pid=$(systemctl show -p MainPID --value spillway-$unit)
  set -- $(awk '/^Rss:/ {r=$2} /^Pss:/ {p=$2} END {print r, p}' /proc/$pid/smaps_rollup)
  say "memory $unit rss=$1 pss=$2"
done
say "memory free $(awk '/^MemAvailable:/ {print $2}' /proc/meminfo) of $(awk '/^MemTotal:/ {print $2}' /proc/meminfo)"
say "clock $(date -u +%s)"
""".replace("SECONDS", f"{AFTER_BIRTH:.0f}")


def card_of(image: Path, folder: Path) -> Path:
    """A copy of the image on a card with room for an update."""
    disk = copy_of(image, folder)
    os.truncate(disk, ROOM)
    return disk


async def approved(vm: Vm, centre: Centre) -> float:
    """A person at the centre approves by what the console shows; when it showed that, s."""
    found = await vm.until(FINGERPRINT, LINUX_LIMIT)
    shown = vm.seconds()
    await centre.approve(found[1])
    return shown


async def it_enrols(image: Path, folder: Path) -> str:
    """From a card with a site and a clock of 1970 to a gateway in the centre's list; then what it takes of memory."""
    disk = card_of(image, folder)
    async with Centre(folder) as centre:
        flash_site(disk, centre.site(await centre.token()))
        more = await asyncio.to_thread(put_inside, disk, folder, MEMORY, {}, 8)
        async with running(disk, folder, *more, *LONG_AGO) as vm:
            expect("slot", (await chosen(vm))[0], "A")
            shown = await approved(vm, centre)
            row = await centre.listed(True, LINUX_LIMIT)
            born = vm.seconds()
            await vm.until(LISTED, LINUX_LIMIT)
            await marked_good(disk, "A")
            memory = await memory_of(vm)
            clock = int((await vm.until(r"TRIAL: clock (\d+)\s", LINUX_LIMIT))[1])
            year = datetime.fromtimestamp(clock, UTC).year
    return (
        f"fingerprint after {shown:.0f} s, born after {born:.0f} s as version {row.firmware}, "
        f"its clock says {year}; {memory}"
    )


async def memory_of(vm: Vm) -> str:
    """What the second disk's script says of it, in words; MB."""
    parts, total = [], 0
    for name in ("gateway", "voice", "guard", "console"):
        found = await vm.until(rf"TRIAL: memory {name} rss=(\d+) pss=(\d+)\s", LINUX_LIMIT)
        total += int(found[2])
        parts.append(f"{name} {int(found[1]) >> 10}/{int(found[2]) >> 10}")
    found = await vm.until(r"TRIAL: memory free (\d+) of (\d+)\s", LINUX_LIMIT)
    return (
        f"RSS/PSS MB {', '.join(parts)}, together {total >> 10}; "
        f"{int(found[1]) >> 10} of {int(found[2]) >> 10} MB available"
    )


async def it_is_refused(image: Path, folder: Path) -> str:
    """A token that is over, then a centre of another authority: the console says so; either way the slot is good."""
    disk = card_of(image, folder)
    said: list[str] = []
    async with Centre(folder, token_days=1e-5) as centre:
        token = await centre.token()
        strangers = Ca.init(folder / "strangers", b"a trial", datetime.now(UTC), "stranger").certificate_file
        cases = (
            (None, r"REFUSED by the centre: [^\r\n]*[\r\n]"),
            (strangers, r"waiting for the centre at [^\r\n]*certificate[^\r\n]*[\r\n]"),
        )
        for ca, pattern in cases:
            flash_site(disk, centre.site(token, ca))
            async with running(disk, folder, *LONG_AGO) as vm:
                expect("slot", (await chosen(vm))[0], "A")
                said.append((await vm.until(pattern, LINUX_LIMIT))[0])
                await marked_good(disk, "A")
        row = await centre.gateway()
        expect("in the list", row.online, False)
    return "; ".join(repr(" ".join(words.split())) for words in said)


VERSION = "99.0"
"""Of the update; newer than any image."""
SOON, LATER = 30.0, 600.0
"""Seconds of the gate: a slot that cannot pass need not be waited for; one that can may be slow on a busy host."""
BROKEN_VOICE = {
    "/etc/systemd/system/spillway-voice.service": "[Service]\nExecStart=/bin/sleep infinity\n",
}
"""A fault that only the gate finds: the system starts, the gateway is in the list, and nobody would be heard."""
TRY_LIMIT = 900.0
"""Seconds from one start of a slot on trial to the next: a start, the gate's time, a stop."""
FETCH_LIMIT = 1500.0
"""Seconds; the machine's own work for 190 MB over TLS is most of it."""
LAY = """if [ ! -e /data/laid ]; then
  mkdir -p /data/spillway/bundles
  until cp /mnt/update.raucb /data/spillway/bundles/SHA; do sleep 2; done
  touch /data/laid
fi
"""
"""The gateway has fetched the bundle already (that is the trial `fetches`); once the data partition has room."""


def with_updates(image: Path, folder: Path) -> Centre:
    """A centre that believes the bundles of the cache in which the image was built."""
    return Centre(folder, keyring=signing_keys(image) / "ca.pem")


async def born(vm: Vm, centre: Centre, disk: Path) -> None:
    """Start the first time: until it is in the list and its slot is good."""
    expect("slot", (await chosen(vm))[0], "A")
    await approved(vm, centre)
    await centre.listed(True, LINUX_LIMIT)
    await marked_good(disk, "A")


async def it_fetches(image: Path, folder: Path) -> str:
    """An update over HTTPS with the gateway's certificate: rolled out, fetched, started in B, good, in the list."""
    disk = card_of(image, folder)
    made = await asyncio.to_thread(next_bundle, image, folder, VERSION, {})
    async with with_updates(image, folder) as centre:
        flash_site(disk, centre.site(await centre.token()))
        async with running(disk, folder, *LONG_AGO) as vm:
            await born(vm, centre, disk)
            await centre.roll_out(made, LATER)
            began = vm.seconds()
            await centre.updated("streaming", LINUX_LIMIT)
            await centre.updated("streaming", FETCH_LIMIT, pct=100)
            here = vm.seconds() - began
            await centre.updated("installed", TRY_LIMIT)
            written = vm.seconds() - began
            slot, order, _, left = await chosen(vm, TRY_LIMIT)
            expect("after the update", (slot, order, left), ("B", "B A", 2))
            told = await centre.updated("good", TRY_LIMIT)
            good = vm.seconds() - began
            await marked_good(disk, "B")
            row = await centre.gateway()
            rollout = await centre.rolled_out(1, 0, LINUX_LIMIT)
        expect("version in the list", row.firmware, VERSION)
        expect("roll-out", rollout.state, "running")  # a day goes by before it is done
        expect("slot", told.slot, "rootfs.1")
    return (
        f"{made.stat().st_size >> 20} MB here after {here:.0f} s, written after {written:.0f} s, "
        f"B good after {good:.0f} s, in the list as {row.firmware}"
    )


async def it_goes_back(image: Path, folder: Path) -> str:
    """An update whose voice process does not answer: B starts three times, its gate fails, A is back and says why."""
    disk = card_of(image, folder)
    made = await asyncio.to_thread(next_bundle, image, folder, VERSION, BROKEN_VOICE)
    sha = await asyncio.to_thread(sha_of, made)
    async with with_updates(image, folder) as centre:
        flash_site(disk, centre.site(await centre.token()))
        lay = LAY.replace("SHA", sha)
        more = await asyncio.to_thread(put_inside, disk, folder, lay, {"update.raucb": made}, 300)
        async with running(disk, folder, *more, *LONG_AGO) as vm:
            await born(vm, centre, disk)
            before = (await centre.gateway()).firmware
            await centre.roll_out(made, SOON)
            await centre.updated("installed", TRY_LIMIT)
            began = vm.seconds()
            slots = [(await chosen(vm, TRY_LIMIT))[0] for _ in range(4)]
            expect("slots", slots, ["B", "B", "B", "A"])
            back = vm.seconds() - began
            told = await centre.updated("rolled_back", TRY_LIMIT)
            row = await centre.listed(True, LINUX_LIMIT)
            await marked_good(disk, "A")
            said = vm.seconds() - began
            rollout = await centre.rolled_out(0, 1, LINUX_LIMIT)
        expect("version in the list", row.firmware, before)
        expect("roll-out", rollout.state, "stopped")
        expect("slot", told.slot, "rootfs.0")
        expect("order", environment.newest(disk)["BOOT_ORDER"], "B A")
        testing = [each for each in centre.updates if each.phase == "testing"]
        slots_told = {each.slot for each in testing if each.slot}  # none until RAUC has been asked
        expect("seen while it was tried", slots_told, {"rootfs.1"})
    return f"A starts again {back:.0f} s after the update was written, told after {said:.0f} s: {told.why!r}"


def sha_of(file: Path) -> str:
    """SHA-256 of its octets, hex. Blocks."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


CENTRE_TRIALS: dict[str, Trial] = {
    "enrols": it_enrols,
    "refused": it_is_refused,
    "fetches": it_fetches,
    "gate": it_goes_back,
}
"""In the order of their length."""
