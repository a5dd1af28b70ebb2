"""Settings, board file and the folders they name."""

import os
from collections.abc import Iterator
from pathlib import Path

from firmware.technician.finding import Finding, found, well
from firmware.technician.patient import Patient
from hw.board_lines import Map27Line, PhoneLine, TetraLine
from hw.map27.profile import profile as map27_profile
from hw.phone.profile import load_profile as phone_profile
from hw.relay_board.profile import load_profile as relay_profile
from hw.rig.client import loopback
from hw.rig.profile import load_profile as rig_profile
from hw.sensors.profile import load_profile as sensor_profile
from hw.tetra.profile import profile as tetra_profile
from link.bus.socket_path import LONGEST
from link.hosting.settings import SettingsError


def settings(patient: Patient) -> Iterator[Finding]:
    """What gateway.toml and the board file say to each other."""
    voice, board = patient.settings.voice, patient.board
    where = str(patient.config)
    bad = [card.name for card in board.cards if card.rate_hz != voice.rate_hz]
    if bad:
        yield found("rate-mismatch", ", ".join(bad), f"rate_hz is not {voice.rate_hz}, the rate of [voice]")
    if voice.rtp_ports < 2 * voice.max_calls:
        yield found(
            "rtp-ports-few", where, f"rtp_ports = {voice.rtp_ports} for max_calls = {voice.max_calls}"
        )
    for label in patient.settings.labels.keys() - {line.id for line in board.lines}:
        yield found("label-unknown", where, f"[labels] names line {label!r}, which the board has not")
    for rig in board.rigs:
        if not rig.remote and not loopback(rig.host):
            yield found("rig-host", f"rig {rig.name}", f"host is {rig.host}, and rigctld has no password")
    for line in board.lines:
        if isinstance(line, PhoneLine) and line.pin_file:
            path = patient.settings.board.parent / line.pin_file
            if not patient.host.may(path, 4):
                yield found("pin-file", f"line {line.id}", f"{path} cannot be read")
    yield well(where, f"read; board {board.name} with {len(board.lines)} lines")


def profiles(patient: Patient) -> Iterator[Finding]:
    """Every profile that the board names."""
    board = patient.board
    named = [(f"line {x.id}", tetra_profile, x.profile) for x in board.lines if isinstance(x, TetraLine)]
    named += [(f"line {x.id}", map27_profile, x.profile) for x in board.lines if isinstance(x, Map27Line)]  # type: ignore[misc]
    named += [(f"line {x.id}", phone_profile, x.profile) for x in board.lines if isinstance(x, PhoneLine)]  # type: ignore[misc]
    named += [(f"rig {x.name}", rig_profile, x.profile) for x in board.rigs]  # type: ignore[misc]
    named += [(f"relay board {x.name}", relay_profile, x.profile) for x in board.relay_boards]  # type: ignore[misc]
    named += [(f"sensor {x.name}", sensor_profile, x.profile) for x in board.sensors]  # type: ignore[misc]
    for where, load, name in named:
        try:
            load(name)
        except SettingsError as error:
            yield found("profile-bad", where, str(error))
        else:
            yield well(where, f"profile {name}")


def folders(patient: Patient) -> Iterator[Finding]:
    """State and run folder."""
    both = (("state", patient.settings.state), ("run", patient.settings.run))
    for name, path in both:
        if patient.host.may(nearest(path), 3):
            yield well(name, str(path))
        else:
            yield found(f"{name}-not-writable", name, f"{path} cannot be written by user {patient.host.uid}")
    size = max(
        len(os.fsencode(path)) for path in (patient.settings.guard_socket, patient.settings.voice_socket)
    )
    if size > LONGEST:
        what = f"{patient.settings.guard_socket} has {size} bytes, at most {LONGEST} fit"
        yield found("run-path-long", "run", what)


def nearest(path: Path) -> Path:
    """The folder itself, or the one in which it would be made."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
