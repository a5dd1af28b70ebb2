"""What the centre sends is let through by the gateway's own check, and what lacks a signature is not."""

from dataclasses import replace

import pytest

from firmware.authority.checks import authority_of, runner_of, stop_of
from firmware.authority.messages import CommandCame
from firmware.authority.trust import NotAllowed, Trust, When
from link.contract.batch import decode_command
from link.contract.envelope import EnvelopeError
from link.sealing.signing import verify
from tests.central.test_warning_desk import Secured
from tests.central.town_rig import Town

ZONES = {"north": ("pa1",)}


def at_the_gateway(secured: Secured) -> tuple[Trust, When, dict[str, CommandCame]]:
    """The gateway's trust and clock, and the newest command of each kind as it decodes it."""
    wall = secured.town.clock.wall()
    root = secured.seats.root.head.public_octets
    assert secured.town.keys.ring is not None
    trust = Trust("gw-a", root=root, verify=verify).with_ring(secured.town.keys.ring.octets)
    came = {}
    for payload in secured.sent:
        command, order, signed = decode_command(payload)
        came[command.op] = CommandCame(command, order, signed.signatures[0].kid, signed, wall, True)
    return trust, When(wall, True), came


async def test_a_delivery_and_its_stop_pass_the_gateway_s_check(town: Town):
    await town.born()
    secured = Secured(town)
    seen = await secured.ask()
    for who in ("wang", "li"):
        seen = await secured.sign(seen, who)
    await town.desk.stop(seen.id, "li", secured.stop(seen, "li"))
    trust, when, came = at_the_gateway(secured)
    play, stop = came["pa.play"], came["pa.stop"]
    assert runner_of(trust, play, when) == secured.seats.keys["core", "runner"].head.kid
    assert authority_of(trust, play.command, play.order, ZONES, when).id == seen.id
    assert runner_of(trust, stop, when)
    word = stop_of(trust, stop.command, stop.order.play, when)
    assert word is not None and word.by == "li"
    with pytest.raises(NotAllowed, match="line"):
        authority_of(trust, play.command, play.order, {"north": ("pa2",)}, when)
    with pytest.raises(NotAllowed, match="no-authority"):
        authority_of(trust, play.command.model_copy(update={"doc": b""}), play.order, ZONES, when)
    with pytest.raises(EnvelopeError, match="forged"):
        runner_of(trust, replace(play, signed=replace(play.signed, raw=play.signed.raw + b"x")), when)


async def test_a_drill_passes_with_one_drill_signature(town: Town):
    await town.born()
    secured = Secured(town)
    await secured.sign(await secured.ask("drill"), "wang", "drill")
    trust, when, came = at_the_gateway(secured)
    play = came["pa.play"]
    assert authority_of(trust, play.command, play.order, ZONES, when).ch == "drill"
