"""What is tried on the image, each in a machine of its own on a copy of the file. A trial returns what it measured."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from scripts.imaging import environment
from scripts.imaging.inside import put_inside
from scripts.imaging.vm import Vm, VmError

U_BOOT_LIMIT, LINUX_LIMIT = 60.0, 300.0
"""Seconds; three times and more of what a quiet machine takes."""
CHOSEN = r"SPILLWAY: starting slot (\w), order ([AB ]+) A=(\d) B=(\d)"


def copy_of(image: Path, folder: Path) -> Path:
    """A sparse copy that may be written to."""
    to = folder / "card.img"
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(image), str(to)], check=True)
    return to


@asynccontextmanager
async def running(disk: Path, folder: Path, *more: str, steady: bool = False) -> AsyncIterator[Vm]:
    """A machine that is switched off at the end, whatever happened."""
    vm = Vm(disk, folder, more, steady)
    await vm.start()
    try:
        yield vm
    finally:
        await vm.cut_power()


def fill_b(disk: Path) -> None:
    """Slot B gets what slot A holds, as an update would have written it."""
    for name in ("boot", "system"):
        (at, size), (to, _) = (
            environment.partition(disk, f"{name}_a"),
            environment.partition(disk, f"{name}_b"),
        )
        words = (
            "dd",
            f"if={disk}",
            f"of={disk}",
            "bs=1M",
            f"count={size >> 20}",
            "conv=notrunc,sparse",
            "status=none",
        )
        subprocess.run([*words, f"skip={at >> 20}", f"seek={to >> 20}"], check=True)


def damage(disk: Path, name: str, at: int, octets: int) -> None:
    """Noise over a part of a partition."""
    start, _ = environment.partition(disk, name)
    with disk.open("r+b") as file:
        file.seek(start + at)
        file.write(os.urandom(octets))


async def chosen(vm: Vm, limit: float = U_BOOT_LIMIT) -> tuple[str, str, int, int]:
    """The slot that U-Boot starts next, the order, and what is left of both."""
    found = await vm.until(CHOSEN, limit)
    return found[1], found[2], int(found[3]), int(found[4])


def expect(what: str, found: object, wanted: object) -> None:
    """VmError unless they are the same."""
    if found != wanted:
        raise VmError(f"{what}: {found!r}, not {wanted!r}")


async def noise_on_the_serial_line(image: Path, folder: Path) -> str:
    """Octets come in while U-Boot starts: nothing stops it."""
    async with running(copy_of(image, folder), folder) as vm:

        async def babble() -> None:
            while True:
                await vm.type(" \r~x")
                await asyncio.sleep(0.05)

        noise = asyncio.create_task(babble())
        try:
            slot, *_ = await chosen(vm)
        finally:
            noise.cancel()
        expect("slot", slot, "A")
        return f"slot A after {vm.seconds():.1f} s under noise"


async def copies_of_the_choice(image: Path, folder: Path) -> str:
    """Either copy damaged, both damaged, the count running over: the right one is taken, the other written."""
    full = {"BOOT_ORDER": "B A", "BOOT_A_LEFT": "3", "BOOT_B_LEFT": "2"}
    older = {"BOOT_ORDER": "A B", "BOOT_A_LEFT": "3", "BOOT_B_LEFT": "3"}
    good = environment.encode
    cases: dict[str, tuple[bytes, bytes, str]] = {
        "later copy 2": (good(older, 4), good(full, 5), "B"),
        "later copy 1": (good(full, 9), good(older, 8), "B"),
        "copy 2 torn": (good(full, 4), os.urandom(9000), "B"),
        "copy 1 torn": (os.urandom(9000), good(full, 1), "B"),
        "both torn": (os.urandom(9000), os.urandom(9000), "A"),
        "count runs over": (good(full, 0), good(older, 255), "B"),
    }
    disk = copy_of(image, folder)
    for name, (one, two, wanted) in cases.items():
        environment.write(disk, 1, one)
        environment.write(disk, 2, two)
        async with running(disk, folder) as vm:
            slot, *_ = await chosen(vm)
        expect(name, slot, wanted)
        left = environment.newest(disk)
        expect(f"{name}: what is left on the card", left[f"BOOT_{slot}_LEFT"], "1" if wanted == "B" else "2")
    return f"{len(cases)} cases"


async def a_kernel_that_is_damaged(image: Path, folder: Path) -> str:
    """Slot A's kernel is noise: U-Boot gives it its three tries and takes B by itself."""
    disk = copy_of(image, folder)
    fill_b(disk)
    damage(disk, "boot_a", 1 << 20, 60 << 20)
    async with running(disk, folder) as vm:
        slots = [(await chosen(vm))[0] for _ in range(4)]
        expect("slots", slots, ["A", "A", "A", "B"])
        await vm.until("Starting kernel", U_BOOT_LIMIT)
        return f"B after {vm.seconds():.1f} s"


async def a_root_that_is_damaged(image: Path, folder: Path) -> str:
    """Slot A's file system is noise: its initrd says so and resets, three times, then B."""
    disk = copy_of(image, folder)
    fill_b(disk)
    damage(disk, "system_a", 0, 1 << 20)
    async with running(disk, folder) as vm:
        for _ in range(3):
            expect("slot", (await chosen(vm))[0], "A")
            await vm.until("SPILLWAY: partition system_a cannot be mounted", LINUX_LIMIT)
        expect("slot", (await chosen(vm))[0], "B")
        return f"B after {vm.seconds():.1f} s"


async def without_a_site(image: Path, folder: Path) -> str:
    """The image as it is built: it starts, says what is missing, and gives the slot its tries back."""
    disk = copy_of(image, folder)
    async with running(disk, folder) as vm:
        expect("slot", (await chosen(vm))[0], "A")
        found = await vm.until(r"([^\r\n]*--only-site[^\r\n]*)", LINUX_LIMIT)
        after = vm.seconds()
        await marked_good(disk, "A")
        return f"after {after:.0f} s: {found[1]!r}; marked good after {vm.seconds():.0f} s"


GROWN = 4 << 30
"""Octets of a card that is larger than the image."""
UPDATE = """slot=$(sed 's/.*rauc.slot=\\(.\\).*/\\1/' /proc/cmdline)
say "slot $slot"
if [ "$slot" = A ]; then
  for bundle in damaged stranger good; do
    if rauc install /mnt/$bundle.raucb >/run/said 2>&1; then say "$bundle installed"; else
      say "$bundle refused: $(grep -i fail /run/said | tail -n 1)"; fi
  done
  reboot
fi
"""


async def marked_good(disk: Path, slot: str) -> None:
    """Until the slot has its tries back."""
    async with asyncio.timeout(LINUX_LIMIT):
        while environment.newest(disk)[f"BOOT_{slot}_LEFT"] != "3":
            await asyncio.sleep(0.5)


async def a_card_larger_than_the_image(image: Path, folder: Path) -> str:
    """The data partition takes the rest of the card at the first start, and no other moves."""
    disk = copy_of(image, folder)
    before = {name: environment.partition(disk, name) for name in ("env", "boot_b", "system_b", "data")}
    os.truncate(disk, GROWN)
    async with running(disk, folder) as vm:
        await chosen(vm)
        await marked_good(disk, "A")
        took = vm.seconds()
    after = {name: environment.partition(disk, name) for name in before}
    at, size = after.pop("data")
    start, _ = before.pop("data")
    expect("the other partitions", after, before)
    expect("data begins", at, start)
    if size < GROWN - start - (4 << 20):
        raise VmError(f"data has {size >> 20} MB of {(GROWN - start) >> 20}")
    return f"data grew to {size >> 20} MB; good after {took:.0f} s"


async def an_update(image: Path, folder: Path) -> str:
    """Bundles that are damaged or a stranger's are refused; a good one starts in slot B, which counts from then on."""
    disk, bundles = copy_of(image, folder), image.parent
    good = bundles / "gateway.raucb"
    if not good.exists():
        raise VmError(f"{good} is missing: images/build --bundle")
    damaged = folder / "damaged.raucb"
    damaged.write_bytes(good.read_bytes())
    with damaged.open("r+b") as file:
        file.seek(60 << 20)
        file.write(os.urandom(1 << 20))
    files = {"good.raucb": good, "damaged.raucb": damaged, "stranger.raucb": stranger_of(good, folder)}
    more = await asyncio.to_thread(put_inside, disk, folder, UPDATE, files, 700)
    async with running(disk, folder, *more) as vm:
        expect("slot", (await chosen(vm))[0], "A")
        refused = [await vm.until(r"TRIAL: (\w+) refused: ([^\r\n]*)", LINUX_LIMIT) for _ in range(2)]
        expect("refused", [found[1] for found in refused], ["damaged", "stranger"])
        began = vm.seconds()
        await vm.until("TRIAL: good installed", LINUX_LIMIT)
        took = vm.seconds() - began
        slot, order, _, left = await chosen(vm, LINUX_LIMIT)
        expect("after the update", (slot, order, left), ("B", "B A", 2))
        await vm.until("TRIAL: slot B", LINUX_LIMIT)
        await marked_good(disk, "B")
        return f"installed in {took:.0f} s, B good after {vm.seconds():.0f} s; {'; '.join(f[2][-60:] for f in refused)}"


def stranger_of(bundle: Path, folder: Path) -> Path:
    """The same content, signed by a key that nobody believes."""
    key, certificate, made = folder / "x.key", folder / "x.pem", folder / "stranger.raucb"
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "9",
    ]
    words += ["-subj", "/CN=stranger", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True)
    own = bundle.parent.parent / "development-keys/ca.pem"
    command = [
        "rauc",
        "resign",
        f"--cert={certificate}",
        f"--key={key}",
        f"--keyring={own}",
        str(bundle),
        str(made),
    ]
    subprocess.run([*command, f"--signing-keyring={certificate}"], check=True, capture_output=True)
    return made


Trial = Callable[[Path, Path], Awaitable[str]]
TRIALS: dict[str, Trial] = {
    "noise": noise_on_the_serial_line,
    "copies": copies_of_the_choice,
    "kernel": a_kernel_that_is_damaged,
    "root": a_root_that_is_damaged,
    "no-site": without_a_site,
    "grows": a_card_larger_than_the_image,
    "update": an_update,
}
"""In the order of their length."""


async def run(trial: Trial, name: str, image: Path, folder: Path) -> str:
    """One trial in a folder of its own, which is gone afterwards."""
    place = folder / name
    place.mkdir(parents=True)
    try:
        return await trial(image, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
