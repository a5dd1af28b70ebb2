"""A drill to every loudspeaker of the fleet: how late each begins, and whether anything is told as played that was not.

The simulated gateways tell when their playout began; at the full ones the bench is listened to.
"""

import asyncio
import time
from dataclasses import dataclass, field, replace

import httpx

from central.readmodels import BroadcastView
from scripts.fleet_parts.gauges import quantiles
from scripts.fleet_parts.plan import ALL, SOUNDING
from scripts.fleet_parts.remote import Crowds
from scripts.town.listening import Samples, find
from scripts.town.tour_desk import Desk
from scripts.town.tour_hands import Hands
from scripts.town.town import Town
from scripts.town.trust import verify

TEXT = "All loudspeakers."
AFTER = 0.6


@dataclass(frozen=True)
class FanOut:
    """Milliseconds from the request to the order at a gateway (`door`) and to the first sound.

    `false`: lines told as played that were not heard.
    """

    door: dict[str, float] = field(default_factory=dict)
    simulated: dict[str, float] = field(default_factory=dict)
    sound: dict[str, float] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    false: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    answer_ms: float = 0.0
    over_s: float = 0.0


class Drill:
    """Asks for drills as a person does."""

    def __init__(self, town: Town, crowds: Crowds, hands: Hands) -> None:
        self._town, self._crowds, self._hands = town, crowds, hands
        token = next(iter(town.tokens.values()))
        self._client = httpx.AsyncClient(
            base_url=f"{town.api}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
            trust_env=False,
            verify=verify(town.ca),
        )

    async def rehearse(self) -> tuple[str, Samples]:
        """Sound it at the full gateways, so that everybody holds the clip; its hash and sound."""
        async with Desk(self._town.api, self._town.tokens, self._town.ca) as desk:
            asked = await desk.warn(SOUNDING, TEXT, "en", "drill")
            await desk.until_over(asked.id, 30.0)
            return asked.clip.sha, await desk.clip(asked.clip.sha)

    async def perform(self, sha: str, reference: Samples, limit: float) -> FanOut:
        """The measured one."""
        listening = await self._hands.listen("fan-out")
        began = time.monotonic_ns()
        asked = {"zones": [ALL], "text": TEXT, "voice": "en", "channel": "drill"}
        answer = await self._client.post("/broadcasts", json=asked)
        answered = time.monotonic_ns()
        answer.raise_for_status()
        view = BroadcastView.model_validate_json(answer.content)
        if view.clip.sha != sha:
            raise ValueError(f"clip {view.clip.sha[:12]} was spoken anew: nobody holds it")
        while not view.over and time.monotonic_ns() < began + limit * 1e9:
            await asyncio.sleep(max(1.0, len(view.targets) / 2000))
            seen = await self._client.get(f"/broadcasts/{view.id}")
            view = BroadcastView.model_validate_json(seen.content)
        over_s = (time.monotonic_ns() - began) / 1e9
        await asyncio.sleep(AFTER)
        emitted = await self._hands.stop(listening)
        told = await self._crowds.ask("plays")
        await self._client.aclose()
        started = {
            (gateway, play): at
            for each in told
            for gateway, plays in each["started"].items()
            for play, at in plays.items()
        }
        whole = {
            (gateway, play) for each in told for gateway, plays in each["whole"].items() for play in plays
        }
        door = [
            (min(after) - began) / 1e6
            for each in told
            for times in each["ordered"].values()
            if (after := [at for at in times if at > began])
        ]
        sound = {}
        for line, each in emitted.items():
            if line.endswith("/pa1"):
                heard = await asyncio.to_thread(find, reference, each.sound)
                if heard.contained:
                    sound[line] = round((each.start_ns - began) / 1e6 + heard.first * 1000, 1)
        found = _judged(view, began, started, whole, sound)
        took = round((answered - began) / 1e6, 1)
        return replace(found, door=quantiles(door), answer_ms=took, over_s=round(over_s, 1))


def _judged(
    view: BroadcastView,
    began: int,
    started: dict[tuple[str, str], int],
    whole: set[tuple[str, str]],
    sound: dict[str, float],
) -> FanOut:
    states: dict[str, int] = {}
    false, missing, simulated = [], [], []
    for target in view.targets:
        states[target.state] = states.get(target.state, 0) + 1
        play = (target.line.partition("/")[0], target.play)
        sounded = target.line in sound or play in whole
        if target.state == "played" and not sounded:
            false.append(target.line)
        if target.state != "played":
            missing.append(f"{target.line}: {target.state} {target.why}")
        if play in started:
            simulated.append((started[play] - began) / 1e6)
    return FanOut(
        simulated=quantiles(simulated),
        sound=sound,
        states=states,
        false=tuple(false),
        missing=tuple(missing),
    )
