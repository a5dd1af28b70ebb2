"""A simulated satellite or GSM phone behind AT commands, with its network and the people at the far end. Pure.

It is fed what the gateway writes and gives what a phone would say, and when; no port, no clock. Its verbs are
what a person or a test does to it; `Trouble` is what is wrong with it. It keeps what it was told to send.
"""

import re
from dataclasses import dataclass, field

from hw.bench.phone_trouble import NUMBER, PhoneTrouble, troubled
from hw.phone import pdu
from hw.phone.protocol import CTRL_Z, ESCAPE

RING_EVERY = 3.0
SLOTS = 30
FAR_ENDS = ("answers", "busy", "silent", "refuses", "drops")


@dataclass
class _SimCall:
    index: int
    incoming: bool
    stat: int
    number: str
    next_at: float


@dataclass
class BenchPhone:
    """See the module. `far_end` is what whoever is called does, `far_delay` after it began to ring there."""

    trouble: PhoneTrouble = PhoneTrouble()
    pin: str = ""
    far_end: str = "answers"
    far_delay: float = 1.0
    creg: int = 1
    rssi: int = 20
    calls: list[_SimCall] = field(default_factory=list)
    store: dict[int, str] = field(default_factory=dict)
    sent: list[pdu.Submit] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    _echo: bool = True
    _open: bool = False
    _settings: set[str] = field(default_factory=set)
    _buffer: bytes = b""
    _body: str = ""
    _dialling: bool = False
    _out: list[tuple[float, bytes]] = field(default_factory=list)
    _report_at: list[tuple[float, str]] = field(default_factory=list)
    _mr: int = 0
    _down_until: float = 0.0
    _queue: list[str] = field(default_factory=list)

    # -- the serial line --

    @property
    def deadline(self) -> float | None:
        """When it will do or say something by itself."""
        times = [at for at, _ in self._out] + [call.next_at for call in self.calls]
        return min((at for at in (*times, *(at for at, _ in self._report_at)) if at < 1e9), default=None)

    def feed(self, data: bytes, now: float) -> None:
        """What the gateway writes."""
        for byte in data if now >= self._down_until else b"":
            char = bytes((byte,))
            if self._body:
                self._take_body(char, now)
            elif char == b"\r":
                text, self._buffer = self._buffer.decode("ascii", "replace").strip(), b""
                self._line(text, now)
            elif char not in (b"\n", ESCAPE):
                self._buffer = (self._buffer + char)[-1000:]

    def _take_body(self, char: bytes, now: float) -> None:
        if char == ESCAPE:
            self._body, self._buffer = "", b""
            self._say("OK", now)
        elif char == CTRL_Z:
            text, self._buffer = self._buffer.decode("ascii", "replace").strip(), b""
            length, self._body = self._body, ""
            self._submit(text, length, now)
        else:
            self._buffer = (self._buffer + char)[-1000:]

    def output(self, now: float) -> bytes:
        """What it says until now."""
        self._live(now)
        due = [data for at, data in self._out if at <= now]
        self._out = [each for each in self._out if each[0] > now]
        return b"" if self.trouble.silent else b"".join(due)

    def _say(self, text: str, at: float) -> None:
        last = max((when for when, _ in self._out), default=at)  # one line after the other
        self._out.append((max(at, last), f"\r\n{text}\r\n".encode()))

    def _answer(self, now: float, *texts: str, late: float = 0.0) -> None:
        at = now + self.trouble.late + late
        for place, text in enumerate((*texts, "OK")):
            if place and self.trouble.urc_inside:
                self._say(f"+CREG: {self.creg}", at)
            self._say(text, at)

    # -- commands --

    def _line(self, text: str, now: float) -> None:
        if self._dialling and not text.upper().startswith("AT"):
            self._dialling, self.calls = False, [call for call in self.calls if call.incoming]
            self._say("NO CARRIER", now)
        if not text or self.trouble.silent:
            return
        self.commands.append(text)
        if self._echo or self.trouble.echo_stuck:
            self._out.append((now, text.encode() + b"\r"))
        upper = text.upper()
        if self.pin and not self._open and upper not in ("AT", "ATE0", "AT+CMEE=1") and "+CPIN" not in upper:
            self._say("+CME ERROR: 11", now)
        elif not self._voice(upper, now) and not self._messages(upper, now):
            self._basic(upper, now)

    def _basic(self, upper: str, now: float) -> None:
        if upper == "ATE0":
            self._echo = False
        if upper == "AT+CPIN?":
            self._answer(now, "+CPIN: SIM PIN" if self.pin and not self._open else "+CPIN: READY")
        elif upper.startswith("AT+CPIN="):
            self._open = upper == f'AT+CPIN="{self.pin}"'
            self._say("OK" if self._open else "+CME ERROR: 16", now)
        elif upper == "AT+CREG?":
            self._answer(now, f"+CREG: 1,{self.creg}")
        elif upper == "AT+CSQ":
            self._answer(now, f"+CSQ: {self.rssi},99", late=self.trouble.signal_late)
        elif upper == "AT+CSQF":
            self._answer(now, f"+CSQF:{min(5, self.rssi // 5)}")
        elif upper == "AT+CEER":
            self._answer(now, "+CEER: normal call clearing")
        elif re.fullmatch(
            r"AT([EVQ&]\w*|\+C(MEE|LIP|CWA|REG|IER|MGF|NMI|RC|PMS|VTS|TS)=.*)?|AT\+VTS=.", upper
        ):
            self._settings.add(upper)
            self._answer(now)
        else:
            self._say("+CME ERROR: 4", now)

    def _voice(self, upper: str, now: float) -> bool:
        if match := re.fullmatch(r"ATD([+0-9*#]+);", upper):
            self._dial(match[1], now)
        elif upper == "ATA":
            ringing = [call for call in self.calls if call.stat == 4]
            for call in ringing:
                call.stat, call.next_at = 0, 1e9
            self._answer(now) if ringing else self._say("NO CARRIER", now)
        elif upper in ("AT+CHUP", "ATH"):
            if not self.trouble.deaf_hang_up:
                self.calls.clear()
            self._answer(now)
        elif upper == "AT+CHLD=0":
            self.calls = [call for call in self.calls if call.stat != 5]
            self._answer(now)
        elif upper == "AT+CLCC" and not self.trouble.no_list:
            shown = (
                []
                if self.trouble.hidden_setup and any(call.stat in (2, 3) for call in self.calls)
                else self.calls
            )
            lines = (f'+CLCC: {c.index},{int(c.incoming)},{c.stat},0,0,"{c.number}",129' for c in shown)
            self._answer(now, *lines)
        else:
            return False
        return True

    def _dial(self, number: str, now: float) -> None:
        if self.trouble.dial_error or self.creg not in (1, 5):
            self._say(f"+CME ERROR: {self.trouble.dial_error or 30}", now)
            return
        self._add(False, 2, number, now + 1.0)
        if self.trouble.ok_on_answer:
            self._dialling = True
        else:
            self._answer(now)

    def _add(self, incoming: bool, stat: int, number: str, next_at: float) -> None:
        index = next(n for n in range(1, 99) if all(call.index != n for call in self.calls))
        self.calls.append(_SimCall(index, incoming, stat, number, next_at))

    def _messages(self, upper: str, now: float) -> bool:
        if upper == "AT+CPMS?":
            used = SLOTS if self.trouble.memory_full else len(self.store)
            self._answer(now, "+CPMS: " + ",".join([f'"SM",{used},{SLOTS}'] * 3))
        elif upper == "AT+CMGL=4":
            self._answer(
                now, *(f"+CMGL: {n},1,,{len(p) // 2 - 1}\r\n{p}" for n, p in sorted(self.store.items()))
            )
        elif match := re.fullmatch(r"AT\+CMG([RD])=(\d{1,4})", upper):
            slot = int(match[2])
            if slot not in self.store:
                self._say("+CMS ERROR: 321", now)
            elif match[1] == "D":
                del self.store[slot]
                self._answer(now)
                self._deliver(now)
            else:
                found = self.store[slot]
                self._answer(now, f"+CMGR: 0,,{len(found) // 2 - 1}\r\n{found}")
        elif match := re.fullmatch(r"AT\+CMGS=(\d{1,3})", upper):
            if not self.trouble.no_prompt:
                self._body = match[1]
                self._out.append((now + self.trouble.late, b"\r\n> "))
        else:
            return False
        return True

    def _submit(self, text: str, length: str, now: float) -> None:
        try:
            message = pdu.decode_submit(text)
        except pdu.BadPdu:
            self._say("+CMS ERROR: 304", now)
            return
        if self.trouble.sms_error or len(text) // 2 - 1 != int(length):
            self._say(f"+CMS ERROR: {self.trouble.sms_error or 304}", now)
            return
        self._mr = (self._mr + 1) % 256
        self.sent.append(message)
        if self.trouble.no_sms_answer:
            return
        self._answer(now, f"+CMGS: {self._mr}")
        if message.report:
            at = "2026-11-22T12:00:00+08:00"
            report = pdu.encode_report(pdu.Report(self._mr, message.to, at, at, 0))
            self._report_at.append((now + 2.0, f"+CDS: {len(report) // 2 - 1}\r\n{report}"))

    # -- time --

    def _live(self, now: float) -> None:
        for call in list(self.calls):
            if call.next_at <= now:
                self._progress(call, now)
        for at, text in list(self._report_at):
            if at <= now:
                self._report_at.remove((at, text))
                self._say(text, now)

    def _progress(self, call: _SimCall, now: float) -> None:
        if call.incoming:
            call.next_at = now + RING_EVERY
            if call.stat == 5:
                self._say(f'+CCWA: "{call.number}",129,1', now)
                return
            self._say("RING", now)
            if not self.trouble.no_clip and "AT+CLIP=1" in self._settings:
                self._say(f'+CLIP: "{call.number}",129', now)
        elif call.stat == 2:
            call.stat, call.next_at = 3, now + self.far_delay
        elif call.stat == 3 and self.far_end == "answers":
            self.answer(now)
        elif call.stat == 3 and self.far_end == "silent":
            call.next_at = 1e9
        else:
            words = {"busy": "BUSY", "refuses": "NO CARRIER", "drops": "NO CARRIER"}
            self._dialling = False
            self.calls.remove(call)
            self._say(words[self.far_end], now)

    def _deliver(self, now: float) -> None:
        while self._queue and len(self.store) < SLOTS and not self.trouble.memory_full:
            slot = next(n for n in range(1, SLOTS + 1) if n not in self.store)
            self.store[slot] = self._queue.pop(0)
            if self._settings & {"AT+CNMI=2,1,0,1,0", "AT+CNMI=2,1,0,0,1"}:
                self._say(f'+CMTI: "SM",{slot}', now)

    # -- verbs --

    def arrives(self, message: pdu.Deliver | str, now: float) -> None:
        """The network has a message (or any PDU) for it; it waits there while the storage is full."""
        self._queue.append(message if isinstance(message, str) else pdu.encode_deliver(message))
        self._deliver(now)

    def answer(self, now: float) -> bool:
        """Whoever is called takes the call, if it rings there or is on its way; whether anybody is called."""
        waiting = [call for call in self.calls if call.stat in (2, 3)]
        for call in waiting:
            call.stat, call.next_at = 0, 1e9
        if waiting and self._dialling:
            self._dialling = False
            self._say("OK", now)
        return bool(waiting)

    def perform(self, verb: str, now: float) -> None:
        """A verb such as `ring:13800138000`, `hang_up` or `late:3`. Raises TroubleError."""
        name, _, rest = verb.partition(":")
        if name in ("ring", "second"):
            self._add(True, 4 if name == "ring" else 5, rest, now)
        elif name == "give_up":
            self.calls = [call for call in self.calls if not call.incoming or call.stat == 0]
        elif name == "hang_up":
            self.calls.clear()
            self._say("NO CARRIER", now)
        elif name == "claim_active":
            self._add(True, 0, rest, 1e9)
        elif name == "far_end" and rest in FAR_ENDS:
            self.far_end = rest
        elif name == "text":
            sender, _, text = rest.partition(":")
            for number, piece in enumerate(pieces := pdu.split(text), 1):
                part = pdu.Part(self._mr + 77, len(pieces), number) if len(pieces) > 1 else None
                wide = part is not None and max(map(len, pieces)) <= 67
                self.arrives(pdu.Deliver(sender, "2026-11-22T12:00:00+08:00", piece, part, wide=wide), now)
        elif name == "creg" and rest in ("0", "1", "2", "3", "4", "5"):
            self.creg = int(rest)
            self._say(f"+CREG: {rest}", now)
        elif name == "reboot" and re.fullmatch(NUMBER, rest):
            self._reboot()
            self._down_until = now + float(rest or 0)
            self._say("RDY", self._down_until)
        elif name == "normal":
            self.trouble = PhoneTrouble()
            self._deliver(now)
        else:
            self.trouble = troubled(self.trouble, name, rest)

    def _reboot(self) -> None:
        """Everything it was told is forgotten; what lies on the SIM stays."""
        self._echo, self._open, self._body, self._buffer, self._dialling = True, False, "", b"", False
        self._settings.clear()
        self.calls.clear()
        self._out.clear()
        self._report_at.clear()
