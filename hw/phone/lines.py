"""What a phone can say, one frozen class for each kind of line. Data only; `hw.phone.protocol` reads them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ok:
    """The command in flight is done."""


@dataclass(frozen=True)
class Failed:
    """The command in flight was refused; kind is "CME", "CMS" or "" (a bare ERROR, no code)."""

    kind: str = ""
    code: int | None = None


@dataclass(frozen=True)
class Result:
    """NO CARRIER, BUSY, NO ANSWER or NO DIALTONE."""

    word: str


@dataclass(frozen=True)
class Prompt:
    """The phone waits for the PDU."""


@dataclass(frozen=True)
class Ring:
    """RING or +CRING."""


@dataclass(frozen=True)
class Clip:
    """Who calls; "" when withheld."""

    number: str


@dataclass(frozen=True)
class Waiting:
    """A second caller (+CCWA)."""

    number: str


@dataclass(frozen=True)
class Listed:
    """One call of +CLCC. stat: 0 active, 1 held, 2 dialling, 3 alerting, 4 incoming, 5 waiting."""

    index: int
    incoming: bool
    stat: int
    mode: int = 0
    party: bool = False
    number: str = ""


@dataclass(frozen=True)
class Registration:
    """+CREG: 0 not searching, 1 home, 2 searching, 3 denied, 4 unknown, 5 roaming."""

    stat: int


@dataclass(frozen=True)
class Signal:
    """+CSQ: 0 to 31, 99 unknown."""

    rssi: int


@dataclass(frozen=True)
class Bars:
    """+CSQF: 0 to 5."""

    bars: int


@dataclass(frozen=True)
class Indicator:
    """+CIEV."""

    index: int
    value: int


@dataclass(frozen=True)
class PinState:
    """+CPIN: READY, SIM PIN, SIM PUK …"""

    state: str


@dataclass(frozen=True)
class Arrived:
    """+CMTI: a message lies in the phone's storage."""

    store: str
    slot: int


@dataclass(frozen=True)
class Stored:
    """A message read from storage. slot None: the one that was asked for. stat 0 and 1 came in, 2 and 3 are own."""

    slot: int | None
    stat: int
    pdu: str


@dataclass(frozen=True)
class Direct:
    """+CMT or +CDS: a message or report that the phone does not keep."""

    pdu: str


@dataclass(frozen=True)
class SentRef:
    """+CMGS: the phone's reference of a message it has sent."""

    ref: int


@dataclass(frozen=True)
class Storage:
    """+CPMS: how many messages the storage for incoming ones holds, and can hold."""

    used: int
    total: int


@dataclass(frozen=True)
class Cause:
    """+CEER."""

    text: str


@dataclass(frozen=True)
class Echo:
    """The phone repeats what it was told: it has forgotten ATE0, or never heard it."""

    text: str


@dataclass(frozen=True)
class Other:
    """A line with no meaning for us."""

    text: str


Answer = Listed | SentRef | Storage | Stored | Cause
Line = (
    Ok | Failed | Result | Prompt | Ring | Clip | Waiting | Registration | Signal | Bars | Indicator | PinState
    | Arrived | Direct | Echo | Other | Answer
)  # fmt: skip
