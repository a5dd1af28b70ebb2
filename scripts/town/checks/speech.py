"""One radio speaks: is it heard on all the others, whole, in time, at its level, and nowhere else?"""

from scripts.town.checks.check import Check, Findings
from scripts.town.listening import Heard
from scripts.town.tour_evidence import Scene

GRAIN_MS = 20.0
"""Two frames of the measurement."""
MOST_GAPS_MS = 60.0
LEVEL_DB = 3.0
KEYED_LIMIT_MS = 250.0
UNKEYED_LIMIT_MS = 1200.0


def _listeners(scene: Scene, findings: Findings) -> list[tuple[str, Heard]]:
    """The other radios on which the speech is heard; those where it is not are another check's business."""
    said = scene.said[0]
    others = [(name, scene.heard(name, said.sound)) for name in scene.radios(but=(said.device,))]
    heard = [(name, each) for name, each in others if each.contained]
    if len(heard) < len(others):
        findings.unknown = "it was not heard everywhere"
    return heard


def _heard(scene: Scene, findings: Findings) -> None:
    said = scene.said[0]
    for name in scene.radios(but=(said.device,)):
        heard = scene.heard(name, said.sound)
        findings.note(f"{name} share", heard.share)
        findings.note(f"{name} likeness", heard.likeness)
        findings.note(f"{name} margin", heard.margin)
        findings.want(heard.contained, f"{name} did not emit it")


def _start_kept(scene: Scene, findings: Findings) -> None:
    for name, heard in _listeners(scene, findings):
        findings.note(f"{name} lost start ms", heard.lost_start_ms)
        findings.want(heard.lost_start_ms <= GRAIN_MS, f"{name}: {heard.lost_start_ms:.0f} ms are missing")


def _end_kept(scene: Scene, findings: Findings) -> None:
    for name, heard in _listeners(scene, findings):
        findings.note(f"{name} lost end ms", heard.lost_end_ms)
        findings.want(heard.lost_end_ms <= GRAIN_MS, f"{name}: {heard.lost_end_ms:.0f} ms are missing")


def _no_gaps(scene: Scene, findings: Findings) -> None:
    for name, heard in _listeners(scene, findings):
        findings.note(f"{name} gaps ms", heard.gaps_ms)
        findings.want(heard.gaps_ms <= MOST_GAPS_MS, f"{name}: {heard.gaps_ms:.0f} ms are missing in between")


def _level(scene: Scene, findings: Findings) -> None:
    for name, heard in _listeners(scene, findings):
        findings.note(f"{name} gain dB", heard.gain_db)
        findings.want(abs(heard.gain_db) <= LEVEL_DB, f"{name}: {heard.gain_db:+.1f} dB")


def _keyed_soon(scene: Scene, findings: Findings) -> None:
    said = scene.said[0]
    for name in scene.radios(but=(said.device,)):
        rises = [at for at in scene.emitted[name].times("ptt", 1) if at >= said.carrier_on_ns]
        if not rises:
            findings.unknown = f"{name} was not keyed at all"
            continue
        late_ms = (rises[0] - said.carrier_on_ns) / 1e6
        findings.note(f"{name} keyed after ms", late_ms)
        findings.want(late_ms <= KEYED_LIMIT_MS, f"{name}: keyed {late_ms:.0f} ms after the carrier")
        heard = scene.heard(name, said.sound)
        if heard.contained:
            lead_ms = (scene.emitted[name].ns(heard.first) - rises[0]) / 1e6
            findings.note(f"{name} keyed before the first word ms", lead_ms)
            findings.want(lead_ms > 0, f"{name}: spoke before it was keyed")


def _unkeyed_soon(scene: Scene, findings: Findings) -> None:
    said = scene.said[0]
    for name in scene.radios(but=(said.device,)):
        emitted = scene.emitted[name]
        if not emitted.was_on("ptt"):
            findings.unknown = f"{name} was not keyed at all"
            continue
        falls = [at for at in emitted.times("ptt", 0) if at >= said.carrier_off_ns]
        late_ms = (falls[-1] - said.carrier_off_ns) / 1e6 if falls else float("inf")
        findings.note(f"{name} unkeyed after ms", late_ms if falls else None)
        findings.want(
            late_ms <= UNKEYED_LIMIT_MS, f"{name}: still keyed {UNKEYED_LIMIT_MS:.0f} ms after the end"
        )


def _no_echo(scene: Scene, findings: Findings) -> None:
    said = scene.said[0]
    emitted = scene.emitted[said.device]
    heard = scene.heard(said.device, said.sound)
    findings.note("keyed", emitted.was_on("ptt"))
    findings.note("share", heard.share)
    findings.want(not emitted.was_on("ptt"), f"{said.device} was keyed by its own talk")
    findings.want(heard.absent, f"{said.device} emitted its own talk")


def _loudspeakers_silent(scene: Scene, findings: Findings) -> None:
    for name in scene.loudspeakers():
        emitted = scene.emitted[name]
        findings.note(f"{name} relay", emitted.was_on("relay"))
        findings.note(f"{name} sounded", emitted.sounding_ns is not None)
        findings.want(not emitted.was_on("relay"), f"the amplifier of {name} was on")
        findings.want(emitted.sounding_ns is None, f"{name} sounded")


SPEECH = (
    Check("heard", "What is said on one radio is heard on every other radio of its group.", _heard),
    Check("start-kept", f"Nothing of its start is lost (grain {GRAIN_MS:.0f} ms).", _start_kept),
    Check("end-kept", f"Nothing of its end is lost (grain {GRAIN_MS:.0f} ms).", _end_kept),
    Check("no-gaps", f"In between no more than {MOST_GAPS_MS:.0f} ms of speech are missing.", _no_gaps),
    Check("level", f"It is as loud as it was said, within {LEVEL_DB:.0f} dB.", _level),
    Check(
        "keyed-soon",
        f"The other radios are keyed before the first word, within {KEYED_LIMIT_MS:.0f} ms of the carrier.",
        _keyed_soon,
    ),
    Check(
        "unkeyed-soon", f"They are let go within {UNKEYED_LIMIT_MS / 1000:.1f} s of its end.", _unkeyed_soon
    ),
    Check("no-echo", "The talker's own radio is not keyed and does not emit it.", _no_echo),
    Check("loudspeakers-silent", "No loudspeaker takes part in radio talk.", _loudspeakers_silent),
)
