"""A gateway process stands still in the middle of a transmission: are its radios let go, and do they return?"""

from scripts.town.checks.check import Check, Findings
from scripts.town.tour_evidence import Freeze

LEASE_S = 2.0


def _frozen_unkeys(freeze: Freeze, findings: Findings) -> None:
    for name in (each for each in freeze.scene.radios() if each.startswith(f"{freeze.gateway}/")):
        emitted = freeze.scene.emitted[name]
        before = [at for at in emitted.times("ptt", 1) if at < freeze.frozen_ns]
        if not before:
            findings.unknown = f"{name} was not keyed when its gateway froze"
            continue
        falls = [at for at in emitted.times("ptt", 0) if at > freeze.frozen_ns]
        after = (falls[0] - freeze.frozen_ns) / 1e9 if falls else float("inf")
        findings.note(f"{name} let go after s", after if falls else None)
        findings.want(after <= LEASE_S, f"{name} was still keyed {LEASE_S:.0f} s after its gateway froze")


def _comes_back(freeze: Freeze, findings: Findings) -> None:
    said = freeze.after.said[0]
    for name in freeze.after.radios(but=(said.device,)):
        heard = freeze.after.heard(name, said.sound)
        findings.note(f"{name} share", heard.share)
        findings.want(heard.contained, f"{name} did not come back")


GUARD = (
    Check(
        "frozen-unkeys",
        f"When a gateway process freezes, its transmitters are off within {LEASE_S:.0f} s.",
        _frozen_unkeys,
    ),
    Check("comes-back", "Afterwards its radios are heard again without anybody's help.", _comes_back),
)
