"""Two press together, equals or not: does everybody hear exactly one, the right one?"""

from scripts.town.checks.check import Check, Findings
from scripts.town.tour_evidence import Scene

GRAIN_MS = 60.0
CUT_IN_LIMIT_S = 0.6
"""Seconds in which the one who is cut off may still be heard: his last words are on their way."""


def _one_floor(scenes: dict[str, Scene], findings: Findings) -> None:
    scene = scenes["together"]
    first, second = scene.said
    winners = set()
    for name in scene.radios(but=(first.device, second.device)):
        heard = {said.device: scene.heard(name, said.sound) for said in (first, second)}
        for device, each in heard.items():
            findings.note(f"{name} hears {device}", each.share)
        talkers = [device for device, each in heard.items() if not each.absent]
        whole = [device for device, each in heard.items() if each.contained]
        findings.want(len(whole) == 1, f"{name} hears {' and '.join(whole) or 'nobody'}")
        findings.want(len(talkers) <= 1, f"on {name} two talk at once")
        winners.update(whole)
    findings.note("winner", ", ".join(sorted(winners)))
    findings.want(len(winners) <= 1, "the radios hear different talkers")
    for said in (first, second):
        other = second if said is first else first
        findings.want(scene.heard(said.device, said.sound).absent, f"{said.device} hears itself")
        findings.note(f"{said.device} hears {other.device}", scene.heard(said.device, other.sound).share)


def _priority(scenes: dict[str, Scene], findings: Findings) -> None:
    scene = scenes["chief"]
    low, high = scene.said
    findings.note("pressed later by ms", (high.carrier_on_ns - low.carrier_on_ns) / 1e6)
    for name in scene.radios(but=(low.device, high.device)):
        emitted = scene.emitted[name]
        important, ordinary = scene.heard(name, high.sound), scene.heard(name, low.sound)
        findings.note(f"{name} hears {high.device}", important.share)
        findings.note(f"{name} hears {low.device}", ordinary.share)
        if important.contained and ordinary.contained:
            findings.unknown = "two talk at once"
            continue
        findings.want(important.contained, f"{name} did not hear {high.device}")
        if important.contained:
            findings.note(f"{name} lost ms", important.lost_ms)
            findings.want(important.lost_ms <= GRAIN_MS, f"{name} lost {important.lost_ms:.0f} ms of it")
        if not ordinary.absent:
            after = (emitted.ns(ordinary.last) - high.carrier_on_ns) / 1e9
            findings.want(after <= CUT_IN_LIMIT_S, f"{name} heard {low.device} for {after:.1f} s")


FLOOR = (
    Check(
        "one-floor",
        "When two press together, every other radio emits only one of them, and all the same one.",
        _one_floor,
    ),
    Check("priority", "Of two who press together the one of higher priority is heard, whole.", _priority),
)
