"""Making entries, facts and stamps for tests of the outbox."""

from collections.abc import Callable
from pathlib import Path
from threading import Condition

from firmware.outbox.entries import Entry
from firmware.outbox.writer import OutboxWriter
from firmware.stamp import Stamp
from link.contract import facts, field_facts
from link.contract.batch import body_of
from link.contract.lanes import lane_of, rank_of
from link.contract.wire import Wire

BOOT = "aaaaaaaa.bbbbbbbb"


def stamp(n: int = 0) -> Stamp:
    return Stamp(1_700_000_000_000 + n, 1_000_000 + n, "ntp")


def talk(n: int = 1) -> facts.LineClosed:
    return facts.LineClosed(line="r1", seconds=n)


def level(n: int = 1) -> field_facts.SensorRead:
    return field_facts.SensorRead(sensor="level", value=n, unit="m")


def alarm(n: int = 1) -> field_facts.EmergencyCalled:
    return field_facts.EmergencyCalled(line="r1", talker=str(n))


def entry(seq: int, fact: Wire | None = None, epoch: int = 7, boot: str = BOOT) -> Entry:
    fact = fact or talk(seq)
    lane, rank = lane_of(type(fact)), rank_of(type(fact))
    return Entry(lane, epoch, seq, rank, boot, *stamp(seq), body=body_of(fact))


class Heard:
    """A sink that other threads call; `until` waits for what shall come."""

    def __init__(self) -> None:
        self.facts: list[object] = []
        self._turn = Condition()

    def __call__(self, fact: object) -> None:
        with self._turn:
            self.facts.append(fact)
            self._turn.notify_all()

    def of(self, kind: type) -> list:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def until(self, done: Callable[[], bool], limit: float = 10.0) -> None:
        with self._turn:
            assert self._turn.wait_for(done, limit), self.facts[-10:]


def started(path: Path, **more: int) -> tuple[OutboxWriter, Heard]:
    writer, heard = OutboxWriter(path, BOOT, **more), Heard()
    writer.start(heard)
    return writer, heard
