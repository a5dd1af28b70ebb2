"""The chapters of the tour: what happens in each, in order. They collect evidence and judge nothing."""

import asyncio
import hashlib
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from central.readmodels import BroadcastView
from central.recording_models import RecordingView
from scripts.town.listening import RATE_HZ, Samples
from scripts.town.phrases import phrase
from scripts.town.tour_desk import Desk, DeskRefused, playable
from scripts.town.tour_evidence import Freeze, Recorded, Records, Said, Scene, Warned, Warning
from scripts.town.tour_hands import Hands
from scripts.town.town import Town

AFTER_TALK = 1.4
"""Seconds after the last word in which the transmitters must have been let go."""
UNAPPROVED = 0.8
BETWEEN_APPROVALS = 1.0
"""A person reads before he agrees; and the first clip is fetched by then, so that it goes first."""
CONTESTS = 5
HAIR = 0.002
"""Seconds between two presses: longer than a file takes to be read, shorter than it takes to key a radio."""
FREEZE_AFTER = 1.3
FROZEN = 2.5
PATIENCE = 30.0
RELAY_PATIENCE = 2.5
CLOSED_PATIENCE = 10.0
WARNINGS = (
    ("Mandarin", "zh", "注意，水库即将放水，请立即离开河边。"),
    ("English", "en", "Attention. Water will be released. Leave the river bank."),
)
DRILL = ("drill", "en", "This is a test of the loudspeakers.")


@dataclass(frozen=True)
class Cast:
    """Who plays which part: two ordinary radios, one of higher priority, a zone and its loudspeakers.

    Written down here and not taken from the town's plan, so that a wrong plan is noticed.
    """

    first: str = "gw-north/r1"
    second: str = "gw-south/r1"
    chief: str = "gw-dam/r1"
    group: str = "valley"
    zone: str = "north"
    loudspeakers: tuple[str, ...] = ("gw-north/pa1",)


@dataclass
class Stage:
    """What the chapters share: town, hands, desk, cast; what has been said and warned so far."""

    town: Town
    hands: Hands
    desk: Desk
    cast: Cast = Cast()
    said: list[Said] = field(default_factory=list)
    warned: list[Warned] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    async def speak(self, device: str, speaker: str, trail_ms: float = 0) -> Said:
        """`speaker` says his phrase."""
        return await self.hands.speak(device, phrase(speaker), trail_ms)


async def speech(stage: Stage) -> Scene:
    """One radio speaks."""
    listening = await stage.hands.listen("speech")
    said = await stage.speak(stage.cast.first, "north")
    await asyncio.sleep(AFTER_TALK)
    stage.said.append(said)
    return Scene((said,), await stage.hands.stop(listening))


async def floor(stage: Stage) -> dict[str, Scene]:
    """Two equals press together; then an ordinary one and one of higher priority."""
    cast = stage.cast
    sounds = _even(phrase("north"), phrase("south"))
    listening = await stage.hands.listen("floor-together")
    both = await asyncio.gather(
        *(stage.hands.speak(*pair) for pair in zip((cast.first, cast.second), sounds, strict=True))
    )
    await asyncio.sleep(AFTER_TALK)
    together = Scene(tuple(both), await stage.hands.stop(listening))

    for attempt in range(CONTESTS):
        chief = await _contest(stage)
        if _both_pressed(chief):
            break
        stage.notes.append(f"contest {attempt + 1}: they did not press close enough together")
    return {"together": together, "chief": chief}


async def _contest(stage: Stage) -> Scene:
    """An ordinary one presses, and a moment later one of higher priority, before anything can be keyed."""
    cast = stage.cast
    sounds = _even(phrase("north"), phrase("dam"))
    listening = await stage.hands.listen("floor-chief")
    low = asyncio.create_task(stage.hands.speak(cast.first, sounds[0]))
    await asyncio.sleep(HAIR)
    high = await stage.hands.speak(cast.chief, sounds[1])
    both = (await low, high)
    await asyncio.sleep(AFTER_TALK)
    return Scene(both, await stage.hands.stop(listening))


def _both_pressed(scene: Scene) -> bool:
    """The ordinary one was first, and the other's receiver stayed open: a keyed radio is deaf to a press."""
    low, high = scene.said
    emitted = scene.emitted[high.device]
    opened = [at for at in emitted.times("cos", 1) if at < high.carrier_off_ns]
    keyed = [at for at in emitted.times("ptt", 1) if at < high.carrier_off_ns]
    return low.carrier_on_ns < high.carrier_on_ns and bool(opened) and not keyed


def _even(*sounds: Samples) -> tuple[Samples, ...]:
    """All as long as the longest and half a second: when one lets go, nobody has a word left to say."""
    length = max(len(sound) for sound in sounds) + RATE_HZ // 2
    return tuple(np.pad(sound, (0, length - len(sound))) for sound in sounds)


async def warning(stage: Stage) -> Warning:
    """Warnings in two languages to one zone while the radios talk."""
    cast, desk = stage.cast, stage.desk
    listening = await stage.hands.listen("warning")
    asked = []
    for language, voice, text in WARNINGS:
        at = time.monotonic_ns()
        asked.append((language, at, await desk.warn(cast.zone, text, voice, "live")))
    await asyncio.sleep(UNAPPROVED)
    talk = asyncio.create_task(stage.speak(cast.first, "north"))
    await asyncio.sleep(0.5)
    approved = []
    for _, _, view in asked:
        approved.append(await _approve(stage, view.id))
        await asyncio.sleep(BETWEEN_APPROVALS)
    said = [await talk]
    await stage.hands.until_off(cast.chief, "ptt", AFTER_TALK)  # as long as it transmits it hears nobody
    await asyncio.sleep(0.1)
    said.append(await stage.speak(cast.chief, "dam"))
    await asyncio.sleep(AFTER_TALK)
    warned = []
    for (language, at, view), yes in zip(asked, approved, strict=True):
        warned.append(await _over(stage, language, view, at, yes))
    for loudspeaker in cast.loudspeakers:
        await stage.hands.until_off(loudspeaker, "relay", RELAY_PATIENCE)
    await asyncio.sleep(0.2)
    stage.warned += warned
    scene = Scene(tuple(said), await stage.hands.stop(listening))
    return Warning(scene, tuple(warned), cast.loudspeakers)


async def _approve(stage: Stage, id: str) -> int:
    """The second person agrees; when he did (ns)."""
    at = time.monotonic_ns()
    try:
        await stage.desk.approve(id)
    except DeskRefused as refused:
        stage.notes.append(f"approval: {refused}")
    return at


async def _over(stage: Stage, language: str, view: BroadcastView, asked_ns: int, approved_ns: int) -> Warned:
    ended = await stage.desk.until_over(view.id, PATIENCE)
    if not ended.over:
        stage.notes.append(f"the {language} broadcast is {ended.state} after {PATIENCE:.0f} s: stopped")
        await stage.desk.stop(view.id)
    sound = await stage.desk.clip(view.clip.sha)
    return Warned(view.id, view.text, language, sound, asked_ns, approved_ns, time.monotonic_ns())


async def drill(stage: Stage) -> Warning:
    """One person tries the loudspeakers out."""
    listening = await stage.hands.listen("drill")
    language, voice, text = DRILL
    at = time.monotonic_ns()
    view = await stage.desk.warn(stage.cast.zone, text, voice, "drill")
    seconds = 3.0 + view.clip.seconds
    ended = await stage.desk.until_over(view.id, seconds)
    if not ended.over:
        await stage.desk.stop(view.id)
    for loudspeaker in stage.cast.loudspeakers:
        await stage.hands.until_off(loudspeaker, "relay", RELAY_PATIENCE)
    warned = Warned(
        view.id, text, language, await stage.desk.clip(view.clip.sha), at, at, time.monotonic_ns()
    )
    if ended.state == "done":
        stage.warned.append(warned)
    return Warning(Scene((), await stage.hands.stop(listening)), (warned,), stage.cast.loudspeakers)


async def guard(stage: Stage) -> Freeze:
    """A gateway process freezes while its radios transmit, and thaws."""
    gateway = stage.cast.second.partition("/")[0]
    unit = f"{gateway}-gateway"
    listening = await stage.hands.listen("guard-frozen")
    talk = asyncio.create_task(stage.speak(stage.cast.first, "north"))
    await asyncio.sleep(FREEZE_AFTER)
    frozen = time.monotonic_ns()
    stage.town.kill(unit, signal.SIGSTOP)
    try:
        await asyncio.sleep(FROZEN)
    finally:
        thawed = time.monotonic_ns()
        stage.town.kill(unit, signal.SIGCONT)
    said = await talk
    await asyncio.sleep(AFTER_TALK)
    scene = Scene((said,), await stage.hands.stop(listening))
    await stage.town.wait_ready(PATIENCE)
    listening = await stage.hands.listen("guard-after")
    again = await stage.speak(stage.cast.chief, "dam")
    await asyncio.sleep(AFTER_TALK)
    after = Scene((again,), await stage.hands.stop(listening))
    return Freeze(scene, after, gateway, frozen, thawed)


async def records(stage: Stage) -> Records:
    """Look what was recorded. What this tour has not said or warned yet is said and warned first."""
    if not stage.said:
        await speech(stage)
    if not stage.warned:
        await drill(stage)
    said, warned = stage.said[0], stage.warned[0]
    kept = [
        await _recorded(stage, "group", stage.cast.group, said.sound, said.wall),
        await _recorded(stage, "leg", said.device, said.sound, said.wall),
        await _recorded(stage, "broadcast", warned.id, warned.sound, 0.0),
    ]
    verdict = await stage.desk.verify()
    return Records(tuple(kept), verdict.ok, verdict.entries, verdict.reason)


async def _recorded(stage: Stage, kind: str, subject: str, reference: Samples, wall: float) -> Recorded:
    view = await _closed(stage, kind, subject, wall)
    what = subject if kind != "broadcast" else "warning"
    if view is None:
        return Recorded("", kind, what, "missing", "", None, reference, hash_ok=False)
    try:
        file = await stage.desk.recording(view.id)
    except DeskRefused as refused:
        stage.notes.append(f"recording: {refused}")
        return Recorded(view.id, kind, what, view.state, view.path, None, reference, hash_ok=False)
    same = hashlib.sha256(file).hexdigest() == view.sha
    return Recorded(view.id, kind, what, view.state, view.path, playable(file), reference, same)


async def _closed(stage: Stage, kind: str, subject: str, wall: float) -> RecordingView | None:
    """The recording that was running at `wall` (0 = the newest), when it is closed; None if there is none."""
    until = time.monotonic() + CLOSED_PATIENCE
    while True:
        views = await stage.desk.recordings(kind, subject)
        began = [view for view in views if not wall or view.started_wall <= wall + 1.0]
        if began and began[0].state != "open":
            return began[0]
        if time.monotonic() > until:
            return began[0] if began else None
        await asyncio.sleep(0.2)


CHAPTERS: dict[str, Callable[[Stage], Awaitable[object]]] = {
    "speech": speech,
    "floor": floor,
    "warning": warning,
    "drill": drill,
    "guard": guard,
    "records": records,
}
"""In the order in which they are played."""
