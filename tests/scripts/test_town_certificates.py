"""The town's certificates: everybody has one, good ones are kept, bad ones made anew, nothing is open to others."""

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.config import load_central
from firmware.config import load_gateway
from link.bus.broker_file import CENTRE
from link.bus.tls import check_server_files, tls_context
from link.certs.authority import read_crl
from link.certs.certificate import read_certificate
from link.certs.errors import CertError
from scripts.town import certificates
from scripts.town.certificates import CENTRE_PARTS, Pki, make_certificates
from scripts.town.files import Places, Secrets, write_town
from scripts.town.plan import GatewayPlan, TownPlan
from scripts.town.ports import Ports

PLAN = TownPlan((GatewayPlan("gw-one", "One"), GatewayPlan("gw-two", "Two")), guests=("gw-guest",))
NAMES = (*CENTRE_PARTS, "gw-one", "gw-two", "gw-guest")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_certificates(PLAN, tmp_path_factory.mktemp("town") / "pki")


def pems(pki: Pki) -> dict[str, bytes]:
    return {name: pki.certificate(name).read_bytes() for name in NAMES}


def test_everybody_has_a_certificate_by_his_name(made: Pki) -> None:
    assert {name: read_certificate(pem).name for name, pem in pems(made).items()} == {n: n for n in NAMES}
    for name in NAMES:
        tls_context(made.files(name))
    for name in ("broker", "core", "voice", "api"):
        check_server_files(made.files(name))


def test_nothing_secret_is_open_to_others(made: Pki) -> None:
    for path in (*(made.key(name) for name in NAMES), made.pass_phrase, made.authority / "ca.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700
    assert b"ENCRYPTED" in (made.authority / "ca.key").read_bytes()


def test_a_second_start_keeps_what_is_good(tmp_path: Path) -> None:
    before = pems(make_certificates(PLAN, tmp_path / "pki"))
    grown = replace(PLAN, guests=("gw-guest", "gw-late"))
    again = make_certificates(grown, tmp_path / "pki")
    assert pems(again) == before
    assert read_certificate(again.certificate("gw-late").read_bytes()).name == "gw-late"


def test_what_is_not_good_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pki = make_certificates(PLAN, tmp_path / "pki")
    before = pems(pki)
    pki.open().revoke("gw-one", datetime.now(UTC))
    pki.certificate("gw-two").write_bytes(before["gw-guest"])
    pki.key(CENTRE).chmod(0o644)
    pki.key("probe").unlink()
    pki.certificate("api").write_text("damaged")
    after = pems(make_certificates(PLAN, tmp_path / "pki"))
    assert {name for name in NAMES if after[name] != before[name]} == {
        "gw-one",
        "gw-two",
        CENTRE,
        "probe",
        "api",
    }
    assert stat.S_IMODE(pki.key(CENTRE).stat().st_mode) == 0o600
    assert read_certificate(before["gw-one"]).serial in read_crl(pki.crl.read_bytes())[2]
    assert read_certificate(after["gw-one"]).serial not in read_crl(pki.crl.read_bytes())[2]
    monkeypatch.setattr(certificates, "SPARE", timedelta(days=10_000))
    assert pems(make_certificates(PLAN, tmp_path / "pki"))["gw-guest"] != before["gw-guest"]


def test_an_authority_whose_pass_phrase_is_lost_is_not_replaced_in_silence(tmp_path: Path) -> None:
    pki = make_certificates(PLAN, tmp_path / "pki")
    pki.pass_phrase.unlink()
    with pytest.raises(CertError, match="remove"):
        make_certificates(PLAN, tmp_path / "pki")


def test_the_files_of_a_secured_town_name_them_and_no_password(made: Pki, tmp_path: Path) -> None:
    places = Places(tmp_path / "town", Path("/tmp/spillway-none"))
    keys = Secrets.fresh(PLAN)
    write_town(PLAN, places, Ports(18883, 18080, 12000), keys)
    central, gateway = load_central(places.central), load_gateway(places.gateway("gw-one"))
    assert central.tls is not None and central.probe is not None and gateway.tls is not None
    assert (central.plain, central.broker.password, central.tls.certificate.name) == (
        False,
        "",
        f"{CENTRE}.crt",
    )
    assert (central.probe.certificate.name, central.probe.key.name) == ("probe.crt", "probe.key")
    assert (gateway.plain, gateway.broker.password, gateway.tls.key.name) == (False, "", "gw-one.key")
    assert gateway.tls.crl == places.pki.crl and gateway.tls.ca == places.pki.ca
    assert "require_certificate true" in places.broker.read_text()
    for path in (places.central, places.gateway("gw-one"), places.broker):
        assert not any(password in path.read_text() for password in keys.broker.values()), path
