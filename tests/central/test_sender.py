"""central.sender and central.authority.signer: every command signed, numbered for ever, session commands with sid."""

from central.authority.signer import KeySigner, PlainSigner
from central.outgoing import Outgoing
from central.sender import STRIDE, Numbers, Sender
from link.bus.fake import FakeBroker, FakeBus
from link.contract import orders
from link.contract.batch import decode_command
from link.contract.signed import decode_signed, to_sign
from link.contract.topics import Row, Topics
from link.hosting.clock import HandClock
from link.sealing.signing import verify
from tests.central.key_rig import Seats
from tests.flows.doors import FakeLedger

SEATS = Seats()
RUNNER, CONFIG = SEATS.keys["core", "runner"], SEATS.keys["core", "config"]


def sent(signer, order, **more):
    """One command as it left, decoded."""
    clock = HandClock()
    bus, posted = FakeBus(FakeBroker(clock.now), "svc-centre"), []
    outgoing = Outgoing(bus, clock)
    outgoing.post = lambda topic, payload, row, ttl: posted.append((topic, payload))
    sender = Sender(clock, Topics("main"), outgoing, FakeLedger(), {"gw-a": "s-1"}.get)
    sender.signer = signer
    sender.command("gw-a", order, 30, more)
    ((topic, payload),) = posted
    assert topic == Topics("main").of(Row.COMMAND, "gw-a")
    return decode_command(payload)


def test_a_command_is_signed_by_the_runner_key_over_its_own_bytes():
    command, _, signed = sent(KeySigner(RUNNER, CONFIG), orders.StopClip(play="b-1.pa1"), doc=b"d", nonce="n")
    (made,) = signed.signatures
    assert made.kid == RUNNER.head.kid
    assert verify(RUNNER.head.public_octets, to_sign("sw-cmd-v1", signed.raw), made.sig)
    assert not verify(CONFIG.head.public_octets, to_sign("sw-cmd-v1", signed.raw), made.sig)
    assert (command.doc, command.nonce, command.sid) == (b"d", "n", "")


def test_in_plain_mode_nothing_is_signed_and_all_else_is_the_same():
    command, order, signed = sent(PlainSigner(), orders.PlayTone(line="r1", tone="go-ahead"))
    assert signed.signatures == () and PlainSigner().document(b"x") == b"x"
    assert (order.line, command.sid) == ("r1", "s-1"), "a session command names the session that stands"


def test_documents_are_signed_by_the_config_key():
    signed = decode_signed(KeySigner(RUNNER, CONFIG).document(b"document"))
    (made,) = signed.signatures
    assert (signed.raw, made.kid) == (b"document", CONFIG.head.kid)
    assert verify(CONFIG.head.public_octets, to_sign("sw-doc-v1", b"document"), made.sig)


def test_numbers_rise_over_restarts_and_clocks_that_are_set_back():
    kept = [0]
    numbers = Numbers(lambda n: kept.append(n))
    numbers.start(0, 1_000)
    first = [numbers.next() for _ in range(3)]
    assert first == [1001, 1002, 1003] and kept[-1] >= first[-1] + STRIDE // 2
    again = Numbers()
    again.start(kept[-1], 5)
    assert again.next() > first[-1]
    for _ in range(STRIDE + 10):
        used = numbers.next()
    assert kept[-1] > used, "the disk is ahead of what is used"
