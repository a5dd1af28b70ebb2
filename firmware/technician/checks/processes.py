"""Guard, gateway and voice process: who runs, who holds whom, what the guard says of its outputs, voice ports.

A guard without a gateway is asked as a gateway would ask, orders nothing and leaves at once. Where a gateway is
connected it turns us away and names it, and nothing is disturbed.
"""

import contextlib
import errno
import os
import socket
import time
from collections.abc import Iterator

from firmware.technician.finding import Finding, found, unchecked, well
from firmware.technician.patient import Patient
from hw.guard.machine import Hello, Report
from hw.guard.protocol import LineSplitter, Malformed, Turned, Welcome, decode_reply, encode
from link.bus.socket_path import LONGEST


def guard(patient: Patient) -> Iterator[Finding]:
    """Whether the guard runs, has every output, and every output is off."""
    path = patient.settings.guard_socket
    if len(os.fsencode(path)) > LONGEST:
        yield unchecked("guard", f"the path {path} is too long for a socket")
        return
    try:
        replies = ask_guard(str(path), patient.patience)
    except OSError as error:
        holder = patient.host.lock_holder(path.with_name(path.name + ".lock"))
        if holder is not None:
            yield found(
                "guard-lock-held", "guard", f"process {holder} holds the lock, and {path}: {error.strerror}"
            )
        else:
            yield found("guard-not-running", "guard", f"{path}: {error.strerror}")
        return
    turned = next((reply for reply in replies if isinstance(reply, Turned)), None)
    if turned is not None:
        yield from _taken(patient, turned)
        return
    welcome = next((reply for reply in replies if isinstance(reply, Welcome)), None)
    if welcome is None:
        yield found("guard-silent", "guard", f"{path} takes a connection and says nothing")
        return
    yield from _outputs(patient, welcome, [reply for reply in replies if isinstance(reply, Report)])


def _taken(patient: Patient, turned: Turned) -> Iterator[Finding]:
    ours = {each.pid for each in patient.running("run")}
    pids = {int(word) for word in turned.why.split() if word.isdigit()}
    if ours and not pids <= ours:
        yield found("guard-taken", "guard", turned.why)
    else:
        yield well("guard", f"runs; {turned.why}")
        yield unchecked("outputs", "the running gateway has the guard; stop it to have its outputs looked at")


def _outputs(patient: Patient, welcome: Welcome, reports: list[Report]) -> Iterator[Finding]:
    names = {output.name for output in patient.board.outputs}
    missing = sorted(names - {report.out for report in reports})
    if missing:
        yield found("outputs-missing", "guard", f"it has {welcome.outputs} outputs, not {', '.join(missing)}")
    for report in reports:
        where = f"output {report.out}"
        if report.why == "pin-failed":
            yield found("output-failed", where, "its pin does not take its value")
        elif report.on:
            yield found(
                "output-on",
                where,
                f"on since {report.at_ns / 1e9:.0f} s of this computer's time ({report.why})",
            )
        elif report.why in ("longest", "locked"):
            yield found("output-locked", where, "off and locked")
        else:
            yield well(where, f"off ({report.why})")


def ask_guard(path: str, patience: float) -> list[Report | Welcome | Turned]:
    """What the guard says to a hello. OSError when nobody is there.

    It speaks first: whoever is turned away is told so and cut off, and what he says into that loses him the reason.
    """
    replies: list[Report | Welcome | Turned] = []
    splitter, until, greeted = LineSplitter(), time.monotonic() + patience, False
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(patience)
        sock.connect(path)
        with contextlib.suppress(TimeoutError, ConnectionError):
            while (left := until - time.monotonic()) > 0:
                sock.settimeout(min(left, 0.1) if greeted else left)
                data = sock.recv(65536)
                if not data:
                    break
                for line in splitter.take(data):
                    with contextlib.suppress(Malformed):
                        replies.append(decode_reply(line))
                if not greeted and any(isinstance(reply, Welcome) for reply in replies):
                    greeted = True
                    sock.sendall(encode(Hello()))
    return replies


def gateway(patient: Patient) -> Iterator[Finding]:
    """Each process at most once."""
    for process in ("run", "voice", "guard"):
        found_here = patient.running(process)
        where = f"gateway {process}"
        if len(found_here) > 1:
            yield found("gateway-twice", where, " and ".join(str(each) for each in found_here))
        elif found_here:
            yield well(where, f"runs (pid {found_here[0].pid})")
        else:
            yield unchecked(where, "does not run now")


def voice_ports(patient: Patient) -> Iterator[Finding]:
    """Whether the UDP ports for voice are free."""
    voice = patient.settings.voice
    first, last = voice.rtp_port, voice.rtp_port + voice.rtp_ports - 1
    where = f"UDP ports {first} to {last}"
    if patient.running("voice"):
        yield unchecked(where, "`gateway voice` is running and uses them")
        return
    used = [port for port in range(first, min(last, 65535) + 1) if _used(port)]
    if used:
        yield found("voice-ports-used", where, f"in use: {', '.join(map(str, used[:8]))}")
    else:
        yield well(where, "free")


def _used(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("0.0.0.0", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False
