"""The doctor against real sockets: guard, broker, centre, rigctld, voice ports, each with the faults seeded."""

import asyncio
import fcntl
import json
import os
import socket
from dataclasses import replace

import pytest

from firmware.technician.checks import centre, processes, rigs
from firmware.technician.host import Host
from hw.bench.rigctld_port import RigctldPort
from link.bus.tls import TlsFiles
from tests.firmware.technician.site import kinds, patient_of, severities
from tests.system.doctor_site import closed_port, says
from tests.system.secured_site import secured
from tests.system.strange_authority import Authority

OUTPUT = {"output": [{"name": "p", "pin": 17, "longest": 70.0}]}


def lines(*messages: dict) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def state(on: int, why: str) -> dict:
    return {"op": "state", "out": "p", "on": on, "at_ns": 1, "why": why}


WELCOME = {"op": "welcome", "outputs": 1}
TURNED = {"op": "refused", "why": "the gateway process 4711 is connected already; only one may be"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (lines(WELCOME, state(0, "start")), []),
        (b"", ["guard-silent"]),
        (lines(WELCOME), ["outputs-missing"]),
        (lines(WELCOME, state(1, "feed")), ["output-on"]),
        (lines(WELCOME, state(0, "locked")), ["output-locked"]),
        (lines(WELCOME, state(0, "pin-failed")), ["output-failed"]),
        (lines(TURNED), []),
    ],
    ids=["well", "silent", "missing", "on", "locked", "failed", "taken"],
)
def test_what_the_guard_says_of_its_outputs(tmp_path, said, expected):
    patient = patient_of(tmp_path, OUTPUT)
    with says(lambda heard: b"", patient.settings.guard_socket, said):
        assert kinds(processes.guard(patient)) == expected


def test_a_guard_that_another_gateway_has_taken(tmp_path):
    patient = patient_of(tmp_path, OUTPUT)
    ours = patient.host.root / "proc" / "12"
    ours.mkdir(parents=True)
    (ours / "cmdline").write_bytes(b"\0".join((b"gateway", b"run", b"--config", os.fsencode(patient.config))))
    with says(lambda heard: b"", patient.settings.guard_socket, lines(TURNED)):
        assert kinds(processes.guard(patient)) == ["guard-taken"]


def test_no_guard_and_a_guard_whose_lock_is_held_though_nobody_answers(tmp_path):
    patient = patient_of(tmp_path, OUTPUT, host=Host())
    assert kinds(processes.guard(patient)) == ["guard-not-running"]
    with (patient.settings.run / "guard.sock.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = list(processes.guard(patient))
    assert kinds(iter(found)) == ["guard-lock-held"] and f"process {os.getpid()} " in found[0].what


def test_voice_ports_that_somebody_has(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("0.0.0.0", 0))
        port = sock.getsockname()[1]
        patient = patient_of(tmp_path, settings={"voice": {"rtp_port": min(port, 65000), "rtp_ports": 2}})
        expected = ["voice-ports-used"] if port <= 65001 else []
        assert kinds(processes.voice_ports(patient)) == expected
    assert kinds(processes.voice_ports(patient)) == []


# ---- broker and centre -------------------------------------------------------------------------------------


def connack(reason: int) -> bytes:
    return bytes((0x20, 0x03, 0x00, reason, 0x00))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (connack(0x00), []),
        (connack(0x86), ["broker-refuses"]),
        (connack(0x87), ["broker-refuses"]),
        (connack(0x84), ["broker-not-mqtt"]),
        (b"HTTP/1.1 400 Bad Request\r\n", ["broker-not-mqtt"]),
        (b"", ["broker-unreachable"]),
    ],
)
def test_the_broker(tmp_path, said, expected):
    heard = []

    def answer(data: bytes) -> bytes:
        heard.append(data)
        return said

    with says(answer) as port:
        access = {"host": "127.0.0.1", "port": port, "username": "gw", "password": "secret"}
        assert kinds(centre.broker(patient_of(tmp_path, settings={"broker": access}))) == expected
    assert (
        heard[0][:1] == b"\x10"
        and b"\x00\x04MQTT\x05\xc2" in heard[0]
        and heard[0].endswith(b"\x00\x06secret")
    )


def test_a_secured_broker_and_certificates_that_it_does_not_believe(tmp_path):
    with secured(tmp_path) as site:
        broker = {"port": site.port}

        def said(files: TlsFiles) -> list[str]:
            told = {"ca": files.ca, "certificate": files.certificate, "key": files.key}
            return kinds(centre.broker(patient_of(tmp_path, settings={"broker": broker, "tls": told})))

        good = site.files["g-one"]
        assert said(good) == []
        (tmp_path / "else").mkdir()
        theirs = Authority(tmp_path / "else", "theirs")
        assert said(replace(theirs.issue("g-one"), ca=good.ca)) == ["broker-tls"]
        assert said(replace(good, ca=theirs.ca)) == ["broker-tls"]
        assert said(replace(good, key=tmp_path / "missing")) == ["broker-tls"]
        assert kinds(centre.broker(patient_of(tmp_path, settings={"broker": broker}))) == [
            "broker-unreachable"
        ]


def test_no_broker_and_one_that_is_not_greeted_while_the_gateway_runs(tmp_path):
    patient = patient_of(tmp_path, settings={"broker": {"port": closed_port()}})
    assert kinds(centre.broker(patient)) == ["broker-unreachable"]
    folder = patient.host.root / "proc" / "12"
    folder.mkdir(parents=True)
    (folder / "cmdline").write_bytes(
        b"\0".join((b"gateway", b"run", b"--config", os.fsencode(patient.config)))
    )
    heard = []
    with says(lambda data: heard.append(data) or b"") as port:
        running = patient_of(tmp_path, settings={"broker": {"port": port}}, host=patient.host)
        assert severities(centre.broker, running) == ["well", "unchecked"]
    assert heard == []


@pytest.mark.parametrize(
    ("code", "token", "expected"),
    [
        (404, "a" * 20, []),
        (401, "a" * 20, ["centre-refuses"]),
        (403, "a" * 20, ["centre-refuses"]),
        (500, "a" * 20, ["centre-unreachable"]),
        (404, "", ["centre-no-token"]),
    ],
)
def test_the_centre(tmp_path, code, token, expected):
    answer = f"HTTP/1.1 {code} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with says(lambda heard: answer if heard.startswith(b"GET /api/v1/blob/000") else b"") as port:
        told = {"centre": {"url": f"http://127.0.0.1:{port}", "token": token}}
        assert kinds(centre.centre(patient_of(tmp_path, settings=told))) == expected


def test_no_centre(tmp_path):
    told = {"centre": {"url": f"http://127.0.0.1:{closed_port()}", "token": "a" * 20}}
    assert kinds(centre.centre(patient_of(tmp_path, settings=told))) == ["centre-unreachable"]


# ---- rigctld -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        ("normal", []),
        ("no_ptt", ["rig-no-ptt"]),
        ("hand_key", ["rig-ptt-on"]),
        ("radio_gone", ["rig-radio-silent"]),
        ("silent", ["rig-not-rigctld"]),
        ("gone", ["rig-unreachable"]),
    ],
)
async def test_rigctld_and_its_radio(tmp_path, verb, expected):
    bench = RigctldPort()
    await bench.listen()
    try:
        await bench.perform(verb)
        patient = patient_of(tmp_path, {"rig": [{"name": "h", "port": bench.port}]})
        assert kinds(iter(await asyncio.to_thread(list, rigs.rigs(patient)))) == expected
        assert bench.model.ptt == (verb == "hand_key")
    finally:
        bench.shut()


def test_rigctld_of_another_model(tmp_path):
    answers = {
        b"+\\get_ptt\n": b"get_ptt:\nPTT: 0\nRPRT 0\n",
        b"+\\get_freq\n": b"get_freq:\nFrequency: 5310000\nRPRT 0\n",
        b"+\\dump_state\n": b"dump_state:\n1\n1\n0\nRPRT 0\n",
    }
    with says(lambda heard: answers.get(heard, b"")) as port:
        rig = {"name": "h", "port": port}
        told = {"rig": [{**rig, "profile": "codan-envoy"}]}
        assert kinds(rigs.rigs(patient_of(tmp_path, told))) == ["rig-wrong-model"]
        answers[b"+\\dump_state\n"] = b"dump_state:\n1\n34002\n0\nRPRT 0\n"
        assert kinds(rigs.rigs(patient_of(tmp_path, told))) == []
