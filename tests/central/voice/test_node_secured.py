"""Voice node: whose certificate opens a leg, and where gateways are told to dial."""

from pathlib import Path

from central.voice.node import VoiceNode
from link.contract import neighbour as say
from link.voice.fake import FakeAir, FakeEngine
from tests.central.voice.test_node import SETTINGS, A, Rig


async def test_a_leg_is_for_its_gateway_alone_where_certificates_are_shown(tmp_path: Path):
    rig = await Rig(tmp_path / "recordings").start()
    await rig.node.obey(say.ExpectLeg(leg=A, token="token-of-a"))
    for name, code in (("gw-b", 403), ("gw-a", 200)):
        facts: list[object] = []
        engine = FakeEngine(rig.air, f"sip:{name}", SETTINGS, name=name)
        await engine.start(facts.append)
        await engine.dial("sip:node", "token-of-a")
        await rig.settle()
        assert [getattr(fact, "code", 200) for fact in facts] == [code]
    assert rig.of(say.CallRefused) == [say.CallRefused(source="sip:gw-b", why="token of another gateway")]
    assert list(rig.node.legs) == [A]


async def test_where_gateways_dial_is_told_with_what_follows_the_port(tmp_path: Path):
    engine = FakeEngine(FakeAir(), "sip:node", SETTINGS)
    limits = await engine.start(lambda fact: None)
    secured = VoiceNode(engine, limits, tmp_path, lambda fact: None, "voice.example:5061;transport=tls")
    assert secured.ready().sip == "voice.example:5061;transport=tls"
    assert VoiceNode(engine, limits, tmp_path, lambda fact: None).ready().sip == "127.0.0.1:5060"
