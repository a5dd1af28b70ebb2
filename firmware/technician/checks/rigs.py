"""Shortwave rigs behind rigctld: reads only; the word that keys does not exist here."""

import re
import socket
import time
from collections.abc import Iterator

from firmware.technician.finding import Finding, found, unchecked, well
from firmware.technician.patient import Patient
from hw.board_parts import RigPort
from hw.rig.client import advice, loopback
from hw.rig.profile import load_profile
from hw.rig.protocol import (
    GONE,
    NOT_HAD,
    Answer,
    Flag,
    GetFrequency,
    GetPtt,
    Refused,
    Splitter,
    encode,
    read,
)
from link.hosting.settings import SettingsError

MODEL = b"+\\dump_state\n"


def rigs(patient: Patient) -> Iterator[Finding]:
    """Every rig: is rigctld there, can it key, does its radio answer, is it the right one, does it rest."""
    for rig in patient.board.rigs:
        where = f"rig {rig.name}"
        if not rig.remote and not loopback(rig.host):
            yield unchecked(where, f"host {rig.host} is not this machine, see the settings")
            continue
        try:
            with socket.create_connection((rig.host, rig.port), timeout=2.0) as sock:
                yield from _ask(patient, rig, sock)
        except OSError as error:
            why = f"{rig.host}:{rig.port}: {error.strerror or error}; {advice(error.errno, f'{rig.host}:{rig.port}')}"
            yield found("rig-unreachable", where, why)


def _ask(patient: Patient, rig: RigPort, sock: socket.socket) -> Iterator[Finding]:
    where = f"rig {rig.name}"
    ptt = _answer(sock, encode(GetPtt()), "get_ptt", patient.patience)
    if ptt is None:
        yield found("rig-not-rigctld", where, f"{rig.host}:{rig.port} does not answer as rigctld does")
        return
    frequency = _answer(sock, encode(GetFrequency()), "get_freq", patient.patience)
    reading = None if frequency is None else read(GetFrequency(), frequency)
    keyed = read(GetPtt(), ptt)
    if isinstance(reading, Refused) and reading.code in GONE:
        yield found("rig-radio-silent", where, f"rigctld says: {reading.why}")
    elif isinstance(keyed, Refused) and keyed.code in NOT_HAD:
        yield found("rig-no-ptt", where, f"rigctld says: {keyed.why}")
    elif isinstance(keyed, Flag) and keyed.on and not patient.at_work:
        yield found("rig-ptt-on", where, "it transmits, and no gateway is running")
    else:
        yield well(where, "answers, can key" + ("" if isinstance(keyed, Flag) and keyed.on else ", rests"))
    yield from _model(rig, where, _answer(sock, MODEL, "dump_state", patient.patience))


def _model(rig: RigPort, where: str, state: Answer | None) -> Iterator[Finding]:
    """The second value of dump_state is hamlib's number of the model."""
    try:
        wanted = re.findall(r"-m (\d+)", load_profile(rig.profile).rigctld)
    except SettingsError as error:
        yield unchecked(where, str(error))
        return
    model = state.values[1].strip() if state is not None and len(state.values) > 1 else ""
    if not wanted:
        yield unchecked(where, f"profile {rig.profile} fits any model (this is {model or 'unknown'})")
    elif model.isdigit() and model not in wanted:
        yield found(
            "rig-wrong-model",
            where,
            f"model {model} answers, profile {rig.profile} is for {' or '.join(wanted)}",
        )


def _answer(sock: socket.socket, command: bytes, name: str, seconds: float) -> Answer | None:
    """The answer to one question, by its echo; None when none came."""
    splitter, until = Splitter(), time.monotonic() + seconds
    try:
        sock.sendall(command)
        while (left := until - time.monotonic()) > 0:
            sock.settimeout(left)
            data = sock.recv(8192)
            if not data:
                return None
            for answer in splitter.feed(data):
                if answer.name == name:
                    return answer
    except OSError:
        return None
    return None
