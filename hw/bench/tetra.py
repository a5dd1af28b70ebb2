"""A TETRA terminal as its serial port shows it: calls, grants, short data, and its troubles. Pure.

It answers AT commands as a terminal in a healthy network does, unless a verb says otherwise (see VERBS). Bytes
and the time come in, bytes that are due go out; it owns no port and no clock. Times are seconds.
"""

import heapq
from collections import deque
from dataclasses import dataclass, field

from hw.bench.tetra_people import obey
from hw.bench.tetra_trouble import Trouble, split_verb
from hw.bench.trouble import TroubleError
from hw.tetra import sds

ME = "09011638300023401"
GROUP = "09011638300001000"
BUFFER = 4096
PREEMPTIVE = 2
PENDING = 2000


@dataclass
class Talk:
    """One call: `granted` = this terminal transmits, `talker` = somebody else does."""

    group: bool
    peer: str
    granted: bool = False
    talker: str = ""
    asked: int = 0
    """Number of the demand whose grant is under way; 0 = none."""
    queued: bool = False
    """The demand waits until the group is free."""
    number: str = ""
    """The group that was dialled; "" = the one that is selected."""


@dataclass
class Terminal:
    """See the module. `seen` holds what happened: (time, command, cease, demand, on-air …)."""

    trouble: Trouble = field(default_factory=Trouble)
    calls: dict[int, Talk] = field(default_factory=dict)
    echo: bool = True
    me: str = ME
    group: str = GROUP
    grant_ms: float = 100.0
    """How late a grant is while nothing is wrong."""
    busy: str = ""
    """Who talks on the group, if a network says so: a demand then waits."""
    registered: bool = True
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    seen: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=10_000))
    swallowed: deque[str] = field(default_factory=lambda: deque(maxlen=1000))
    """What it would have said while silent."""
    _buffer: bytearray = field(default_factory=bytearray)
    _due: list[tuple[float, int, str, int, int]] = field(default_factory=list)
    _count: int = 0
    _next_call: int = 1
    _set_up: str = ""
    _message: str = ""
    _off_until: float = 0.0
    _out: deque[bytes] = field(default_factory=deque)

    # -- the port --

    @property
    def on_air(self) -> bool:
        """It transmits."""
        return any(call.granted for call in self.calls.values())

    @property
    def talkgroup(self) -> int:
        """The group it stands on (GSSI)."""
        dialled = [call.number for call in self.calls.values() if call.number]
        return max(_whole((dialled or [self.group])[0][-8:]), 0)

    @property
    def deadline(self) -> float | None:
        """When something may be due; 0.0 = now."""
        if self._out:
            return 0.0
        return self._due[0][0] if self._due else None

    def hear(self, data: bytes, now: float) -> None:
        """Bytes from the gateway."""
        self.pass_time(now)
        if self.trouble.silent or now < self._off_until:
            return
        for byte in data:
            if self._message and byte == 0x1A:
                self._take_message(now)
            elif byte == 0x0D and not self._message:
                text = self._buffer.decode("latin-1").strip()
                self._buffer.clear()
                if text:
                    self._command(text, now)
            elif byte >= 0x20 and len(self._buffer) < BUFFER:
                self._buffer.append(byte)

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
            at, _, what, instance, number = heapq.heappop(self._due)
            self._happen(what, instance, number, at)

    def say(self, text: str) -> None:
        """One line to the gateway."""
        if self.trouble.silent:
            self.swallowed.append(text)
        elif len(self._out) < PENDING:
            self._out.append(f"\r\n{text}\r\n".encode())

    def _later(self, seconds: float, what: str, instance: int, number: int, now: float) -> None:
        self._count += 1
        heapq.heappush(self._due, (now + seconds, self._count, what, instance, number))

    # -- commands --

    def _command(self, text: str, now: float) -> None:
        self.seen.append((now, text))
        if self.echo:
            self.say(text)
        if self.trouble.cme35 > 0:
            self.trouble.cme35 -= 1
            self.say("+CME ERROR: 35")
            return
        if self.trouble.interleave:
            self.say("+CTICN: 9,0,0,5,09011638300077777,1,1,0,0,1,5,09011638300023401,0")
            self.say("+CTCR: 9,1")
        if text == "ATZ" and self.trouble.reboot_on_atz:
            self.reboot(now)
            return
        name, _, rest = text.partition("=")
        if name == "AT+CMGS":
            self._message = rest
            return
        if self._obey(name, rest):
            self.say("OK")
            self._follow(name, rest, now)
        else:
            self.say("ERROR")

    def _obey(self, name: str, rest: str) -> bool:
        fields = rest.split(",")
        match name:
            case "ATE0" | "ATE1":
                self.echo = name == "ATE1"
            case "AT+CSQ?":
                self.say("+CSQ: 25,99")
            case "AT+CREG?":
                self.say(f"+CREG: {1 if self.registered else 2}")
            case "AT+CTGS?":
                self.say(f"+CTGS: 1,{self.group}")
            case "AT+CNUMF?":
                self.say(f"+CNUMF: 6,{self.me}")
            case "AT+CTGS":
                self.group = fields[-1]
            case "AT+CTSDC":
                self._set_up = rest
            case "AT+CTXD" | "AT+CUTXC":
                refused = name == "AT+CUTXC" and self.trouble.refuse_cease
                return _whole(fields[0]) in self.calls and not refused
            case "ATA" | "ATH":
                return bool(self.calls)
            case "AT" | "AT+CTOM" | "AT+CTSP" | "AT+CTSDS" | "ATZ":
                pass
            case _:
                return name.startswith("ATD") and self.registered and len(name) > 3
        return True

    def _follow(self, name: str, rest: str, now: float) -> None:
        """What a command brings about after its OK."""
        instance = _whole(rest.split(",")[0])
        call = self.calls.get(instance)
        if name == "AT+CTXD" and call is not None:
            urgent = _whole(rest.partition(",")[2][:1]) >= PREEMPTIVE
            self._demand(instance, call, now, urgent)
        elif name == "AT+CUTXC" and call is not None:
            self.seen.append((now, "cease"))
            if not self.trouble.crossing:
                call.asked, call.queued = 0, False
            self.cease(instance, call)
        elif name == "ATH":
            self.clear(max(self.calls), 1)
        elif name == "ATA":
            self.say(f"+CTCC: {max(self.calls)},1,0,0,0,0,1")
        elif name.startswith("ATD"):
            group = self._set_up.split(",")[6:7] == ["1"]
            instance = self.new_call(group, name[3:])
            self.calls[instance].number = name[3:] if group else ""
            one = int(group)
            self.say(f"+CTOCP: {instance},0,0,{one},{one},0,{one},1,0,{name[3:]}")
            self.say(f"+CTCC: {instance},1,{one},0,0,{one},1")
            if group:
                self._demand(instance, self.calls[instance], now)

    def new_call(self, group: bool, peer: str) -> int:
        """A call comes into being; its instance."""
        instance = self._next_call
        self._next_call = instance % 8 + 1
        self.calls[instance] = Talk(group, peer)
        return instance

    def _demand(self, instance: int, call: Talk, now: float, urgent: bool = False) -> None:
        self.seen.append((now, "demand"))
        self._count += 1
        call.asked, call.queued = self._count, bool(self.busy) and not urgent
        if call.queued:
            self.say(f"+CTXG: {instance},2,0,0")
            return
        late = self.trouble.grant_ms / 1000
        if self.trouble.grant == 2:
            self.say(f"+CTXG: {instance},2,0,0")
        self._later(late, f"grant {self.trouble.grant}", instance, call.asked, now)

    def overheard(self, talker: str, now: float) -> None:
        """The network has given the group to somebody else, who talks from now on."""
        self.busy = talker
        instance = next((each for each, call in self.calls.items() if call.group), None)
        if instance is None:
            instance = self.new_call(True, talker)
            self.say(f"+CTICN: {instance},0,0,5,{talker},1,1,0,1,1,5,{self.group},0")
        call = self.calls[instance]
        if call.granted:
            self.seen.append((now, "off-air"))
        call.granted, call.talker = False, talker
        if call.asked:
            self._count += 1
            call.asked, call.queued = self._count, True
            self.say(f"+CTXG: {instance},2,0,0")
        self.say(f"+CTXG: {instance},3,0,0,5,{talker}")

    def freed(self, now: float) -> None:
        """Nobody talks on the group any more; a demand that waits is granted now, as late as ever."""
        self.busy = ""
        for instance, call in self.calls.items():
            if call.group and call.talker:
                self.cease(instance, call)
            if call.queued:
                call.queued = False
                self._later(self.trouble.grant_ms / 1000, "grant 0", instance, call.asked, now)

    def cease(self, instance: int, call: Talk) -> None:
        """A transmission in this call is over."""
        if call.granted:
            self.seen.append((0.0, "off-air"))
        call.granted, call.talker = False, ""
        if not self.trouble.drop_release:
            self.say(f"+CDTXC: {instance},0")

    def clear(self, instance: int, cause: int) -> None:
        """The network ends a call."""
        del self.calls[instance]
        if not self.trouble.drop_release:
            self.say(f"+CTCR: {instance},{cause}")

    def _happen(self, what: str, instance: int, number: int, at: float) -> None:
        call = self.calls.get(instance)
        if call is None or call.asked != number:
            return
        match what:
            case "grant 1" | "grant 3":
                call.asked = 0
                other = what == "grant 3"
                call.talker = "09011638300055555" if other else ""
                self.say(f"+CTXG: {instance},{what[-1]},0,0" + (f",5,{call.talker}" if other else ""))
            case _:
                call.asked, call.granted, call.talker = 0, True, ""
                self.seen.append((at, "on-air"))
                self.say(f"+CTXG: {instance},0,0,0")

    def _take_message(self, now: float) -> None:
        to = self._message.split(",")[0]
        data = bytes.fromhex(self._buffer.decode("latin-1")) if _is_hex(self._buffer) else b""
        self._message = ""
        self._buffer.clear()
        if not data:
            self.say("ERROR")
            return
        self.messages.append((to, data))
        self.say(f"+CMGS: 0,4,{data[2] if len(data) > 2 else 0}")
        self.say("OK")
        if len(data) > 3 and data[0] >= 0x80 and data[1] & 0x0C:
            self.short_data("12", to, sds.encode_report(data[0], data[2]))

    def short_data(self, service: str, sender: str, data: bytes) -> None:
        """Short data has come in."""
        self.say(f"+CTSDSR: {service},{sender},0,23401,0,{len(data) * 8}\r\n{data.hex().upper()}")

    def reboot(self, now: float) -> None:
        """Everything it was told is forgotten; it is back after 3 s."""
        self.busy = ""
        self.calls.clear()
        self._due.clear()
        self._out.clear()
        self._buffer.clear()
        self._message, self.echo = "", True
        self._off_until = now + 3.0

    # -- verbs --

    def perform(self, verb: str, now: float) -> None:
        """One of VERBS. Raises TroubleError."""
        self.pass_time(now)
        name, rest, shape = split_verb(verb)
        try:
            obey(self, name, rest, now)
        except ValueError:
            raise TroubleError(f"{verb!r}: write it as {shape}") from None


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1


def _is_hex(data: bytearray) -> bool:
    return len(data) % 2 == 0 and all(byte in b"0123456789abcdefABCDEF" for byte in data)
