"""An MPT-1327 radio as its MAP27 port shows it: link, calls, push-to-talk, status, and its troubles. Pure.

It does what a radio in a healthy network does, unless a verb says otherwise (see VERBS). Bytes and the time come
in, bytes that are due go out; it owns no port and no clock. When its link is reset it goes on transmitting, as
the worst of real ones may. Times are seconds.
"""

import heapq
from collections import deque
from dataclasses import dataclass, field

from hw.bench.map27_link import RadioLink
from hw.bench.map27_trouble import FLAGS, Trouble, split_verb
from hw.bench.trouble import TroubleError
from hw.map27 import network
from hw.map27.protocol import LinkTransfer, Splitter, encode

BOOT = 3.0
QUEUE_CAUSE = 0x02
"""The system is busy."""
GROUP = network.Address(0, 1000)
PENDING = 2000


@dataclass
class Call:
    """The one call."""

    peer: network.Address
    connected: bool = False
    number: int = 0


@dataclass
class Radio:
    """See the module. `seen` holds what happened: (time, on-air, off-air, set-up …)."""

    trouble: Trouble = field(default_factory=Trouble)
    link: RadioLink = field(default_factory=RadioLink)
    call: Call | None = None
    on_air: bool = False
    off_hook: bool = False
    contact: bool = True
    field_strength: int = 120
    longest: int = 0xFF
    statuses: deque[tuple[str | None, int]] = field(default_factory=lambda: deque(maxlen=1000))
    texts: deque[tuple[str | None, str]] = field(default_factory=lambda: deque(maxlen=1000))
    set_ups: deque[network.CallSetup] = field(default_factory=lambda: deque(maxlen=1000))
    seen: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=10_000))
    _splitter: Splitter = field(default_factory=Splitter)
    _due: list[tuple[float, int, str, int]] = field(default_factory=list)
    _count: int = 0
    _off_until: float = 0.0
    _out: deque[bytes] = field(default_factory=lambda: deque(maxlen=PENDING))

    # -- the port --

    @property
    def deadline(self) -> float | None:
        """When something may be due; 0.0 = now."""
        if self._out:
            return 0.0
        moments = [self._due[0][0]] if self._due else []
        if self.link.deadline is not None:
            moments.append(max(self.link.deadline, self._off_until))
        return min(moments, default=None)

    def hear(self, data: bytes, now: float) -> None:
        """Bytes from the gateway."""
        self.pass_time(now)
        if self.trouble.silent or now < self._off_until:
            return
        for frame in self._splitter.feed(data):
            if self.trouble.lose_in > 0:
                self.trouble.lose_in -= 1
                continue
            message = self.link.hear(frame, now)
            if message is not None:
                self._obey(message, now)
        self._flush()

    def take(self, now: float) -> bytes:
        """Bytes for the gateway that are due; one at a time with `split_bytes`."""
        self.pass_time(now)
        if not self._out:
            return b""
        if self.trouble.split_bytes:
            first = self._out.popleft()
            if first[1:]:
                self._out.appendleft(first[1:])
            return first[:1]
        data = b"".join(self._out)
        self._out.clear()
        return data

    def pass_time(self, now: float) -> None:
        """What was due happens."""
        while self._due and self._due[0][0] <= now:
            at, _, what, number = heapq.heappop(self._due)
            self._happen(what, number, at)
        if now >= self._off_until:
            self.link.pass_time(now)
        self._flush()

    def _flush(self) -> None:
        """Frames become bytes, with what is wrong with the cable."""
        while self.link.out:
            data = encode(self.link.out.popleft())
            if self.trouble.silent:
                continue
            if self.trouble.lose > 0:
                self.trouble.lose -= 1
                continue
            if self.trouble.corrupt > 0:
                self.trouble.corrupt -= 1
                data = data[:-1] + bytes((data[-1] ^ 0x55,))
            self._out.append(data)
            if self.trouble.duplicate:
                self._out.append(data)

    def _later(self, seconds: float, what: str, number: int, now: float) -> None:
        self._count += 1
        heapq.heappush(self._due, (now + seconds, self._count, what, number))

    # -- what the gateway wants --

    def _obey(self, data: bytes, now: float) -> None:
        if data[:1] == bytes((network.RADIO_CONTROL,)) and len(data) == 2:
            self._control(data[1], now)
            return
        match network.decode(data):
            case network.CallSetup() as wanted:
                self._set_up(wanted, now)
            case network.Ended():
                self.seen.append((now, "disconnect"))
                if self.call is not None:
                    self._clear(True, 0x0B, now)
            case network.StatusMessage(address=where, status=status):
                self.statuses.append((where.word, status))
                self.link.say(network.progress("positive", where, 0, kind=0), now)
            case network.ShortData(address=where, data=text):
                self.texts.append((where.word, text.decode("latin-1")))
                self.link.say(network.progress("positive", where, 0, kind=0), now)

    def _control(self, bits: int, now: float) -> None:
        self.off_hook = bool(bits & network.OFF_HOOK)
        if self.off_hook and self.call is not None and not self.call.connected and not self.call.number:
            self.call.connected = True
            self.link.say(network.progress("positive", self.call.peer, network.CONNECTED, kind=5), now)
        wanted = bool(bits & network.TRANSMIT) and self.call is not None and self.call.connected
        self._transmit(wanted and self.off_hook and self.contact, now)
        self._tell(now)

    def _transmit(self, on: bool, now: float) -> None:
        if on == self.on_air or (self.trouble.stuck and not on):
            return
        self.on_air = on
        self.seen.append((now, "on-air" if on else "off-air"))

    def _tell(self, now: float) -> None:
        if self.trouble.drop_condition:
            return
        condition = network.Condition(self.on_air, self.off_hook, self.contact, self.field_strength)
        self.link.say(network.condition(condition, self.longest), now)

    def _set_up(self, wanted: network.CallSetup, now: float) -> None:
        self.seen.append((now, "set-up"))
        self.set_ups.append(wanted)
        if self.call is not None or not self.contact:
            self.link.say(network.progress("negative", wanted.address, 0x0C if self.contact else 4), now)
            return
        self._count += 1
        self.call = Call(wanted.address, number=self._count)
        if self.trouble.queue_ms is not None:
            self.link.say(network.progress("queuing", wanted.address, QUEUE_CAUSE), now)
            self._later(self.trouble.queue_ms / 1000, "progress", self._count, now)
        else:
            self._later(self.trouble.grant_ms / 1000, "progress", self._count, now)

    def _happen(self, what: str, number: int, at: float) -> None:
        if what == "boot":
            self.link.power_on(at)
            return
        call = self.call
        if call is None or call.number != number:
            return
        if self.trouble.refuse is not None:
            self.call = None
            self.link.say(network.progress("negative", call.peer, self.trouble.refuse), at)
        else:
            call.connected = True
            self.link.say(network.progress("positive", call.peer, network.CONNECTED), at)

    def _clear(self, normal: bool, cause: int, now: float) -> None:
        self.call = None
        self._transmit(False, now)
        if not self.trouble.drop_cleared:
            self.link.say(network.disconnect(normal, cause, network.Address(0, 0)), now)
        self._tell(now)

    def _reboot(self, now: float) -> None:
        self.call, self.off_hook, self.on_air = None, False, False
        self._due.clear()
        self._out.clear()
        self._splitter = Splitter()
        self.link = RadioLink(self.link.n1)
        self._off_until = now + BOOT
        self._later(BOOT, "boot", 0, now)

    # -- verbs --

    def perform(self, verb: str, now: float) -> None:
        """One of VERBS. Raises TroubleError."""
        self.pass_time(now)
        name, rest, shape = split_verb(verb)
        try:
            self._perform(name, rest, now)
        except ValueError:
            raise TroubleError(f"{verb!r}: write it as {shape}") from None
        self._flush()

    def _perform(self, name: str, rest: str, now: float) -> None:
        match name:
            case _ if name in FLAGS:
                setattr(self.trouble, name, True)
            case "silent" | "speak":
                self.trouble.silent = name == "silent"
            case "normal":
                self.trouble = Trouble()
            case "grant_ms":
                self.trouble.grant_ms = min(max(float(rest), 0.0), 30_000.0)
            case "accept":
                self.trouble.refuse = self.trouble.queue_ms = None
            case "refuse":
                self.trouble.refuse = int(rest, 16) & 0xFF
            case "queue":
                self.trouble.queue_ms = min(max(float(rest), 0.0), 60_000.0)
            case "lose" | "lose_in" | "corrupt":
                setattr(self.trouble, name, min(int(rest), 1000))
            case "wrong_sequence":
                self.link.skip = 77
                self._tell(now)
            case "reboot":
                self._reboot(now)
            case "longest":
                self.longest = int(rest, 16) & 0xFF
                self._tell(now)
            case "field":
                self.field_strength = int(rest) & 0xFF
                self._tell(now)
            case "out_of_range" | "in_range":
                self.contact = name == "in_range"
                if self.call is not None and not self.contact:
                    self._clear(False, 0x04, now)
                else:
                    self._tell(now)
            case _:
                self._far(name, rest, now)

    def _far(self, name: str, rest: str, now: float) -> None:
        """What the network and other people do."""
        party, _, words = rest.partition(":")
        where = network.address(party) or network.Address(0, 0)
        if rest and not where.known:
            raise ValueError(rest)
        match name:
            case "talk" | "emergency" | "call":
                self._arrive(where, name, now)
            case "hush" | "clear" if self.call is not None:
                self._clear(name == "hush", 0x0B if name == "hush" else 0x0E, now)
            case "disable" | "warn":
                cause = network.TRANSMISSION_DISABLED if name == "disable" else network.CLEAR_DOWN
                peer = self.call.peer if self.call is not None else where
                self._transmit(self.on_air and name == "warn", now)
                self.link.say(network.progress("queuing", peer, cause, kind=5), now)
            case "status":
                self.link.say(network.send_status(where, int(words)), now)
            case "text":
                self.link.say(network.send_text(where, words) or b"", now)
            case "lie_transmit":
                self._transmit(True, now)
                self._tell(now)
            case "two_callers":
                for ident in (1001, 1002):
                    self.link.say(network.set_up(network.Address(0, ident), network.GROUP), now)
                self.call = Call(network.Address(0, 1002), connected=True)

    def _arrive(self, where: network.Address, kind: str, now: float) -> None:
        if self.call is not None:
            return
        details = network.HOOK_NEEDED if kind == "call" else network.GROUP
        self.call = Call(where, connected=kind != "call")
        self.link.say(network.set_up(where, details, kind == "emergency"), now)


def transfers(data: bytes) -> list[bytes]:
    """The network messages in bytes of either side, for looking at what was said."""
    return [each.data for each in Splitter().feed(data) if isinstance(each, LinkTransfer)]
