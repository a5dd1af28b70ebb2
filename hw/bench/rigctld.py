"""hamlib's rigctld with a radio behind it, as its clients see it: several at once, PTT without an owner. Pure.

It answers as `rigctld -m 1 -P RIG` (4.5.4, measured) does, in both protocols, unless a verb says otherwise (see
VERBS): letting go of PTT takes 50 ms in which nobody else is served, PTT stays on when its client dies, an
unknown mode is answered RPRT 0 and changes nothing, switched off it answers RPRT 0 to everything. Bytes and the
time come in, bytes that are due go out; it owns no port and no clock. Times are seconds.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from hw.bench.rigctld_trouble import FLAGS, Trouble, split_verb
from hw.bench.trouble import TroubleError

UNKEY_S = 0.05
LINE_LIMIT = 500
WAITING_LIMIT = 1000
OUT_LIMIT = 64 * 1024
SHORT = {
    **{"F": "set_freq", "f": "get_freq", "M": "set_mode", "m": "get_mode", "T": "set_ptt", "t": "get_ptt"},
    **{"l": "get_level", "q": "quit"},
}
ARGUMENTS = {
    **{
        "set_freq": 1,
        "get_freq": 0,
        "set_mode": 2,
        "get_mode": 0,
        "set_ptt": 1,
        "get_ptt": 0,
        "get_level": 1,
    },
    **{"get_dcd": 0, "get_powerstat": 0, "set_powerstat": 1, "quit": 0},
}
MODES = ("USB", "LSB", "AM", "CW", "CWR", "FM", "RTTY", "PKTUSB", "PKTLSB")
LEVELS = ("STRENGTH", "SWR", "RFPOWER", "RFPOWER_METER")
EINVAL, EIO, EREJECTED, ENAVAIL = -1, -6, -9, -11


@dataclass
class Client:
    """One connection: what it has said so far, and what it is still to hear."""

    line: bytearray = field(default_factory=bytearray)
    words: list[str] = field(default_factory=list)
    """A command whose arguments are not all there yet."""
    out: deque[tuple[float, bytes]] = field(default_factory=deque)
    owed: int = 0
    left: bool = False


@dataclass
class Rigctld:
    """See the module. `on_ptt(on, at)` is called as the transmitter goes on and off."""

    on_ptt: Callable[[bool, float], object] = lambda on, at: None
    trouble: Trouble = field(default_factory=Trouble)
    hz: int = 7_100_000
    mode: str = "LSB"
    passband: int = 2400
    ptt: bool = False
    on: bool = True
    squelch_open: bool = False
    strength: int = -30
    coarse: int = 1
    """It can stand on multiples of this only."""
    clients: dict[int, Client] = field(default_factory=dict)
    seen: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=10_000))
    _queue: deque[tuple[float, int, str]] = field(default_factory=deque)
    _busy_until: float = 0.0
    _count: int = 0

    # -- connections --

    def connect(self) -> int:
        """A client has come; its number."""
        self._count += 1
        self.clients[self._count] = Client()
        return self._count

    def leave(self, number: int) -> None:
        """It is gone. What it keyed stays keyed."""
        self.clients.pop(number, None)

    def hear(self, number: int, data: bytes, now: float) -> None:
        """Bytes from this client."""
        self.pass_time(now)
        client = self.clients.get(number)
        if client is None:
            return
        for byte in data:
            if byte == 0x0A:
                if len(self._queue) < WAITING_LIMIT:
                    self._queue.append((now, number, client.line.decode("latin-1").strip()))
                client.line.clear()
            elif len(client.line) < LINE_LIMIT:
                client.line.append(byte)
        self.pass_time(now)

    def take(self, number: int, now: float) -> bytes:
        """Bytes for this client that are due; one at a time with `split`."""
        self.pass_time(now)
        client = self.clients.get(number)
        if client is None or not client.out or client.out[0][0] > now:
            return b""
        at, data = client.out.popleft()
        if self.trouble.split and data[1:]:
            client.out.appendleft((at, data[1:]))
            data = data[:1]
        client.owed -= len(data)
        return data

    @property
    def deadline(self) -> float | None:
        """When something may be due."""
        moments = [client.out[0][0] for client in self.clients.values() if client.out]
        if self._queue:
            moments.append(max(self._queue[0][0], self._busy_until))
        return min(moments, default=None)

    def pass_time(self, now: float) -> None:
        """What waited for its turn is done."""
        while self._queue:
            came, number, line = self._queue[0]
            at = max(came, self._busy_until)
            if at > now:
                return
            self._queue.popleft()
            client = self.clients.get(number)
            if client is not None and not self.trouble.silent:
                self._line(client, line, at)

    # -- commands --

    def _line(self, client: Client, line: str, at: float) -> None:
        client.words += line.split()
        while client.words:
            first = client.words[0]
            plus, text = first.startswith("+"), first.lstrip("+")
            name = text[1:] if text.startswith("\\") else SHORT.get(text, "")
            if name not in ARGUMENTS:
                swallowed = text.startswith("\\") or text == ""
                client.words = []
                if not swallowed:
                    self._say(client, "RPRT -1\n", at)
                return
            count = ARGUMENTS[name]
            if len(client.words) <= count:
                return  # the next line is eaten as its arguments
            args, client.words = client.words[1 : 1 + count], []
            self._command(client, name, args, plus, at)

    def _command(self, client: Client, name: str, args: list[str], plus: bool, at: float) -> None:
        self.seen.append((at, " ".join((name, *args))))
        until = at + self.trouble.slow + (UNKEY_S if name == "set_ptt" and args == ["0"] else 0.0)
        self._busy_until = until
        code, values = self._do(name, args, at)
        if name == "quit":
            client.left = True
        if plus:
            echo = f"{name}: {args[0]}" if args else f"{name}:"
            echo = " ".join((echo, *args[1:]))
            body = "".join(f"{key}: {value}\n" if key else f"{value}\n" for key, value in values)
            text = f"{echo}\n{body}RPRT {code}\n"
        elif values:
            text = "".join(f"{value}\n" for _, value in values)
        else:
            text = f"RPRT {code}\n" if not name.startswith("get_") or code else ""
        if self.trouble.two_rprt:
            text += "RPRT -1\n"
        self._say(client, text, until)

    def _say(self, client: Client, text: str, at: float) -> None:
        data = text.encode("ascii")
        if self.trouble.garbage:
            data = b"\x00\xff\xfeZq\x1b[2J\r\n\x80RPRT\n: :\n" + data
        if data and client.owed + len(data) <= OUT_LIMIT:
            client.owed += len(data)
            client.out.append((at, data))

    def _do(self, name: str, args: list[str], at: float) -> tuple[int, list[tuple[str, str]]]:
        if name == "set_powerstat":
            self.on = args[0] != "0"
            return 0, []
        if self.trouble.radio_gone:
            return EIO, []
        if not self.on:
            return 0, []
        match name:
            case "set_freq":
                return self._tune(args[0]), []
            case "get_freq":
                return 0, [("Frequency", str(self.hz))]
            case "set_mode":
                return self._mode(args[0], args[1]), []
            case "get_mode":
                return 0, [("Mode", self.mode), ("Passband", str(self.passband))]
            case "set_ptt":
                return self._order_ptt(args[0], at), []
            case "get_ptt":
                return (ENAVAIL, []) if self.trouble.no_ptt else (0, [("PTT", str(int(self.ptt)))])
            case "get_dcd":
                return 0, [("DCD", str(int(self.squelch_open)))]
            case "get_powerstat":
                return 0, [("Power Status", "1")]
            case "get_level":
                return (0, [("", self._level(args[0]))]) if args[0] in LEVELS else (EINVAL, [])
        return 0, []

    def _tune(self, text: str) -> int:
        try:
            self.hz = round(float(text) / self.coarse) * self.coarse
        except (ValueError, OverflowError):
            return EINVAL
        return 0

    def _mode(self, mode: str, width: str) -> int:
        try:
            passband = int(width)
        except ValueError:
            return EINVAL
        if mode in MODES:
            self.mode = mode
            self.passband = passband if passband > 0 else self.passband
        return 0

    def _level(self, name: str) -> str:
        if name == "STRENGTH":
            return str(self.strength)
        return f"{ ({'SWR': 1.3, 'RFPOWER': 1.0}.get(name, 0.9) if self.ptt else 0.0):.6f}"

    def _order_ptt(self, value: str, at: float) -> int:
        if value not in ("0", "1", "2", "3") or self.trouble.no_ptt:
            return EINVAL
        if value == "0":
            self._ptt(self.ptt and self.trouble.stick_ptt, at)
        elif self.trouble.refuse_ptt:
            return EREJECTED
        elif not self.trouble.deaf_ptt:
            self._ptt(True, at)
        return 0

    def _ptt(self, on: bool, at: float) -> None:
        if on != self.ptt:
            self.ptt = on
            self.on_ptt(on, at)

    # -- verbs --

    def perform(self, verb: str, now: float) -> None:
        """One of VERBS but drop, gone and back, which are the port's. Raises TroubleError."""
        self.pass_time(now)
        name, rest, shape = split_verb(verb)
        try:
            self._perform(name, rest, now)
        except ValueError:
            raise TroubleError(f"{verb!r}: write it as {shape}") from None

    def _perform(self, name: str, rest: str, now: float) -> None:
        match name:
            case _ if name in FLAGS:
                setattr(self.trouble, name, True)
            case "slow":
                self.trouble.slow = min(max(float(rest), 0.0), 60.0)
            case "knob":
                hz, _, mode = rest.partition(":")
                self.hz, self.mode = int(hz), mode or self.mode
            case "hand_key" | "hand_release" | "let_go":
                self._ptt(name == "hand_key", now)
            case "off" | "on":
                self.on = name == "on"
                self._ptt(self.ptt and self.on, now)
            case "squelch":
                self.squelch_open = ("closed", "open").index(rest) == 1
            case "strength":
                self.strength = int(rest)
            case "coarse":
                self.coarse = max(int(rest), 1)
            case "normal":
                self.trouble = Trouble()
            case _:
                raise TroubleError(f"{name!r} is for the port of a rigctld, not for its radio")
