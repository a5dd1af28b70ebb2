"""Ten thousand and more commands that somebody tampered with, each a little: none begins anything. Real signatures."""

import random
from collections.abc import Iterator
from contextlib import suppress

import pytest

from link.contract.authority import decode_authority, encode_raw
from link.contract.envelope import EnvelopeError, pack, unpack
from link.contract.signed import decode_signed, encode_signed
from tests.firmware.authority import people as p
from tests.firmware.authority.people import Site

SEED = 5
FLIPS = 8_000
GOOD = (p.sent(p.play()), p.sent(p.stop()), p.sent(p.session()))


def flips(rng: random.Random) -> Iterator[bytes]:
    """One to four bits of a good command, anywhere."""
    for _ in range(FLIPS):
        payload = bytearray(rng.choice(GOOD))
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            payload[rng.randrange(len(payload))] ^= 1 << rng.randrange(8)
        yield bytes(payload)


def cuts(rng: random.Random) -> Iterator[bytes]:
    """Cut short, grown, with a piece moved, or spliced of two."""
    for good in GOOD:
        yield from (good[:length] for length in range(0, len(good), 2))
        yield from (good + bytes([rng.randrange(256)]) * n for n in (1, 2, 64))
        for _ in range(200):
            a, b = sorted(rng.randrange(len(good)) for _ in range(2))
            yield good[:a] + good[b:]
            other = rng.choice(GOOD)
            yield good[:a] + other[a:]


def swaps() -> Iterator[bytes]:
    """Fields of the raw command changed under the old signature, signatures exchanged, names exchanged."""
    for good in GOOD:
        kid, raw, rows = unpack(good)
        fields = unpack(raw)
        values = ["gw-b", "", "live", "drill", 0, 1, 2**40, b"", None, {}, "pa.play", "pa.stop", "line.tone"]
        for name in fields:
            for value in values:
                if fields[name] != value:
                    yield pack([kid, pack({**fields, name: value}), rows])
        for other in GOOD:
            if other != good:
                yield pack([kid, raw, unpack(other)[2]])
        for name in ("ada", "bo", "stranger", "config"):
            yield pack([p.kid(name), raw, [[p.kid(name), rows[0][1]]]])
            yield p.encode_command(p.play(), p.kid(name), (p.signature(name, "sw-cmd-v1", raw),))


def by_a_stolen_runner() -> Iterator[bytes]:
    """Whoever has the runner key changes what the persons signed, and whose names stand under it."""
    made = decode_signed(p.doc())
    whole, words = decode_authority(made.raw), made.raw
    changes = (
        {"clips": (p.OTHER_SHA,)},
        {"ch": "test"},
        {"zones": ("north", "south")},
        {"not_after": p.WALL + 80_000},
        {"id": "b-2"},
        {"by": "bo"},
        {"lines": ("gw-a/pa1",)},
        {"label": "x"},
    )
    for more in changes:
        raw = encode_raw(whole.model_copy(update=more))
        yield p.sent(p.play(doc=encode_signed(p.Signed(raw, made.signatures))))
    for number in range(len(words) * 4):
        flipped = bytearray(words)
        flipped[number // 4] ^= 1 << (number * 5 % 8)
        yield p.sent(p.play(doc=encode_signed(p.Signed(bytes(flipped), made.signatures))))
    for row in range(2):
        for number in range(0, 512, 3):
            rows = list(made.signatures)
            sig = bytearray(rows[row].sig)
            sig[number // 8] ^= 1 << number % 8
            rows[row] = rows[row].model_copy(update={"sig": bytes(sig)})
            yield p.sent(p.play(doc=encode_signed(p.Signed(words, tuple(rows)))))
    for names in (
        ("ada",),
        ("ada", "ada"),
        ("ada", "ada2"),
        ("ada", "dee"),
        ("stranger", "bo"),
        ("old", "bo"),
        (),
    ):
        yield p.sent(p.play(doc=p.signed("sw-auth-v1", words, *names)))
    yield p.sent(p.stop(doc=b""))  # with the id of the true one
    yield p.sent(p.stop(doc=p.stop_doc("dee", ch="drill")))


@pytest.mark.timeout(120)
def test_of_ten_thousand_mutants_none_begins_anything():
    rng = random.Random(SEED)
    site, count, answered = Site(), 0, 0
    site.check = site.check.begun(p.SESSION, site.now)
    live = Site()
    live.give(p.play())
    for payload in (*flips(rng), *cuts(rng), *swaps(), *by_a_stolen_runner()):
        if payload in GOOD:
            continue
        count += 1
        for each in (site, live):
            before = list(each.begun)
            with suppress(EnvelopeError):
                answered += bool(each.bring(payload))
            assert each.begun == before, payload.hex()
    assert count >= 10_000, count
    assert answered > 500, "not all fail at the format: the rules are reached"
    assert [site.bring(good) for good in GOOD] == ["accepted", "accepted", ""], "the true ones still pass"
