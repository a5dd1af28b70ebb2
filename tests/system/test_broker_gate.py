"""Core's trial of the broker before it uses it: a shut one passes, each way of being open is found and named."""

import asyncio
from pathlib import Path

import pytest

from central.broker_gate import AGAIN, BrokerGate, Verdict
from central.config import ProbeSettings
from link.bus.broker_access import BrokerAccess
from link.bus.broker_file import CENTRE
from link.bus.paho_bus import PahoBus
from link.bus.port import BusError
from link.hosting.clock import HandClock, SystemClock
from link.hosting.tls_settings import TlsSettings
from tests.system.secured_site import SecuredSite, secured


def gate_of(site: SecuredSite, told: list[Verdict], name: str = "probe", port: int = 0) -> BrokerGate:
    ours, probe = site.files[CENTRE], site.files[name]
    assert ours.certificate and ours.key and probe.certificate and probe.key
    tls = TlsSettings(ca=ours.ca, certificate=ours.certificate, key=ours.key, crl=site.crl)
    return BrokerGate(
        BrokerAccess(port=port or site.port, first_retry=0.1, longest_retry=0.1),
        tls,
        ProbeSettings(certificate=probe.certificate, key=probe.key),
        "main",
        PahoBus,
        SystemClock(),
        told.append,
    )


async def test_a_shut_broker_passes_and_nothing_is_left_there(tmp_path: Path) -> None:
    with secured(tmp_path) as site:
        told: list[Verdict] = []
        centre = site.raw(site.files["g-one"])
        centre.subscribe("sw/1/#")
        gate = gate_of(site, told)
        await gate.passed()
        assert (told, gate.trouble) == ([Verdict()], "")
        after = site.raw(site.files[CENTRE])
        after.subscribe("sw/1/#")
        after.publish("sw/1/main/bc/centre", b"end")
        assert after.hears(b"end") == [], "nothing of the trial is retained"
        centre.hears(b"end")
        assert centre.topics == [("sw/1/main/bc/centre", b"end")], "a gateway heard nothing of the trial"


OPEN = {
    "hears everything": (
        ("pattern read sw/1/+/dn/%u/#", "pattern read sw/1/#", "access"),
        "probe hears sw/1/main/up/",
    ),
    "hears orders": (("dn/%u/#", "dn/#", "access"), "probe hears sw/1/main/dn/no-gateway/"),
    "says everything": (
        ("pattern write sw/1/+/up/%u/#", "pattern write sw/1/#", "access"),
        "may say sw/1/main/dn/no-",
    ),
    "speaks for others": (("up/%u/#", "up/#", "access"), "probe may say sw/1/main/up/"),
    "speaks to all": (
        ("pattern read sw/1/+/bc/#", "pattern readwrite sw/1/+/bc/#", "access"),
        "probe may say sw/1/main/bc/",
    ),
    "no rules": (("acl_file", "# acl_file", "mosquitto.conf"), "probe may say sw/1/main/dn/no-gateway/"),
    "client id": (
        ("use_username_as_clientid true", "use_username_as_clientid false", "mosquitto.conf"),
        "takes the session of svc-centre",
    ),
}


@pytest.mark.parametrize(("spoil", "said"), OPEN.values(), ids=OPEN)
async def test_an_open_broker_is_named(tmp_path: Path, spoil: tuple[str, str, str], said: str) -> None:
    with secured(tmp_path, spoil) as site:
        verdict = await gate_of(site, []).look()
        assert any(said in each for each in verdict.open), verdict
        assert verdict.text.startswith("the broker is open: ") and "access rules" in verdict.text


async def test_a_broker_that_asks_nobody_for_a_certificate_is_named(tmp_path: Path) -> None:
    spoils = [
        ("require_certificate true", "require_certificate false", "mosquitto.conf"),
        ("use_identity_as_username true", "", "mosquitto.conf"),
        ("allow_anonymous false", "allow_anonymous true", "mosquitto.conf"),
        ("use_username_as_clientid true", "", "mosquitto.conf"),
        ("acl_file", "# acl_file", "mosquitto.conf"),
    ]
    with secured(tmp_path, *spoils) as site:
        verdict = await gate_of(site, []).look()
        assert "who has no certificate is let in" in verdict.open


async def test_rights_that_are_missing_are_no_pass(tmp_path: Path) -> None:
    """Silence proves nothing when the probe could not have been heard anyway."""
    with secured(tmp_path, ("pattern write", "# pattern write", "access")) as site:
        verdict = await gate_of(site, []).look()
        assert not verdict.open and "did not arrive, either" in verdict.text


async def test_without_a_broker_or_with_a_wrong_certificate_it_is_untried(tmp_path: Path) -> None:
    with secured(tmp_path) as site:
        site.files["probe"] = site.authority.issue("probe")
        revoked = gate_of(site, [])
        site.broker.stop()
        verdict = await gate_of(site, []).look()
        assert not verdict.open and "nobody listens" in verdict.untried
        site.authority.crl(site.files["probe"])
        (site.broker_folder / "crl.pem").write_bytes(site.authority.crl_file.read_bytes())
        site.broker.start()
        verdict = await revoked.look()
        assert not verdict.open and "the certificate of probe is not let in" in verdict.untried
        (tmp_path / "ours-9.key").unlink(missing_ok=True)
        assert site.files["probe"].key is not None
        site.files["probe"].key.unlink()
        with pytest.raises(BusError, match="private key"):
            await gate_of(site, []).look()


async def test_it_tries_again_until_the_broker_is_shut(tmp_path: Path) -> None:
    spoil = ("pattern write sw/1/+/up/%u/#", "pattern write sw/1/#", "access")
    with secured(tmp_path, spoil) as site:
        told: list[Verdict] = []
        gate, clock = gate_of(site, told), HandClock()
        gate.clock = clock
        passing = asyncio.create_task(gate.passed())
        while not told:
            await asyncio.sleep(0.01)
        assert told[0].open and gate.trouble == told[0].text
        await clock.advance(AGAIN)
        await asyncio.sleep(0.5)
        assert len(told) == 1 and not passing.done(), "the same is told once"
        site.spoil(spoil[1], spoil[0], "access")
        site.broker.signal(1)
        while not passing.done():
            await clock.advance(AGAIN)
            await asyncio.sleep(0.05)
        await passing
        assert (told[-1], gate.trouble, len(told)) == (Verdict(), "", 2)
