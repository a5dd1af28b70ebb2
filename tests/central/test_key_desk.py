"""central.key_desk, key_book, standing_authorities and the store of keys."""

from pathlib import Path

import pytest

from central.api.caller import Caller
from central.api.key_requests import KeyAsked, SignatureShown
from central.api.keys import router
from central.api.keys_desk import KeysDesk
from central.api.refusal import DeskError
from central.desired.content import ClipKnown, trigger_for
from central.key_book import KeyBook
from central.key_desk import CoreKeyDesk
from central.key_models import KeyView
from central.people.areas import Areas
from central.people.rights import Grant, Rights
from central.store import migrations
from central.store.database import Database
from central.store.keys import KeyRow, KeyStore
from central.trigger_settings import TriggerSettings
from link.contract.signed import decode_signed
from link.hosting.clock import HandClock
from link.hosting.settings import SettingsError
from tests.central.key_rig import FOREVER, MemoryKeyStore, Seats
from tests.flows.doors import FakeLedger

CLIP = ClipKnown("flood", "a" * 64, 64_044, 2.0)
TRIGGER = TriggerSettings.model_validate(
    {
        "id": "dam",
        "gateway": "gw-a",
        "channel": "live",
        "conditions": [{"kind": "above", "source": "rain", "value": 9}, {"kind": "contact", "source": "key"}],
        "clip": "flood",
        "lines": ["pa1"],
    }
)


def caller(name: str, *roles: str) -> Caller:
    return Caller(name, Rights(tuple(Grant(role, "all") for role in roles), Areas()))


class Rig:
    def __init__(self, folder: Path) -> None:
        self.seats, self.path, self.left = Seats("wang", "li"), folder / "ring", set[str]()
        self.path.write_bytes(self.seats.signed_ring(1))
        self.clock, self.store = HandClock(), MemoryKeyStore()
        active = lambda name: name not in self.left  # noqa: E731
        self.told: list[tuple[str, str]] = []
        told = lambda *what: self.told.append(what)  # noqa: E731
        self.book = KeyBook(self.path, self.store, self.clock, FakeLedger(), active, told)
        self.clips = (CLIP,)
        self.desk = CoreKeyDesk(self.book, (TRIGGER,), self.known)

    async def known(self) -> tuple[ClipKnown, ...]:
        return self.clips

    async def sign(self, who: str, use: str = "live"):
        (seen,) = await self.desk.triggers(who)
        from base64 import b64decode

        made = self.seats.sign(who, use, "sw-auth-v1", b64decode(seen.to_sign))
        return await self.desk.sign_trigger("dam", SignatureShown(kid=made.kid, sig=made.sig), who)


@pytest.fixture
async def rig(tmp_path: Path) -> Rig:
    made = Rig(tmp_path)
    await made.book.resume()
    return made


def test_the_desk_does_all_that_its_routes_ask():
    asked = {name for name in vars(KeysDesk) if not name.startswith("_")}
    assert asked and asked <= set(dir(CoreKeyDesk))
    assert not {"private", "sealed", "phrase"} & set(KeyView.model_fields), "public halves only"
    assert {route.path for route in router.routes} >= {"/keys", "/keys/{kid}/approve", "/triggers/{id}/sign"}


async def refusal(work) -> DeskError:
    with pytest.raises(DeskError) as caught:
        await work
    return caught.value


async def test_a_key_is_registered_approved_by_another_and_counts_with_the_next_ring(rig: Rig):
    key = rig.seats.add("wang", "admin")
    seen = await rig.desk.register(KeyAsked(public=key.head.public, use="admin"), "wang")
    assert (seen.kid, seen.state, seen.holder) == (key.head.kid, "pending", "wang")
    assert "another person" in (await refusal(rig.desk.approve(seen.kid, "wang"))).what
    assert (await rig.desk.approve(seen.kid, "li")).state == "approved"
    assert (await refusal(rig.desk.approve(seen.kid, "li"))).status == 409
    assert (
        await refusal(rig.desk.register(KeyAsked(public=key.head.public, use="admin"), "li"))
    ).status == 409
    rig.path.write_bytes(rig.seats.signed_ring(2))
    assert rig.book.look() == "" and ("ring", "") in rig.told
    assert [each.state for each in rig.desk.known() if each.kid == seen.kid] == ["counts"]


async def test_a_key_of_the_centre_is_nobody_s_to_register_and_the_waiting_are_bounded(rig: Rig):
    assert (await refusal(rig.desk.register(KeyAsked(public="0f" * 32, use="runner"), "wang"))).status == 422
    for n in range(8):
        await rig.desk.register(KeyAsked(public=f"{n:064x}", use="live"), "wang")
    assert (await refusal(rig.desk.register(KeyAsked(public="0f" * 32, use="live"), "wang"))).status == 409


async def test_a_revoked_key_counts_no_more_at_once_though_the_ring_has_it(rig: Rig):
    kid = rig.seats.keys["wang", "live"].head.kid
    assert (await refusal(rig.desk.revoke("0" * 16, "lost", caller("wang")))).status == 404
    assert (await refusal(rig.desk.revoke(kid, "lost", caller("li", "supervisor")))).status == 403
    assert (await rig.desk.revoke(kid, "lost", caller("wang"))).state == "revoked"
    assert "revoked" in (await refusal(rig.sign("wang"))).what
    assert rig.store.rows[kid].why == "lost"


async def test_a_live_trigger_takes_two_persons_and_each_content_its_own_signatures(rig: Rig):
    trigger = trigger_for(TRIGGER, CLIP)
    assert rig.desk.standing.document("gw-a", trigger)[1].startswith("waits for 2 signatures more")
    assert (await rig.sign("wang")).state.startswith("waits for 1 signature more")
    assert "signed it already" in (await refusal(rig.sign("wang"))).what
    assert "is for drill" in (await refusal(rig.sign("li", "drill"))).what
    seen = await rig.sign("li")
    assert (seen.state, seen.signed_by) == ("signed", ("wang", "li"))
    document, lacking = rig.desk.standing.document("gw-a", trigger)
    assert lacking == "" and len(decode_signed(document).signatures) == 2
    other = trigger.model_copy(update={"most": 9})
    assert rig.desk.standing.document("gw-a", other)[0] == b""
    rig.left.add("li")
    assert rig.desk.standing.document("gw-a", trigger)[1].startswith("waits for 1 signature more")


async def test_a_trigger_without_a_clip_or_a_name_is_said(rig: Rig):
    rig.clips = ()
    (seen,) = await rig.desk.triggers("wang")
    assert "clip" in seen.state and seen.to_sign == ""
    assert (await refusal(rig.desk.sign_trigger("strange", None, "wang"))).status == 404


async def test_a_ring_that_does_not_hold_is_told_and_the_one_before_goes_on(rig: Rig):
    rig.path.write_bytes(b"rubbish")
    assert "no signed key ring" in rig.book.look()
    assert rig.book.ring is not None and rig.book.ring.ring.rev == 1
    assert rig.book.look() == "", "it is told once"


async def test_a_centre_without_a_ring_does_not_start_and_a_plain_one_needs_none(tmp_path: Path):
    store, clock = MemoryKeyStore(), HandClock()
    with pytest.raises(SettingsError, match="central ring draft"):
        await KeyBook(tmp_path / "none", store, clock, FakeLedger()).resume()
    plain = KeyBook(None, store, clock, FakeLedger())
    await plain.resume()
    assert plain.counting() is None
    assert CoreKeyDesk(plain).standing.document("gw-a", trigger_for(TRIGGER, CLIP)) == (b"", "")


def test_the_migration_makes_the_tables():
    step = migrations.importlib.import_module("central.store.migrations.0008_keys")
    assert any("create table keys" in statement for statement in step.STATEMENTS)


async def test_the_store_keeps_keys_standing_authorities_and_numbers(tmp_path: Path):
    database = Database.open(tmp_path / "core.db")
    store = KeyStore(database)
    row = KeyRow("0" * 16, b"\x01" * 32, "live", "wang", "pending", 1.5, FOREVER, "wang")
    await store.save(row)
    await store.save(KeyRow(**{**vars(row), "state": "approved", "approved_by": "li"}))
    assert [(each.state, each.approved_by, each.public) for each in await store.keys()] == [
        ("approved", "li", b"\x01" * 32)
    ]
    await store.save_standing("dam", b"one", 1.0)
    await store.save_standing("dam", b"two", 2.0)
    assert await store.standing() == {"dam": b"two"}
    assert await store.numbers() == 0
    await store.keep_numbers(9)
    await store.keep_numbers(5)
    assert await store.numbers() == 9
    database.close()
