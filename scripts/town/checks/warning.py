"""Warnings from loudspeakers while radios talk: the right ones, there and nowhere else, when two agreed."""

from scripts.town.checks.check import Check, Findings
from scripts.town.listening import loudness_dbfs
from scripts.town.tour_evidence import Emitted, Warned, Warning

IN_TIME_S = 3.0
GRAIN_MS = 40.0
MOST_GAPS_MS = 60.0
LEVEL_DB = 3.0
LOUDNESS = (-26.0, -14.0)
"""dBFS between which a warning must sound, whatever its clip."""
RELAY_LIMIT_S = 2.0
TALK_LOST_MS = 100.0


def _speaker(warning: Warning, findings: Findings) -> Emitted | None:
    emitted = warning.scene.emitted[warning.zone[0]]
    if emitted.sounding_ns is None:
        findings.unknown = f"{emitted.device} did not sound"
        return None
    return emitted


def _found(warning: Warning, findings: Findings) -> list[tuple[Warned, int, int]]:
    """Each warning that was heard, with the moments (ns) of its first and last word."""
    emitted = _speaker(warning, findings)
    found = []
    for warned in warning.warnings if emitted else ():
        assert emitted is not None
        heard = warning.scene.heard(emitted.device, warned.sound)
        if heard.contained:
            found.append((warned, emitted.ns(heard.first), emitted.ns(heard.last)))
        else:
            findings.unknown = f"the {warned.language} warning was not heard"
    return found


def _two_persons(warning: Warning, findings: Findings) -> None:
    for name in warning.scene.loudspeakers():
        emitted = warning.scene.emitted[name]
        approved = min(warned.approved_ns for warned in warning.warnings)
        early = [at for at in emitted.times("relay", 1) if at < approved]
        findings.note(f"{name} switched on before", len(early))
        findings.want(not early, f"{name} was switched on before the second person agreed")
        span = emitted.sounding_ns
        findings.want(span is None or span[0] >= approved, f"{name} sounded before the second person agreed")


def _right_zone(warning: Warning, findings: Findings) -> None:
    for name in warning.scene.loudspeakers():
        emitted = warning.scene.emitted[name]
        wanted, sounded = name in warning.zone, emitted.sounding_ns is not None
        findings.note(f"{name} sounded", sounded)
        findings.want(sounded == wanted, f"{name} {'stayed silent' if wanted else 'sounded'}")
        findings.want(wanted or not emitted.was_on("relay"), f"the amplifier of {name} was on")


def _right_warning(warning: Warning, findings: Findings) -> None:
    emitted = _speaker(warning, findings)
    for warned in warning.warnings if emitted else ():
        assert emitted is not None
        heard = warning.scene.heard(emitted.device, warned.sound)
        findings.note(f"{warned.language} share", heard.share)
        findings.note(f"{warned.language} likeness", heard.likeness)
        findings.want(heard.contained, f"the {warned.language} warning was not heard")


def _in_time(warning: Warning, findings: Findings) -> None:
    free_ns = 0
    for warned, first, last in _found(warning, findings):
        late = (first - max(warned.approved_ns, free_ns)) / 1e9
        findings.note(f"{warned.language} began after s", late)
        findings.want(late <= IN_TIME_S, f"the {warned.language} warning began {late:.1f} s late")
        findings.want(
            first >= free_ns, f"the {warned.language} warning began before the one before had ended"
        )
        free_ns = last


def _whole(warning: Warning, findings: Findings) -> None:
    for warned, _, _ in _found(warning, findings):
        heard = warning.scene.heard(warning.zone[0], warned.sound)
        for what, lost, most in (
            ("start", heard.lost_start_ms, GRAIN_MS),
            ("end", heard.lost_end_ms, GRAIN_MS),
            ("gaps", heard.gaps_ms, MOST_GAPS_MS),
        ):
            findings.note(f"{warned.language} lost {what} ms", lost)
            findings.want(lost <= most, f"the {warned.language} warning lacks {lost:.0f} ms ({what})")


def _loudness(warning: Warning, findings: Findings) -> None:
    for warned, first, last in _found(warning, findings):
        emitted = warning.scene.emitted[warning.zone[0]]
        start, end = ((at - emitted.start_ns) * 16 // 1_000_000 for at in (first, last))
        loud = loudness_dbfs(emitted.sound[start:end])
        gain = warning.scene.heard(emitted.device, warned.sound).gain_db
        findings.note(f"{warned.language} dBFS", loud)
        findings.note(f"{warned.language} gain dB", gain)
        findings.want(
            LOUDNESS[0] <= loud <= LOUDNESS[1], f"the {warned.language} warning has {loud:.1f} dBFS"
        )
        findings.want(abs(gain) <= LEVEL_DB, f"the {warned.language} warning has {gain:+.1f} dB")


def _relay(warning: Warning, findings: Findings) -> None:
    emitted = _speaker(warning, findings)
    if emitted is None or emitted.sounding_ns is None:
        return
    first, last = emitted.sounding_ns
    on, off = emitted.times("relay", 1), emitted.times("relay", 0)
    findings.want(bool(on) and on[0] < first, "it sounded before the amplifier was switched on")
    findings.note("on before the first sound s", (first - on[0]) / 1e9 if on else None)
    late = (off[-1] - last) / 1e9 if off and off[-1] > last else None
    findings.note("off after the last sound s", late)
    findings.want(
        late is not None and late <= RELAY_LIMIT_S,
        f"the amplifier was still on {RELAY_LIMIT_S:.0f} s after the end",
    )


def _talk_undisturbed(warning: Warning, findings: Findings) -> None:
    scene = warning.scene
    for said in scene.said:
        for name in scene.radios(but=(said.device,)):
            heard = scene.heard(name, said.sound)
            findings.note(f"{said.device} to {name} lost ms", heard.lost_ms)
            findings.want(heard.contained, f"{name} did not hear {said.device}")
            findings.want(
                not heard.contained or heard.lost_ms <= TALK_LOST_MS,
                f"{name} lost {heard.lost_ms:.0f} ms of {said.device}",
            )
    for name in scene.radios():
        for warned in warning.warnings:
            findings.want(
                scene.heard(name, warned.sound).absent, f"{name} emitted the {warned.language} warning"
            )


def _drill(warning: Warning, findings: Findings) -> None:
    drill = warning.warnings[0]
    heard = warning.scene.heard(warning.zone[0], drill.sound)
    findings.note("share", heard.share)
    findings.want(heard.contained, "the drill was not heard")


WARNING = (
    Check("two-persons", "A live warning does not sound before a second person agreed.", _two_persons),
    Check("right-zone", "The loudspeakers of the zone sound, and no others.", _right_zone),
    Check("right-warning", "What sounds is what was ordered, in both languages.", _right_warning),
    Check("in-time", f"Each begins within {IN_TIME_S:.0f} s, one after the other.", _in_time),
    Check(
        "whole-warning", "Nothing of a warning is lost: the amplifier is warm before its first word.", _whole
    ),
    Check(
        "loudness",
        f"Warnings are as loud as their clips, {LOUDNESS[0]:.0f} to {LOUDNESS[1]:.0f} dBFS.",
        _loudness,
    ),
    Check(
        "amplifier",
        f"The amplifier is on before the first sound and off {RELAY_LIMIT_S:.0f} s after the last.",
        _relay,
    ),
    Check(
        "talk-undisturbed", "Radio talk goes on whole during a warning, and without it.", _talk_undisturbed
    ),
)
DRILL = (Check("drill", "A drill sounds at one person's word.", _drill),)
