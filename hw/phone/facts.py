"""The vocabulary of a phone: orders that it is given, facts that it tells, effects that it wants. Data only.

Calls are numbered by `call` from 1 up, texts that go out by the `id` of whoever ordered them, texts that came
in by `key`, which is the same whenever the same text is read again.
"""

from dataclasses import dataclass

# ---- events from outside -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dial:
    """Call `number` (digits, *, #; a + in front for international)."""

    number: str


@dataclass(frozen=True)
class Answer:
    """Take the call that rings."""


@dataclass(frozen=True)
class HangUp:
    """End whatever call there is, or refuse the one that rings."""


@dataclass(frozen=True)
class SendTones:
    """DTMF into the call."""

    digits: str


@dataclass(frozen=True)
class SendText:
    """Send a text message of any script; `report` asks for a delivery report."""

    id: str
    to: str
    text: str
    report: bool = True


@dataclass(frozen=True)
class TextKept:
    """The text of this key lies in our own durable store: the phone may delete it."""

    key: str


# ---- effects -----------------------------------------------------------------------------------------------


# ---- facts: the phone itself -------------------------------------------------------------------------------


@dataclass(frozen=True)
class PhoneReady:
    """Set up and usable."""


@dataclass(frozen=True)
class PhoneLost:
    """Not usable: the port is gone, it does not answer, or it has restarted."""

    reason: str
    advice: str = ""


@dataclass(frozen=True)
class SimTrouble:
    """The SIM keeps the phone from being used."""

    what: str
    advice: str


@dataclass(frozen=True)
class PinTried:
    """The PIN was entered. Remember this durably: three wrong ones lock the SIM, also over restarts."""


@dataclass(frozen=True)
class Unsupported:
    """The phone refused a command of its set-up; `needed` means that short messages cannot work."""

    command: str
    error: str
    needed: bool


@dataclass(frozen=True)
class ServiceChanged:
    """Registered with a network, or not."""

    on: bool
    what: str


@dataclass(frozen=True)
class SignalChanged:
    """Signal in bars 0 to 5 (None unknown) and dBm where the phone says so."""

    bars: int | None
    dbm: int | None = None


@dataclass(frozen=True)
class StorageChanged:
    """Messages in the phone's storage. A full one stops delivery."""

    used: int
    total: int

    @property
    def full(self) -> bool:
        """Nothing more can come in."""
        return self.total > 0 and self.used >= self.total


@dataclass(frozen=True)
class Lied:
    """The phone says what cannot be; the line was made safe."""

    what: str


# ---- facts: calls ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CallDialling:
    """Our call is being set up."""

    call: int
    number: str


@dataclass(frozen=True)
class CallAlerting:
    """It rings at the far end."""

    call: int


@dataclass(frozen=True)
class CallArrived:
    """Somebody calls; the number may be "" or follow. `second`: while another call stands."""

    call: int
    number: str
    second: bool = False


@dataclass(frozen=True)
class CallerKnown:
    """The number of a call that arrived without one."""

    call: int
    number: str


@dataclass(frozen=True)
class CallAnswered:
    """Both ends can talk. `proved`: the phone lists the call as active."""

    call: int
    proved: bool = True


@dataclass(frozen=True)
class CallEnded:
    """A call is over. why: hung up, far end, missed, refused, caller gone, busy, no answer, no service,
    no carrier, line in use, failed: …, lost: …; `seconds` of talk."""

    call: int
    number: str
    incoming: bool
    why: str
    seconds: float


@dataclass(frozen=True)
class CallCause:
    """What the phone says of why the last call ended."""

    text: str


@dataclass(frozen=True)
class OrderRefused:
    """An order could not be obeyed."""

    order: str
    why: str


# ---- facts: texts ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TextArrived:
    """A whole text, or what came of it: `missing` are the parts that did not. Answer with TextKept."""

    key: str
    sender: str
    sent_at: str
    text: str
    missing: tuple[int, ...] = ()
    data: bytes = b""


@dataclass(frozen=True)
class TextUnreadable:
    """Something in storage is no message that can be read; the PDU is here. Answer with TextKept."""

    key: str
    pdu: str
    why: str


@dataclass(frozen=True)
class TextSent:
    """The network has taken all parts of a text."""

    id: str
    parts: int


@dataclass(frozen=True)
class TextFailed:
    """A text was not sent. `sure` False: it may have been all the same, and is not tried again."""

    id: str
    why: str
    sure: bool = True


@dataclass(frozen=True)
class TextDelivered:
    """Every part is at its receiver's."""

    id: str


@dataclass(frozen=True)
class TextUndelivered:
    """The network has given up a part."""

    id: str
    why: str


Facts = tuple[object, ...]
