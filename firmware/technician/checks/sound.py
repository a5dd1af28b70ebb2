"""Sound cards: their names on the board, and a moment of what each captures. Nothing is played."""

import re
from collections.abc import Iterator

from firmware.technician.finding import Finding, found, unchecked, well
from firmware.technician.listening import Heard, device_of, listen
from firmware.technician.patient import Patient
from hw.board_parts import Card
from hw.sound.drivers import Device, advice

CLIPPED = 0.0005
DEAD_DBFS = -90.0
_KINDS = (
    (r"program not found", "sound-program"),
    (r"rate|Invalid argument", "card-rate"),
    (r"busy", "card-busy"),
    (r"No such|cannot find card|no soundcards|Unknown PCM|No such entity|no such device", "card-missing"),
)


def names(patient: Patient) -> Iterator[Finding]:
    """What the board file says of its cards."""
    seen: dict[tuple[str, str], str] = {}
    for card in patient.board.cards:
        bad = list(_named(patient, card, seen))
        yield from bad
        if not bad:
            told = " / ".join(name for name in (card.capture, card.playback) if name)
            yield well(f"card {card.name}", told or "of the bench")


def _named(patient: Patient, card: Card, seen: dict[tuple[str, str], str]) -> Iterator[Finding]:
    """What is wrong with the names of one card; `seen`: (driver, device) -> the first card that names it."""
    where = f"card {card.name}"
    if card.driver == "bench":
        return
    for name in {card.capture, card.playback} - {""}:
        first = seen.setdefault((card.driver, name), card.name)
        if first != card.name and not _shared(card, patient, first):
            yield found("card-twice", where, f"{name} is also card {first}")
    if re.search(r"(?:hw|CARD):?=?\d", card.capture + " " + card.playback):
        yield found("card-by-number", where, f"{card.capture or card.playback}")
    ends = [_card_of(name) for name in (card.capture, card.playback) if name]
    if len(set(ends)) > 1:
        yield found("card-mixed", where, f"captures from {ends[0]}, plays to {ends[1]}")


def _shared(card: Card, patient: Patient, first: str) -> bool:
    """One entry captures, the other plays: a card divided between two lines."""
    other = patient.board.card(first)
    return not ((card.capture and other.capture) or (card.playback and other.playback))


def _card_of(name: str) -> str:
    found_name = re.search(r"CARD=([^,]+)", name)
    return found_name[1] if found_name else name.partition(",")[0]


def capture(patient: Patient) -> Iterator[Finding]:
    """A moment of each card."""
    for card in patient.board.cards:
        where = f"card {card.name}"
        device = device_of(patient.board, card)
        if patient.running("voice"):
            yield unchecked(
                where, "`gateway voice` is running and has it; its levels are in the health of the line"
            )
        elif not device.capture:
            yield unchecked(where, "it only plays: listen to it with `gateway tone`")
        else:
            heard = listen(device, patient.watch)
            patient.levels[card.name] = heard.rms_dbfs
            yield judged(where, card, device, heard)


def judged(where: str, card: Card, device: Device, heard: Heard) -> Finding:
    """What a moment of sound, or its failure, says of a card."""
    if heard.failure:
        for pattern, kind in _KINDS:
            if re.search(pattern, heard.failure, re.IGNORECASE):
                return found(kind, where, f"{heard.failure}; {advice(device, 'capture')}")
        return found("card-failed", where, f"{heard.failure}; {advice(device, 'capture')}")
    if heard.clipped > CLIPPED:
        return found("audio-clipping", where, f"{heard.clipped:.1%} of the samples are at full scale")
    if heard.rms_dbfs < DEAD_DBFS and card.driver != "bench":
        return found("audio-silent", where, f"{heard.rms_dbfs:.0f} dBFS: not even the noise of an open input")
    return well(where, f"hears {heard.rms_dbfs:.0f} dBFS rms, {heard.peak_dbfs:.0f} dBFS peak")
