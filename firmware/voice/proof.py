"""Proof of sound in the voice process: gathers for each playing, judges it aside, tells what is proved of it.

A playing of which nothing was gathered is told as unknown: whoever waits for a proof gets an answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from firmware.voice.channel import CountingSink
from firmware.voice.witness import Tap, Witness
from hw.proof.collect import Evidence
from hw.proof.judge import Proof, ProofSettings, judge
from link.contract import neighbour as say
from link.contract.wire import Wire
from link.hosting.clock import Clock
from link.voice.port import FrameSink

log = logging.getLogger(__name__)

AFTER = 0.5
"""Seconds that are gathered after the end of a playing."""


async def judge_aside(evidence: Evidence, settings: ProofSettings) -> Proof:
    """Judge in a thread: ten minutes of evidence take longer than the loop may be held up."""
    return await asyncio.to_thread(judge, evidence, settings)


@dataclass
class Watched:
    """One loudspeaker line."""

    witness: Witness
    settings: ProofSettings


@dataclass
class Prover:
    """`watch` each loudspeaker line before its card is added to the rack; then `obey`."""

    tell: Callable[[Wire], object]
    clock: Clock
    judging: Callable[[Evidence, ProofSettings], Awaitable[Proof]] = judge_aside
    lines: dict[str, Watched] = field(default_factory=dict)
    _endings: set[asyncio.Task[None]] = field(default_factory=set)

    def watch(self, line: str, ampere: float = 0.0) -> Witness:
        """Begin to watch `line`; `ampere`: what its amplifier takes at least when it is driven (0: no sensor)."""
        self.lines[line] = Watched(Witness(), ProofSettings(ampere=ampere))
        return self.lines[line].witness

    def tap(self, line: str, sink: CountingSink) -> FrameSink:
        """The playback side of `line`'s card, witnessed if the line is watched."""
        return Tap(sink, self.lines[line].witness) if line in self.lines else sink

    def obey(self, order: say.GatherProof | say.RelaySeen) -> None:
        """Carry out one order."""
        watched = self.lines.get(order.line)
        match order:
            case say.RelaySeen(on=on, ampere=ampere) if watched is not None:
                watched.witness.seen(on, ampere)
            case say.GatherProof(play=play, judge=False) if watched is not None:
                watched.witness.begin(play)
            case say.GatherProof(judge=True):
                task = asyncio.create_task(self._end(order, watched))
                self._endings.add(task)
                task.add_done_callback(self._endings.discard)

    async def _end(self, order: say.GatherProof, watched: Watched | None) -> None:
        await self.clock.sleep_until(self.clock.now() + AFTER)
        evidence = watched.witness.end(order.play) if watched is not None else None
        proof = Proof("unknown", "nothing was gathered")
        if watched is not None and evidence is not None:
            proof = await self.judging(evidence, watched.settings)
        log.info("play=%s sound=%s why=%s share=%s", order.play, proof.verdict, proof.why, proof.share)
        fields = {"play": order.play, "line": order.line, "verdict": proof.verdict, "why": proof.why}
        figures = {"share": proof.share, "correlation": proof.correlation, "rise": proof.rise}
        self.tell(say.SoundJudged.model_validate(fields | figures))

    def forget(self) -> None:
        """The gateway process is gone, or all ends: nobody waits for a proof."""
        for task in tuple(self._endings):
            task.cancel()
        for watched in self.lines.values():
            watched.witness.forget()
