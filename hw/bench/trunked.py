"""The bench's one TETRA network: talk groups, one talker at a time, terminals and people with handsets.

It goes by what each terminal transmits: whoever is granted first holds the group, and the others are told; who
demands meanwhile waits (or, with priority, takes the group). Sound goes from the holder's card to all others.
"""

from collections import deque
from dataclasses import dataclass

from hw.bench.device import CARD_VERBS, Port, SoundDevice, named
from hw.bench.entries import TetraEntry
from hw.bench.gate import SAMPLE_NS, SILENCE, Gate, cut
from hw.bench.mixing import Samples, add, slice_frame
from hw.bench.tetra import GROUP, ME, Terminal
from hw.bench.tetra_trouble import VERBS

MOST_WAITING = 16


def tsi(ssi: int) -> str:
    """The long address of a subscriber or group of the bench's network."""
    return f"{ME[:9]}{ssi:08d}"


class Subscriber:
    """Somebody else on the network with a handset; `granted` while the group is his."""

    def __init__(self, issi: int, group: int) -> None:
        self.tsi = tsi(issi)
        self.group = group
        self.granted = False
        self.granted_ns = 0
        self.talking = Gate()
        self.sound: Samples | None = None
        self.sound_ns = 0

    def give(self, granted: bool, now: int) -> None:
        """The group is his, or is not any more."""
        self.granted = granted
        self.granted_ns = now if granted else self.granted_ns
        self.talking.set(granted, now)

    def frame(self, start_ns: int) -> bytes | None:
        """What he said during the frame that just ended."""
        spans = self.talking.spans(start_ns)
        if not spans or self.sound is None:
            return None
        sound = slice_frame(self.sound, (start_ns - self.sound_ns) // SAMPLE_NS)
        return None if sound is None else cut(sound, spans)


class LiveTetra(SoundDevice):
    """A terminal with its card."""

    kind = "tetra"

    def __init__(self, entry: TetraEntry, network: "Network") -> None:
        super().__init__(entry)
        self.entry = entry
        self.tsi = tsi(entry.issi)
        group = GROUP[:9] + f"{entry.group:08d}"
        self.terminal = Terminal(me=self.tsi, group=group, grant_ms=entry.grant_ms)
        self.terminal.trouble.grant_ms = entry.grant_ms
        self.levels = {"ptt": 0, "carrier": 0, "cos": 0}
        self.port = Port(entry.serial, self.hear, self.take, lambda: self.terminal.deadline)
        self._network = network

    def hear(self, data: bytes, now: float) -> None:
        """Bytes from the gateway."""
        self.terminal.hear(data, now)
        self._network.update(round(now * 1e9))

    def take(self, now: float) -> bytes:
        """Bytes for the gateway that are due."""
        data = self.terminal.take(now)
        self._network.update(round(now * 1e9))
        return data

    @property
    def on_group(self) -> bool:
        """It transmits to its group."""
        return any(call.granted and call.group for call in self.terminal.calls.values())

    def show(self, now: int) -> None:
        """Notes what has changed at the terminal."""
        on = self.terminal.on_air
        if on and not self.emitting.on:
            self.keyed()
        self.emitting.set(on, now)
        self.level(now, "ptt", int(on))
        self.level(now, "carrier", int(on))
        self.level(now, "cos", int(any(call.talker for call in self.terminal.calls.values())))

    def emit(self, start_ns: int) -> bytes | None:
        """What it transmitted during the frame that just ended."""
        spans = self.emitting.spans(start_ns)
        sound = cut(self.frame, spans) if spans and self.frame is not None else None
        self.record(start_ns, sound)
        return sound

    @property
    def verbs(self) -> tuple[str, ...]:
        """Verbs for trouble that it knows."""
        return (*VERBS, *CARD_VERBS)

    @property
    def troubles(self) -> list[str]:
        """What is wrong with it."""
        words = [each for each in named(self.terminal.trouble) if not each.startswith("grant_ms")]
        late = self.terminal.trouble.grant_ms
        words += [f"grant_ms:{late:g}"] * (late != self.entry.grant_ms)
        return words + ["out_of_range"] * (not self.terminal.registered) + self.card_troubles

    @property
    def facts(self) -> dict[str, str]:
        """Where it stands, who talks, what it has sent."""
        shown = {"group": str(self.terminal.talkgroup), "issi": str(self.entry.issi)}
        shown["talker"] = self.terminal.busy and str(int(self.terminal.busy[-8:]))
        shown["messages"] = str(len(self.terminal.messages))
        if self.terminal.messages:
            to, data = self.terminal.messages[-1]
            shown["last_message"] = f"{to} {data.hex()}"
        return shown

    def perform(self, verb: str, now: int) -> None:
        """One verb for trouble. Raises TroubleError."""
        if not self.perform_at_card(verb):
            self.terminal.perform(verb, now / 1e9)
            self._network.update(now)
            self.wake()


@dataclass
class Network:
    """All terminals and subscribers; `holders` says who talks on which group."""

    terminals: list[LiveTetra]
    holders: dict[int, LiveTetra | Subscriber]
    waiting: deque[Subscriber]
    people: list[Subscriber]

    @classmethod
    def empty(cls) -> "Network":
        """Nobody is on it."""
        return cls([], {}, deque(maxlen=MOST_WAITING), [])

    def ask(self, person: Subscriber, now: int) -> None:
        """A subscriber presses: the group is his at once, or when it is free."""
        self.people.append(person)
        self.waiting.append(person)
        self.update(now)

    def leave(self, person: Subscriber, now: int) -> None:
        """He lets go; idempotent."""
        if person in self.waiting:
            self.waiting.remove(person)
        if self.holders.get(person.group) is person:
            del self.holders[person.group]
        person.give(False, now)
        self.update(now)

    def update(self, now: int) -> None:
        """Puts right who holds what, and tells the terminals."""
        for live in self.terminals:
            live.show(now)
            self._claim(live, now)
        for person in tuple(self.waiting):
            if person.group not in self.holders:
                self.waiting.remove(person)
                self.holders[person.group] = person
                person.give(True, now)
        for live in self.terminals:
            self._tell(live, now)

    def _claim(self, live: LiveTetra, now: int) -> None:
        group = live.terminal.talkgroup
        held = [each for each, holder in self.holders.items() if holder is live]
        for each in held:
            if not live.on_group or each != group:
                del self.holders[each]
        holder = self.holders.get(group)
        if live.on_group and holder is not live:
            if isinstance(holder, Subscriber):
                holder.give(False, now)
            self.holders[group] = live

    def _tell(self, live: LiveTetra, now: int) -> None:
        terminal = live.terminal
        holder = self.holders.get(terminal.talkgroup)
        talker = holder.tsi if holder not in (None, live) and terminal.registered else ""
        if talker == terminal.busy:
            return
        if talker:
            terminal.overheard(talker, now / 1e9)
        else:
            terminal.freed(now / 1e9)
        live.show(now)
        live.wake()

    def settle(self, start_ns: int) -> None:
        """Works out the 20 ms that began at start_ns."""
        said: list[tuple[int, object, bytes]] = []
        for live in self.terminals:
            sound = live.emit(start_ns)
            if sound is not None:
                said.append((live.terminal.talkgroup, live, sound))
        for person in self.people:
            sound = person.frame(start_ns)
            if sound is not None:
                said.append((person.group, person, sound))
        for live in self.terminals:
            if live.capture is not None:
                live.capture(self._heard(live, said))
            live.next_frame()
        self.people = [each for each in self.people if not each.talking.idle or each in self.waiting]

    @staticmethod
    def _heard(live: LiveTetra, said: list[tuple[int, object, bytes]]) -> bytes:
        heard = SILENCE
        if live.terminal.registered and not live.emitting.on:
            for group, source, sound in said:
                if source is not live and group == live.terminal.talkgroup:
                    heard = add(heard, sound) if heard is not SILENCE else sound
        return heard
