"""What the gateway's check of a live command takes: three signatures, the rules and the commit on this disk."""

import queue
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from firmware.authority.machine import Check
from firmware.authority.messages import Begin, CommandCame, Commit
from firmware.authority.nonces import Nonces
from firmware.authority.trust import Trust
from firmware.authority.writer import AuthorityWriter
from link.contract.authority import Authority, encode_raw
from link.contract.batch import command_for, decode_command, encode_command, sender_of
from link.contract.keyring import KeyRing, encode_ring
from link.contract.orders import PlayClip
from link.contract.signed import Purpose, Signature, Signed, encode_signed, kid_of, to_sign
from link.sealing.signing import make_pair, sign, verify
from scripts.figures.figure import Budget, Figure, Load

WALL = 1_700_000_000
SHA = "ab" * 32
PAIRS = {name: make_pair() for name in ("root", "ada", "bo", "runner")}
BUDGET_MS = 10.0


def _row(name: str, purpose: Purpose, raw: bytes) -> Signature:
    private, public = PAIRS[name]
    return Signature(kid=kid_of(public), sig=sign(private, to_sign(purpose, raw)))


def _signed(purpose: Purpose, raw: bytes, *names: str) -> bytes:
    return encode_signed(Signed(raw, tuple(_row(name, purpose, raw) for name in names)))


def _trust() -> Trust:
    uses = {"ada": "live", "bo": "live", "runner": "runner"}
    keys = [
        {"kid": kid_of(PAIRS[name][1]), "public": PAIRS[name][1], "use": use, "holder": name}
        | {"not_after": WALL + 86_400}
        for name, use in uses.items()
    ]
    root = PAIRS["root"][1]
    ring = KeyRing.model_validate({"rev": 1, "iat": WALL, "root": root, "keys": keys})
    return Trust("gw-a", root=root, verify=verify).with_ring(_signed("sw-keys-v1", encode_ring(ring), "root"))


def _command(number: int) -> bytes:
    name = f"b-{number}"
    fields = {"id": name, "ch": "live", "clips": (SHA,), "lines": ("gw-a/pa1",), "by": "ada", "iat": WALL}
    authority = Authority.model_validate(fields | {"not_before": WALL, "not_after": WALL + 600})
    order = PlayClip(play=f"{name}.pa1", line="pa1", sha=SHA, size=1000, seconds=3.0)
    more = {"ch": "live", "auth": name, "doc": _signed("sw-auth-v1", encode_raw(authority), "ada", "bo")}
    command = command_for(order, "gw-a", number, WALL, **more)
    raw = decode_command(encode_command(command))[2].raw
    return encode_command(command, kid_of(PAIRS["runner"][1]), (_row("runner", "sw-cmd-v1", raw),))


def measure(tries: int) -> list[Figure]:
    """From the bytes of a live command to the moment at which it may sound, one at a time; and without the disk."""
    payloads = [_command(number) for number in range(1, tries + 1)]
    whole, checks = list[float](), list[float]()
    with Load() as load, tempfile.TemporaryDirectory() as folder:
        inbox: queue.Queue[object] = queue.Queue()
        writer = AuthorityWriter(Path(folder) / "authority.db")
        check = replace(Check(_trust(), Nonces(bytes(16))), ill="")
        writer.start(inbox.put)
        for payload in payloads:
            begun = time.perf_counter()
            command, order, signed = decode_command(payload)
            came = CommandCame(command, order, sender_of(payload), signed, float(WALL), trusted=True)
            check, effects = check.handle(came, 0.0)
            checks.append((time.perf_counter() - begun) * 1000)
            for effect in effects:
                if isinstance(effect, Commit):
                    writer.ask(effect)
            check, effects = check.handle(inbox.get(), 0.0)
            if not any(isinstance(effect, Begin) for effect in effects):
                raise OSError("the disk does not take what the check writes")
            whole.append((time.perf_counter() - begun) * 1000)
        writer.stop()
    budget, on_loop = Budget(p50=BUDGET_MS), Budget(p99=5.0)
    return [
        Figure("class A command: check with commit", "ms", tuple(whole), budget, load.both),
        Figure(
            "class A command: check on the loop, without the disk", "ms", tuple(checks), on_loop, load.both
        ),
    ]
