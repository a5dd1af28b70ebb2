"""A broadcast on a hand-turned clock, for its tests: says what the gateways say, keeps what was ordered."""

import math
from dataclasses import replace
from typing import Any

from central.broadcasts.asked import Asked, Clip
from central.broadcasts.machine import Broadcast
from central.broadcasts.messages import (
    ClipTold,
    Result,
)
from link.contract import facts
from link.hosting.machine import Tick

SHA = "a" * 64
LINES = ("gw-a/pa1", "gw-a/pa2", "gw-b/pa1")
SECONDS = 10.0
WALL = 1_700_000_000.0


def asked(channel: str = "test", **more: object) -> Asked:
    fields: dict[str, object] = {"id": "b1", "clip": Clip(SHA, 320_044, SECONDS, "flood"), "targets": LINES}
    return Asked(**{**fields, "channel": channel, "by": "wang", "zones": ("north",), **more})  # type: ignore[arg-type]


class Bench:
    """A broadcast with its clock and everything it ever asked for."""

    def __init__(self, channel: str = "test", online: tuple[str, ...] = ("gw-a", "gw-b"), **more: object):
        self.now = 1000.0
        self.machine = Broadcast.ask(asked(channel, **more), self.now, WALL, frozenset(online))
        self.effects: list[tuple[float, object]] = []
        self.tick()

    def tell(self, event: object) -> tuple[object, ...]:
        self.machine, effects = self.machine.handle(event, self.now)
        self.effects += [(self.now, effect) for effect in effects]
        deadline = self.machine.deadline
        assert deadline is None or deadline > self.now, "the runner would spin"
        truth = replace(self.machine, due=-math.inf).deadline
        assert truth is None or (deadline is not None and deadline <= truth), "something would be missed"
        return effects

    def tick(self) -> None:
        deadline = self.machine.deadline
        if deadline is not None and deadline <= self.now:
            self.tell(Tick())

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (deadline := self.machine.deadline) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            self.tell(Tick())
        self.now = end

    def of(self, kind: type) -> list[Any]:
        return [effect for _, effect in self.effects if isinstance(effect, kind)]

    def states(self) -> dict[str, str]:
        return {line: target.state for line, target in self.machine.targets.items()}

    def answer(self, line: str, s: str = "accepted", why: str = "") -> None:
        gateway, _, name = line.partition("/")
        command = f"b1.{name}.{self.machine.targets[line].renewals}"
        self.tell(Result(gateway, facts.CommandResult.model_validate({"id": command, "s": s, "why": why})))

    def started(self, line: str, sha: str = SHA) -> None:
        gateway, _, name = line.partition("/")
        self.tell(ClipTold(gateway, facts.ClipStarted(play=f"b1.{name}", line=name, sha=sha)))

    def finished(self, line: str, result: str = "played", played: float = SECONDS) -> None:
        gateway, _, name = line.partition("/")
        fact = {"play": f"b1.{name}", "line": name, "result": result, "played": played}
        self.tell(ClipTold(gateway, facts.ClipFinished.model_validate(fact)))

    def stop_answer(self, line: str, renewal: int | None = None) -> None:
        gateway, _, name = line.partition("/")
        renewal = self.machine.targets[line].renewals if renewal is None else renewal
        self.tell(Result(gateway, facts.CommandResult(id=f"b1.{name}.stop.{renewal}-1", s="accepted")))


# ---- ordinary courses --------------------------------------------------------------------------------------
