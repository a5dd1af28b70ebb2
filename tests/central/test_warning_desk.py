"""central.warning_desk: with a key ring nothing sounds before the signatures, and a live stop is signed."""

from base64 import b64decode

import pytest

from central.api.desk import DeskError
from central.api.key_requests import SignatureShown, StopShown
from central.api.requests import BroadcastRequest
from central.authority.ring import read_ring
from central.authority.signer import KeySigner
from central.broadcasts import messages as warn
from central.readmodels import BroadcastView
from central.warning_desk import SKEW
from link.contract.authority import Stop, decode_authority, encode_raw
from link.contract.batch import decode_command
from link.contract.facts import ClipFinished, ClipStarted
from link.contract.signed import decode_signed
from link.hosting.clock import settle_loop
from tests.central.key_rig import Seats
from tests.central.town_rig import Town


class Secured:
    def __init__(self, town: Town) -> None:
        self.town, self.seats, self.left = town, Seats("wang", "li"), set[str]()
        town.keys.ring = read_ring(self.seats.signed_ring())
        town.keys.active = lambda name: name not in self.left
        own = self.seats.keys
        town.board.sender.signer = KeySigner(own["core", "runner"], own["core", "config"])
        self.sent: list[bytes] = []
        town.board.outgoing.post = lambda topic, payload, row, expiry=None: self.sent.append(payload)

    def plays(self, op: str = "pa.play"):
        commands = [decode_command(payload)[0] for payload in self.sent if payload]
        return [command for command in commands if command.op == op]

    async def ask(self, channel: str = "live") -> BroadcastView:
        request = BroadcastRequest(zones=("north",), text="Leave now", channel=channel)
        return await self.town.desk.start_broadcast(request, "wang")

    async def sign(self, seen: BroadcastView, who: str, use: str = "live", by: str = "") -> BroadcastView:
        made = self.seats.sign(who, use, "sw-auth-v1", b64decode(seen.to_sign))
        shown = SignatureShown(kid=made.kid, sig=made.sig)
        return await self.town.desk.sign(seen.id, shown, by or who)

    def stop(self, seen: BroadcastView, who: str, use: str = "live", **change: object) -> StopShown:
        now = int(self.town.clock.wall())
        word = {"id": "x-1", "ref": seen.id, "ch": seen.channel, "by": who, "iat": now, "exp": now + 300}
        raw = encode_raw(Stop.model_validate({**word, **change}))
        made = self.seats.sign(who, use, "sw-stop-v1", raw)
        return StopShown(kid=made.kid, sig=made.sig, raw=raw)


@pytest.fixture
async def secured(town: Town) -> Secured:
    await town.born()
    return Secured(town)


async def refusal(work) -> str:
    with pytest.raises(DeskError) as caught:
        await work
    assert caught.value.status == 409
    return caught.value.what


async def test_a_live_broadcast_goes_out_with_two_signatures_and_carries_them(secured: Secured):
    seen = await secured.ask()
    authority = decode_authority(b64decode(seen.to_sign))
    said = (authority.id, authority.ch, authority.text, authority.by, authority.clips)
    assert said == (seen.id, "live", "Leave now", "wang", (seen.clip.sha,))
    assert seen.state == "waiting" and not secured.plays()
    seen = await secured.sign(seen, "wang")
    assert seen.state == "waiting" and not secured.plays()
    seen = await secured.sign(seen, "li")
    assert (seen.state, [each.by for each in seen.approvals]) == ("sending", ["wang", "li"])
    (command,) = secured.plays()
    signed = decode_signed(command.doc)
    assert (command.ch, command.auth, command.args["play"]) == ("live", seen.id, f"{seen.id}.pa1")
    assert signed.raw == b64decode(seen.to_sign) and len(signed.signatures) == 2
    assert command.ttl <= 60


async def test_signatures_that_do_not_count_change_nothing_and_are_in_the_journal(secured: Secured):
    seen = await secured.ask()
    assert "has not signed it yet" in await refusal(secured.sign(seen, "li"))
    assert "is for drill" in await refusal(secured.sign(seen, "wang", "drill"))
    assert "is li's, and wang asks" in await refusal(secured.sign(seen, "li", by="wang"))
    await secured.sign(seen, "wang")
    assert "signed it already" in await refusal(secured.sign(seen, "wang"))
    assert "spillway broadcast approve" in await refusal(secured.town.desk.approve(seen.id, "li"))
    assert not secured.plays()
    await secured.town.journal.barrier()
    kinds = [entry.kind for entry in await secured.town.desk.journal_tail(50, None)]
    assert "broadcast.signature-refused" in kinds


async def test_whoever_left_after_signing_has_not_signed(secured: Secured):
    seen = await secured.ask()
    await secured.sign(seen, "wang")
    secured.left.add("wang")
    assert "wang's signature counts no more" in await refusal(secured.sign(seen, "li"))
    assert not secured.plays()


async def test_a_drill_takes_the_asker_s_drill_key_only(secured: Secured):
    seen = await secured.ask("drill")
    assert not secured.plays()
    assert "is for live" in await refusal(secured.sign(seen, "wang", "live"))
    assert (await secured.sign(seen, "wang", "drill")).state == "sending"
    assert len(secured.plays()) == 1


async def test_a_live_stop_is_signed_and_what_it_says_is_looked_at(secured: Secured):
    seen = await secured.ask()
    await secured.sign(seen, "wang")
    await secured.sign(seen, "li")
    desk = secured.town.desk
    assert "stopped by a signature" in await refusal(desk.stop(seen.id, "li"))
    assert "it stops b-other" in await refusal(
        desk.stop(seen.id, "li", secured.stop(seen, "li", ref="b-other"))
    )
    assert "is for drill" in await refusal(desk.stop(seen.id, "li", secured.stop(seen, "li", "drill")))
    assert "is wang's" in await refusal(desk.stop(seen.id, "li", secured.stop(seen, "wang", by="li")))
    late = int(secured.town.clock.wall() - SKEW - 301)
    old = {"iat": late, "exp": late + 300}
    assert "too old" in await refusal(desk.stop(seen.id, "li", secured.stop(seen, "li", **old)))
    assert not secured.plays("pa.stop")
    shown = secured.stop(seen, "li")
    assert (await desk.stop(seen.id, "li", shown)).stopped_by == "li"
    (command,) = secured.plays("pa.stop")
    assert decode_signed(command.doc).raw == shown.raw and command.ref == seen.id


async def test_what_is_over_everywhere_is_stopped_without_a_signature_and_nothing_comes_of_it(
    secured: Secured,
):
    """`spillway broadcast stop` of a live one that had just ended was refused for want of a signature."""
    seen = await secured.ask()
    await secured.sign(seen, "wang")
    await secured.sign(seen, "li")
    desk, runner = secured.town.desk, secured.town.board.broadcasts[seen.id]
    for target in seen.targets:
        gateway, _, line = target.line.partition("/")
        begun = {"play": target.play, "line": line, "sha": seen.clip.sha}
        runner.inbox.post(warn.ClipTold(gateway, ClipStarted.model_validate(begun)))
        fields = {"play": target.play, "line": line, "result": "played", "played": seen.clip.seconds}
        runner.inbox.post(warn.ClipTold(gateway, ClipFinished.model_validate(fields)))
    await settle_loop()
    assert runner.machine.settled and runner.machine.proving, "core still listens for what was heard there"
    after = await desk.stop(seen.id, "li")
    assert (after.state, after.stopped_by, secured.plays("pa.stop")) == ("done", None, [])


async def test_a_drill_is_stopped_without_a_signature_by_the_runner_key(secured: Secured):
    seen = await secured.ask("drill")
    await secured.sign(seen, "wang", "drill")
    assert (await secured.town.desk.stop(seen.id, "li")).stopped_by == "li"
    assert [command.doc for command in secured.plays("pa.stop")] == [b""]


async def test_what_does_not_fit_into_a_command_is_refused_before_anybody_signs(
    secured: Secured, monkeypatch
):
    monkeypatch.setattr("central.warning_desk.LARGEST_DOCUMENT", 200)
    with pytest.raises(DeskError, match="too many to be signed"):
        await secured.ask("test")
    assert secured.town.board.broadcasts == {}


async def test_in_plain_mode_nothing_is_to_be_signed(town: Town):
    await town.born()
    request = BroadcastRequest(zones=("north",), text="Leave now", channel="live")
    seen = await town.desk.start_broadcast(request, "wang")
    assert seen.to_sign == ""
    shown = SignatureShown(kid="0" * 16, sig=bytes(64))
    assert "nothing is signed here" in await refusal(town.desk.sign(seen.id, shown, "wang"))
