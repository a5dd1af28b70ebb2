"""The gateway at work in the machine: pins of the kernel, cards of ALSA, the shipped units, and no link."""

import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from scripts.imaging.in_service import make_in_service
from scripts.imaging.inside import put_inside
from scripts.imaging.trials import chosen, copy_of, expect, running
from scripts.imaging.vm import Vm, VmError
from scripts.town.listening import Heard, find, load
from scripts.town.phrases import write_phrase

HERE = Path(__file__).resolve().parent
SCRIPT = """mkdir -p /run/trial/scripts/imaging
cp /mnt/guest_*.py /run/trial/scripts/imaging/
PYTHONPATH=/run/trial python3 -B -m scripts.imaging.{program} >/dev/console 2>&1
"""
WORK_LIMIT = 1500.0
RESULTS_MB = 32
KEYED_LIMIT = 1.0
"""Seconds from carrier to PTT in an emulated machine; a board has 15 ms."""
OVER = re.compile(r"TRIAL: over \d+ keyed=(\d+) released=(\d+)")
TROUBLE = re.compile(r"TRIAL: trouble (\w+) (\w+) fell=(\d+) back=(\d+)(?: made_safe=(\d+))?")
ALLOWED_MS = {("guard", "SIGSTOP"): 3000}
"""How long PTT may stay up after a trouble: these and else OTHER_MS, as hardware-safety.md promises."""
OTHER_MS = 2000
MEMORY = re.compile(r"TRIAL: memory (\w+) (\d+) (\d+)")


@dataclass(frozen=True)
class Site:
    """A card with a gateway that was in service, the further words for QEMU, and where results lie."""

    card: Path
    more: tuple[str, ...]
    results: Path


def prepare(image: Path, folder: Path, program: str) -> Site:
    """A copy of the image with a site, and a second disk with `program`, the pins' module and speech. VmError."""
    module = image.with_name("gpio-sim.ko")
    if not module.exists():
        raise VmError(f"{module} is missing: images/build --pins")
    card = copy_of(image, folder)
    make_in_service(card, folder)
    said = write_phrase("dam", folder)
    files = {"gpio-sim.ko": module, "said.wav": said, "guest_board.py": HERE / "guest_board.py"}
    files |= {name: HERE / name for name in ("guest_ptt.py", program)}
    more = put_inside(card, folder, SCRIPT.format(program=Path(program).stem), files, 64)
    results = folder / "results.tar"
    results.write_bytes(bytes(RESULTS_MB << 20))
    drive = f"file={results},if=none,id=results,format=raw"
    return Site(card, (*more, "-drive", drive, "-device", "virtio-blk-pci,drive=results,addr=4"), results)


async def end_of(vm: Vm) -> str:
    """What it said between its start and its last word. VmError: it failed, with its own reason."""
    found = await vm.until(r"TRIAL: (done|failed [^\r\n]*)[\r\n]", WORK_LIMIT)
    if found[1] != "done":
        tail = "\n".join(line for line in vm.said.splitlines() if "TRIAL:" in line)
        raise VmError(f"inside: {found[1]}\n{tail}")
    return vm.said


def heard_in(results: Path, folder: Path, said: Path) -> list[Heard]:
    """What became of the speech in each recording that came back."""
    heard = []
    with tarfile.open(results) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if (file := archive.extractfile(member)) is not None:
                copy = folder / "heard.wav"
                copy.write_bytes(file.read())
                heard.append(find(load(said), load(copy)))
    return heard


async def speech_through_the_gateway(image: Path, folder: Path) -> str:
    """Carrier on one radio's pin: the other's PTT goes up, its card gives the words, and PTT falls after them."""
    site = prepare(image, folder, "guest_ptt.py")
    async with running(site.card, folder, *site.more, steady=True) as vm:
        expect("slot", (await chosen(vm))[0], "A")
        text = await end_of(vm)
    up = re.findall(r"TRIAL: up after ([\d.]+)", text)
    overs = [(int(a), int(b)) for a, b in OVER.findall(text)]
    keyed, released = [a for a, _ in overs], [b for _, b in overs]
    heard = heard_in(site.results, folder, folder / "said-dam.wav")
    bad = [each for each in heard if not each.contained]
    if bad or len(heard) != len(overs) or "own ptt moved 0 times" not in text:
        raise VmError(f"heard: {heard}; {text[text.find('own ptt') :][:60]}")
    if median(keyed) > 1000 * KEYED_LIMIT:
        raise VmError(f"carrier to PTT: {keyed} ms")
    sizes = "; ".join(f"{unit} {own} MB (with children {whole})" for unit, own, whole in MEMORY.findall(text))
    lost = ", ".join(f"{each.lost_ms:.0f}" for each in heard)
    return (
        f"up after {up[0]} s; carrier to PTT {sorted(keyed)} ms, carrier off to PTT off {sorted(released)} ms; "
        f"speech heard in {len(heard)} of {len(overs)} overs, lost {lost} ms; memory {sizes}"
    )


def told_of(text: str) -> str:
    """Each trouble in words. VmError: a transmitter stayed keyed for too long, or nobody made it safe."""
    words = []
    for unit, signal, fell, back, safe in TROUBLE.findall(text):
        allowed = ALLOWED_MS.get((unit, signal), OTHER_MS)
        if int(fell) > allowed:
            raise VmError(f"{unit} {signal}: PTT stayed up for {fell} ms, {allowed} are allowed\n{text}")
        if unit == "guard" and not safe:
            raise VmError(f"{unit} {signal}: nobody made the outputs safe after it\n{text}")
        after = f", made safe again after {safe} ms" if safe else ""
        words.append(f"{unit} {signal}: PTT off after {fell} ms{after}, serves again after {back} ms")
    return "; ".join(words)


async def processes_that_stop(image: Path, folder: Path) -> str:
    """Each process of the gateway is frozen and killed while PTT is up: it falls in time, and all come back."""
    site = prepare(image, folder, "guest_freeze.py")
    async with running(site.card, folder, *site.more, steady=True) as vm:
        expect("slot", (await chosen(vm))[0], "A")
        return told_of(await end_of(vm))


LINE_TRIALS = {"ptt": speech_through_the_gateway, "freeze": processes_that_stop}
