"""Command to voice and mouth to ear, port to port: two gateways' engines and a voice node's, each a process."""

import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from link.voice.port import VoiceSettings, VoiceTls
from link.voice.secured import SECURE
from scripts.figures.figure import Budget, Figure, Load
from scripts.figures.voice_certificates import HOST, certificates
from scripts.figures.voice_end import serve
from scripts.town.ports import free_udp_block

NAMES = ("talker", "node", "listener")
PORTS = 64
SOUNDS_FOR, SILENT_FOR = 0.25, 0.25
SETTLE = 1.0
ROUNDS = 4
COMMAND = Budget(p50=40.0, p99=80.0)
MOUTH_TO_EAR = Budget(p50=45.0, p99=80.0)


class End:
    """A voice engine in another process; call its verbs as methods."""

    def __init__(self, settings: VoiceSettings) -> None:
        ours, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._pipe = ours
        self._process = context.Process(target=serve, args=(theirs, settings), daemon=True)
        self._process.start()
        theirs.close()

    def __getattr__(self, verb: str) -> Any:
        def call(*arguments: object) -> Any:
            self._pipe.send((verb, *arguments))
            return self._pipe.recv()

        return call

    def end(self) -> None:
        """Stop the process."""
        self._pipe.send(("stop",))
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()


def address(sip_port: int, secured: bool) -> str:
    """Where a node on this machine is dialled."""
    return f"sip:line@{HOST}:{sip_port}{SECURE if secured else ''}"


@contextmanager
def ends_up(codec: str, secured: bool) -> Iterator[tuple[End, End, End]]:
    """Talker, node and listener, with their legs up."""
    with tempfile.TemporaryDirectory() as folder:
        tls = certificates(Path(folder), *NAMES) if secured else {}
        yield from _legs(codec, [tls.get(name) for name in NAMES])


def _legs(codec: str, tls: list[VoiceTls | None]) -> Iterator[tuple[End, End, End]]:
    first = free_udp_block(len(NAMES) * PORTS)
    common = {"rtp_ports": PORTS, "codecs": (codec,), "max_calls": 8, "media_ports": 80}
    ends = tuple(
        End(VoiceSettings(**common, rtp_port=first + index * PORTS, tls=own))  # type: ignore[arg-type]
        for index, own in enumerate(tls)
    )
    try:
        talker, node, listener = ends
        ports = [end.start() for end in ends]
        for end, token in ((talker, "talker"), (listener, "listener")):
            node.expect(token, token)
            end.dial(address(ports[1], tls[1] is not None), token)
            end.await_leg()
            node.await_leg()
            end.join_card(token, end is talker)
        yield talker, node, listener
    finally:
        for end in ends:
            end.end()


def measure(tries: int, codec: str = "G722/16000", secured: bool = True) -> list[Figure]:
    """Both figures, about `tries` values each, over ROUNDS starts: the clocks of engines keep their phase."""
    commands: list[float] = []
    mouths: list[float] = []
    with Load() as load:
        for _ in range(ROUNDS):
            with ends_up(codec, secured) as (talker, node, listener):
                mouths += _mouths(talker, node, listener, -(-tries // ROUNDS))
            with ends_up(codec, secured) as (talker, node, listener):
                commands += _commands(talker, node, listener, -(-tries // ROUNDS))
    how = f"{codec}, {'TLS and SRTP' if secured else 'plain'}, {ROUNDS} starts"
    return [
        Figure("command → voice", "ms", tuple(commands), COMMAND, load.both, f"{how}, bridge order to frame"),
        Figure(
            "mouth → ear, port to port", "ms", tuple(mouths), MOUTH_TO_EAR, load.both, f"{how}, both legs"
        ),
    ]


def _pause(seconds: float) -> None:
    """With a little chance in it, so that tries do not march in step with the frames."""
    time.sleep(seconds + random.uniform(0, 0.02))


def _commands(talker: End, node: End, listener: End, tries: int) -> list[float]:
    """The talker's tone stands at the node; each bridge order lets it out."""
    talker.tone(True)
    time.sleep(SETTLE)
    values = []
    for _ in range(tries):
        before = len(listener.times()[1])
        ordered = node.bridge("talker", "listener")
        _pause(SOUNDS_FOR)
        heard = listener.times()[1][before:]
        node.part("talker", "listener")
        _pause(SILENT_FOR)
        values += [(heard[0] - ordered) * 1000] if heard else []
    return values


def _mouths(talker: End, node: End, listener: End, tries: int) -> list[float]:
    """The legs are joined; each tone is timed from the talker's card to the listener's."""
    node.bridge("talker", "listener")
    time.sleep(SETTLE)
    values = []
    for _ in range(tries):
        said_before, heard_before = (len(talker.times()[0]), len(listener.times()[1]))
        talker.tone(True)
        _pause(SOUNDS_FOR)
        talker.tone(False)
        _pause(SILENT_FOR)
        said, heard = talker.times()[0][said_before:], listener.times()[1][heard_before:]
        values += [(heard[0] - said[0]) * 1000] if said and heard else []
    return values
