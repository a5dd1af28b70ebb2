"""Persons of a secured town sign what the bytes say, and the tour's desk sends it; judged by the centre's own rules."""

import json
import time
from base64 import b64encode
from pathlib import Path

import httpx
import pytest

from central.authority.counting import Counting
from central.authority.ring import read_ring
from central.readmodels import BroadcastView
from link.contract.authority import Authority, decode_stop, encode_raw
from link.contract.orders import Channel
from link.contract.signed import Signature
from link.sealing.keyfile import KeyFileError
from scripts.town.personal_keys import write_keys
from scripts.town.plan import TownPlan
from scripts.town.signing import NotSigned, TownSigners
from scripts.town.tour_desk import Desk, DeskRefused
from tests.scripts.views import broadcast

PERSONS = ("wang", "li")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town") / "keys"
    write_keys(TownPlan((), persons=PERSONS), folder)
    return folder


@pytest.fixture(scope="module")
def signers(keys: Path) -> TownSigners:
    return TownSigners(keys, PERSONS)


@pytest.fixture(scope="module")
def counting(keys: Path) -> Counting:
    return Counting(read_ring((keys / "centre" / "ring").read_bytes()).ring)


def asked(channel: Channel = "live", **other: object) -> tuple[BroadcastView, bytes, Authority]:
    """A broadcast as the centre shows it; `other` are words that only its bytes say."""
    now = int(time.time())
    seen = broadcast("waiting", "waiting").model_copy(update={"channel": channel, "text": "leave"})
    said: dict[str, object] = {"id": seen.id, "ch": channel, "clips": (seen.clip.sha,), "zones": seen.zones}
    said |= {"text": seen.text, "by": seen.by, "iat": now, "not_before": now, "not_after": now + 60}
    authority = Authority.model_validate(said | other)
    raw = encode_raw(authority)
    return seen.model_copy(update={"to_sign": b64encode(raw).decode()}), raw, authority


@pytest.mark.parametrize("channel", ["live", "drill", "test"])
def test_each_person_signs_so_that_the_centre_counts_it(
    signers: TownSigners, counting: Counting, channel: Channel
) -> None:
    view, raw, authority = asked(channel)
    for person in PERSONS:
        shown = signers.broadcast(person, view)
        made = Signature(kid=shown.kid, sig=shown.sig)
        assert counting.authority(person, made, raw, authority, time.time()) == ""


def test_a_stop_is_one_persons_word_about_this_broadcast(signers: TownSigners, counting: Counting) -> None:
    view, _, _ = asked()
    shown = signers.stop("li", view)
    word = decode_stop(shown.raw)
    assert (word.ref, word.ch, word.by) == (view.id, "live", "li")
    made = Signature(kid=shown.kid, sig=shown.sig)
    assert counting.stop("li", made, shown.raw, "live", time.time()) == ""


@pytest.mark.parametrize(
    "other",
    [
        {"zones": ("north", "south")},
        {"clips": ("1" * 64,)},
        {"text": "stay"},
        {"ch": "drill"},
        {"id": "b-2"},
        {"by": "li"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_bytes_that_say_something_else_are_not_signed(signers: TownSigners, other: dict[str, object]) -> None:
    with pytest.raises(NotSigned, match="do not say what broadcast b-1 shows"):
        signers.broadcast("wang", asked(**other)[0])  # type: ignore[arg-type]


def test_bytes_that_nobody_can_read_are_not_signed(signers: TownSigners) -> None:
    for text in ("no base64", "AAAA"):
        with pytest.raises(NotSigned, match="cannot be read"):
            signers.broadcast("wang", broadcast().model_copy(update={"to_sign": text}))


def test_a_town_without_keys_says_which_is_missing(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="wang-drill"):
        TownSigners(tmp_path, PERSONS)


class Centre:
    """Answers the desk with one broadcast; `heard` is what it was asked."""

    def __init__(self, view: BroadcastView) -> None:
        self.view = view
        self.heard: list[tuple[str, str, str, dict[str, str]]] = []

    def client(self, person: str) -> httpx.AsyncClient:
        def answer(request: httpx.Request) -> httpx.Response:
            body = json.loads(request.content) if request.content else {}
            if request.method == "POST":
                self.heard.append((person, request.method, request.url.path, body))
            return httpx.Response(200, text=self.view.model_dump_json())

        return httpx.AsyncClient(base_url="http://centre", transport=httpx.MockTransport(answer))


async def played(centre: Centre, keys: Path | None) -> list[tuple[str, str, list[str]]]:
    """A live warning asked for, approved and stopped: who posted what where, by the names of the fields."""
    async with Desk("http://centre", dict.fromkeys(PERSONS, "t"), keys=keys) as desk:
        desk._clients = {person: centre.client(person) for person in PERSONS}
        view = await desk.warn("north", "leave", "en", "live")
        await desk.approve(view.id)
        await desk.stop(view.id)
    return [(person, path, sorted(body)) for person, _, path, body in centre.heard]


async def test_in_a_secured_town_both_sign_and_the_stop_is_signed(keys: Path) -> None:
    centre = Centre(asked()[0])
    assert await played(centre, keys) == [
        ("wang", "/broadcasts", ["channel", "text", "voice", "zones"]),
        ("wang", "/broadcasts/b-1/sign", ["kid", "sig"]),
        ("li", "/broadcasts/b-1/sign", ["kid", "sig"]),
        ("wang", "/broadcasts/b-1/stop", ["kid", "raw", "sig"]),
    ]
    assert len({body["kid"] for *_, body in centre.heard[1:3]}) == 2


async def test_in_a_plain_town_nothing_is_signed() -> None:
    centre = Centre(asked()[0].model_copy(update={"to_sign": ""}))
    assert [(person, path) for person, path, _ in await played(centre, None)] == [
        ("wang", "/broadcasts"),
        ("li", "/broadcasts/b-1/approve"),
        ("wang", "/broadcasts/b-1/stop"),
    ]


async def test_what_cannot_be_signed_or_is_not_what_was_asked_is_refused() -> None:
    with pytest.raises(DeskRefused, match="has to be signed, and there are no keys"):
        await played(Centre(asked()[0]), None)
    other = asked()[0].model_copy(update={"zones": ("south",)})
    with pytest.raises(DeskRefused, match="something else of what was asked"):
        await played(Centre(other), None)
