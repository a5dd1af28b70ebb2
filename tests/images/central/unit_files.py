"""Reads systemd unit files as systemd does where it matters here: a key may stand several times, comments are alone."""

from pathlib import Path

UNITS = Path(__file__).resolve().parents[3] / "images" / "central" / "units"
SERVICES = ("spillway-core", "spillway-voice", "spillway-broker", "spillway-front", "spillway-edge")

Unit = dict[str, dict[str, list[str]]]


def read_unit(name: str) -> Unit:
    """Section -> key -> its values, in the order of the file."""
    unit: Unit = {}
    section = ""
    for line in (UNITS / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            unit[section] = {}
        elif line and not line.startswith("#"):
            key, sign, value = line.partition("=")
            assert sign, f"{name}: {line!r} is no setting"
            unit[section].setdefault(key, []).append(value)
    return unit


def service(name: str) -> dict[str, str]:
    """The [Service] section; each key stands once there."""
    found = read_unit(f"{name}.service")["Service"]
    assert all(len(values) == 1 for values in found.values()), f"{name}: a key stands twice"
    return {key: values[0] for key, values in found.items()}
