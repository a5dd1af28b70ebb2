"""The town in which families of bearers are measured, and what is done in it: presses, words, calls, warnings.

The shipped relief town with a loudspeaker on a relay board, and two more analog radios that share a second group
with the phone. Works through bench and API only; every time is CLOCK_MONOTONIC in ns, which gateway and bench share.
"""

import asyncio
import time
from dataclasses import dataclass, replace

import httpx
import numpy as np

from scripts.town.alignment import FRAME, power
from scripts.town.listening import RATE_HZ, Samples
from scripts.town.phrases import QUIET, phrase
from scripts.town.plan import TOWNS, GroupPlan, Instrument, Loudspeaker, Radio, TownPlan, ZonePlan
from scripts.town.tour_desk import Desk
from scripts.town.tour_evidence import Said, Scene
from scripts.town.tour_hands import Hands
from scripts.town.town import Town
from scripts.town.town_file import load_town
from scripts.town.trust import verify

GATEWAY = "gw-relief"
ZONE = "camp"
GRANT_MS = 100.0
"""What the bench's networks take to grant while nothing is wrong."""
PRESSED = 0.35
WORD = 0.4
SHORTEST, LONGEST = 1.0, 1.5
AFTER = 0.25
PATIENCE = 8.0
SOMEBODY = "13800138000"
TEXT = "This is a test of the loudspeakers."


@dataclass(frozen=True)
class Family:
    """A kind of bearer: its line, the analog radio of its group, what shows there that somebody talks (`cos`, or
    the sound itself where nothing does), its network's delay for a grant and its way to the far person, in ms."""

    name: str
    line: str
    mate: str
    cos: bool = True
    grant_ms: float = 0.0
    way_ms: float = 0.0

    @property
    def device(self) -> str:
        """The bench device."""
        return f"{GATEWAY}/{self.line}"

    @property
    def radio(self) -> str:
        """The analog radio's bench device."""
        return f"{GATEWAY}/{self.mate}"


FAMILIES = (
    Family("analog radio", "r3", "r2"),
    Family("TETRA", "t1", "r1", grant_ms=GRANT_MS),
    Family("MAP27", "m1", "r1", grant_ms=GRANT_MS),
    Family("shortwave", "hf", "r1", cos=False),
    Family("phone", "sat", "r2", cos=False, way_ms=270.0),
)
KEYED = tuple(family for family in FAMILIES if family.line != "sat")
"""Those with a transmitter to key; a phone in a call has none."""


def family_plan() -> TownPlan:
    """One gateway with a line of every family."""
    plan = load_town(TOWNS / "relief.toml")
    (gateway,) = plan.gateways
    first = gateway.radios[0]
    more = tuple(
        Radio(
            line,
            first.frequency_hz + 1_000_000 * number,
            9 + 2 * number,
            10 + 2 * number,
            f"Camp {number + 1}",
        )
        for number, line in enumerate(("r2", "r3"), 1)
    )
    speaker = Loudspeaker("pa1", None, "Siren", relays="relays", coil=0, zone_coils=(1,))
    gateway = replace(
        gateway,
        radios=(*gateway.radios, *more),
        loudspeakers=(speaker,),
        instruments=(Instrument("relays", "relays", 1),),
    )
    calls = GroupPlan("calls", "calls", tuple((f"{GATEWAY}/{line}", 5) for line in ("r2", "r3", "sat")))
    zone = ZonePlan(ZONE, ZONE, (f"{GATEWAY}/pa1",))
    return replace(plan, gateways=(gateway,), groups=(*plan.groups, calls), zones=(zone,))


def saying() -> Samples:
    """Two words of a human voice, a good second, that begin and end with speech."""
    sound = phrase("dam")
    levels = power(sound)
    first, last = (round(seconds * RATE_HZ / FRAME) for seconds in (SHORTEST, LONGEST))
    cut = first + int(np.argmin(levels[first:last]))
    loud = np.flatnonzero(levels[:cut] > QUIET * levels.max())
    return sound[: (loud[-1] + 1) * FRAME]


class FamilyTown:
    """Things done in the running town; each returns edges."""

    def __init__(self, town: Town, desk: Desk) -> None:
        self.town = town
        self.devices = tuple(f"{GATEWAY}/{line}" for line in town.plan.gateways[0].labels)
        self.hands = Hands(town.bench_socket, town.folder / "said", self.devices)
        self.said = saying()
        self._desk = desk
        token = next(iter(town.tokens.values()))
        self._api = {
            "base_url": town.api + "/api/v1",
            "headers": {"Authorization": f"Bearer {token}"},
            "verify": verify(town.ca),
        }

    async def ask(self, method: str, path: str, **more: object) -> object:
        """The centre's API. httpx.HTTPError."""
        async with httpx.AsyncClient(**self._api, timeout=20, trust_env=False) as client:  # type: ignore[arg-type]
            return (await client.request(method, path, **more)).raise_for_status().json()  # type: ignore[arg-type]

    async def edge(self, device: str, what: str, since_ns: int) -> int | None:
        """When this first went on, from then on."""
        reply = await self.hands.ask("edges", device=device, since_ns=since_ns)
        on = (e["t_ns"] for e in reply["edges"] if (e["what"], e["value"]) == (what, 1))
        return next(on, None)

    async def until_edge(self, device: str, what: str, since_ns: int) -> int | None:
        """The same, waited for."""
        until = time.monotonic() + PATIENCE
        while (at := await self.edge(device, what, since_ns)) is None and time.monotonic() < until:
            await asyncio.sleep(0.01)
        return at

    async def quiet(self) -> None:
        """Until nothing is keyed or sounds."""
        await self.hands.until_quiet(PATIENCE)
        await asyncio.sleep(AFTER)

    async def clear(self) -> None:
        """The network ends the call of the MAP27 radio, if one is up."""
        await self.hands.ask("person", device=f"{GATEWAY}/m1", act="hang_up")
        await asyncio.sleep(2 * AFTER)

    async def press(self, mate: str) -> int:
        """Somebody presses at an analog radio and lets go; when its squelch opened."""
        radio = f"{GATEWAY}/{mate}"
        since = int((await self.hands.ask("key", device=radio))["t_ns"])
        await asyncio.sleep(PRESSED)
        await self.hands.ask("unkey", device=radio)
        return await self.edge(radio, "cos", since) or since

    async def say(self, family: Family, seconds: float) -> int:
        """Somebody says the first `seconds` at the family's device; when it showed there."""
        said = await self.hands.speak(family.device, self.said[: int(seconds * RATE_HZ)])
        return await self.shown(family, said)

    async def shown(self, family: Family, said: Said) -> int:
        """When what was said showed at the family's device: its edge, or the sound's begin as it arrives there."""
        arrived = said.audio_start_ns + int(family.way_ms * 1e6)
        return (
            (await self.edge(family.device, "cos", said.carrier_on_ns) or arrived) if family.cos else arrived
        )

    async def over(self, device: str) -> Scene:
        """Somebody says all of it, all devices are listened to until it is quiet."""
        listening = await self.hands.listen("over")
        said = await self.hands.speak(device, self.said)
        await asyncio.sleep(AFTER)
        await self.quiet()
        return Scene((said,), await self.hands.stop(listening))

    async def ring(self) -> tuple[int, int | None]:
        """Somebody calls the phone; when he did, and when the call was up."""
        reply = await self.hands.ask("person", device=f"{GATEWAY}/sat", act="call", who=SOMEBODY)
        return int(reply["t_ns"]), await self.until_edge(f"{GATEWAY}/sat", "call", int(reply["t_ns"]))

    async def dial(self) -> tuple[int, int | None]:
        """A person at the centre calls somebody; when he did, and when the phone dialled."""
        order = {"order": "dial", "subject": f"{GATEWAY}/sat", "number": SOMEBODY}
        at = time.monotonic_ns()
        await self.ask("POST", "/orders", json=order)
        return at, await self.until_edge(f"{GATEWAY}/sat", "dialling", at)

    async def hang_up(self) -> None:
        """The far person ends the call."""
        await self.until_edge(f"{GATEWAY}/sat", "call", 0)
        await self.hands.ask("person", device=f"{GATEWAY}/sat", act="hang_up")
        await asyncio.sleep(3 * AFTER)

    async def warn(self) -> tuple[int, int | None]:
        """A broadcast is approved; when, and when the amplifier's relay closed. Then it is stopped."""
        view = await self._desk.warn(ZONE, TEXT, "en", "live")
        await asyncio.sleep(4 * AFTER)
        at = time.monotonic_ns()
        await self._desk.approve(view.id)
        closed = await self.until_edge(f"{GATEWAY}/pa1", "relay", at)
        await self._desk.stop(view.id)
        await self.quiet()
        return at, closed

    async def opened(self) -> dict[str, list[int]]:
        """When each line opened (ns, whole ms), by the gateway's own facts in the journal; the newest 1000."""
        entries = await self.ask("GET", "/journal", params={"n": 1000, "kind": "fact.LineOpened"})
        found: dict[str, list[int]] = {}
        for entry in entries:  # type: ignore[attr-defined]
            payload = entry["payload"]
            found.setdefault(payload["line"], []).append(int(payload["mono_ms"]) * 1_000_000)
        return found
