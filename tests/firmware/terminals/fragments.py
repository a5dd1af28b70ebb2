"""What hypothesis makes of each family's language: true lines, true lines with wild contents, and plain bytes."""

from hypothesis import strategies as st

from hw.map27.network import Address, progress, set_up
from hw.map27.protocol import LinkAck, LinkRequest, LinkTransfer, encode
from hw.phone import pdu
from tests.corpus import pieces

WILD = st.text(max_size=30) | st.sampled_from(
    ("9" * 400, "名" * 300, "\x00\x1a\x7f", "🚒" * 90, "-0", "1e999")
)
FIELD = st.integers(-9, 260).map(str) | st.integers().map(str) | WILD | WILD.map(lambda text: f'"{text}"')
FIELDS = st.lists(FIELD, max_size=14).map(",".join)
TEXTS = st.text(max_size=2500) | st.sampled_from(("\ud83d", "水位" * 1500, "x" * 3000, "\u202e\x00"))


def said(names: tuple[str, ...], end: str = "\r\n") -> st.SearchStrategy[bytes]:
    line = st.tuples(st.sampled_from(names), FIELDS)
    return line.map(lambda pair: f"{end}{pair[0]} {pair[1]}{end}".encode("utf-8", "replace"))


HEX = st.binary(max_size=200).map(lambda data: data.hex().upper())
TETRA_NAMES = (
    *("+CTICN:", "+CTOCP:", "+CTCC:", "+CTXG:", "+CDTXC:", "+CTCR:", "+CTXI:", "+CTXN:", "+CTXW:", "+CREG:"),
    *("+CSQ:", "+CTGS:", "+CTOM:", "+CNUMF:", "+CMGS:", "+CME ERROR:", "+CMS ERROR:", "OK", "ERROR", "AT"),
)
PHONE_NAMES = (
    *("+CLIP:", "+CCWA:", "+CRING:", "RING", "+CLCC:", "+CREG:", "+CSQ:", "+CSQF:", "+CIEV:", "+CPIN:"),
    *("+CMTI:", "+CMGS:", "+CPMS:", "+CEER:", "+CME ERROR:", "+CMS ERROR:", "OK", "ERROR", "NO CARRIER"),
    *("BUSY", "NO ANSWER", "AT", ">", "RDY", "+CDS:", "+CMT:", "+CMGR:", "+CMGL:"),
)
RIG_NAMES = (
    "get_freq:",
    "get_mode:",
    "get_ptt:",
    "get_dcd:",
    "get_level: STRENGTH",
    "get_powerstat:",
    "set_freq:",
)


@st.composite
def sds(draw: st.DrawFn) -> bytes:
    """Short data whose octets may be a text, a report, a position, or nothing."""
    head = draw(st.sampled_from((b"\x82\x04\x01\x1a", b"\x0a\x00", b"\x02\x1a", b"\x82\x10\x00", b"")))
    body = draw(
        st.binary(max_size=600) | st.text(max_size=300).map(lambda t: t.encode("utf-16-be", "replace"))
    )
    data = head + body
    service = draw(st.sampled_from(("12", "13", "9")))
    caller = draw(st.sampled_from(("2001", "09011638300002001", "", "9" * 300)))
    return f"+CTSDSR: {service},{caller},0,1000,0,{len(data) * 8}\r\n{data.hex()}\r\n".encode()


@st.composite
def message(draw: st.DrawFn) -> bytes:
    """A short message or report, sound or not, handed over directly."""
    part = draw(st.none() | st.builds(pdu.Part, st.integers(0, 255), st.integers(1, 255), st.just(1)))
    text, sender = draw(st.text(max_size=60)), draw(st.sampled_from(("+8613800138000", "Weather", "123")))
    try:
        made = pdu.encode_deliver(pdu.Deliver(sender, "2026-11-22T12:00:00+08:00", text, part, wide=True))
    except (pdu.BadPdu, UnicodeError):
        made = draw(HEX)
    octets = bytearray(bytes.fromhex(made))
    for place, octet in draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3)):
        if place < len(octets):
            octets[place] = octet
    name = draw(st.sampled_from(("+CMT: ,40", "+CDS: 40", "+CMGR: 0,,40", "+CMGL: 1,1,,40")))
    return f"{name}\r\n{octets.hex().upper()}\r\n".encode()


@st.composite
def frame(draw: st.DrawFn) -> bytes:
    """A sound MAP27 frame with any message in it."""
    where = Address(draw(st.integers(0, 127)), draw(st.integers(0, 8191)))
    setup = set_up(where, draw(st.integers(0, 255)), draw(st.booleans()))
    going = progress(
        draw(st.sampled_from(("positive", "queuing", "negative"))), where, 3, draw(st.sampled_from((0, 4, 5)))
    )
    data = draw(
        st.binary(max_size=140) | st.sampled_from((setup, going, b"\xb2\x05\x80\xff", b"\xb2\x04\x00\xff"))
    )
    return encode(
        draw(
            st.builds(LinkTransfer, st.integers(1, 12), st.just(data), st.booleans())
            | st.builds(LinkRequest, st.integers(0, 255), st.integers(0, 255))
            | st.builds(LinkAck, st.integers(0, 12), st.integers(0, 255))
        )
    )


@st.composite
def answer(draw: st.DrawFn) -> bytes:
    """A block of rigctld with any values."""
    values = draw(
        st.lists(FIELD | st.sampled_from(("Frequency: nan", "PTT: 1", "7050000", "LSB", "inf")), max_size=4)
    )
    lines = [draw(st.sampled_from(RIG_NAMES)), *values, f"RPRT {draw(st.integers(-30, 3))}"]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


TRUE = {
    "tetra": said(TETRA_NAMES) | sds(),
    "phone": said(PHONE_NAMES) | message(),
    "map27": frame(),
    "rigctld": answer(),
}


def babble(family: str, most: int = 12) -> st.SearchStrategy[list[bytes]]:
    """Runs of it, to be fed one after the other."""
    torn = TRUE[family].flatmap(lambda data: st.integers(0, len(data)).map(lambda cut: data[:cut]))
    kept = st.sampled_from(pieces(family))
    return st.lists(
        TRUE[family] | TRUE[family] | torn | kept | st.binary(max_size=80), min_size=1, max_size=most
    )


def cuts(data: bytes, places: list[int]) -> list[bytes]:
    """`data` cut at these places, wherever they fall."""
    at = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in zip(at, at[1:], strict=False)] or [b""]
