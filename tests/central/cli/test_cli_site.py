"""`spillway gateway new --site`: from the centre's answer to a card that the gateway itself takes, file by file."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.cli import site_folder
from central.enrolment_models import SiteFactsView
from firmware.provisioning.card import check_site, read_site
from link.certs.ca import Ca
from scripts.flashing.site import load_site
from tests.scripts.flash_rig import BOARD

ROOT = "ab" * 32


@pytest.fixture
def centre(town, tmp_path: Path):
    """A secured one: it says of itself what a card must say."""
    ca = Ca.init(tmp_path / "ca", b"word", datetime.now(UTC))
    told = {
        "realm": "valley",
        "url": "https://centre.example:8443",
        "broker": "mqtt.example",
        "broker_port": 8884,
    }
    facts = SiteFactsView.model_validate({**told, "ca": ca.certificate.decode(), "root": ROOT})
    town.desk.enrolment.site = facts
    (tmp_path / "dam-board.toml").write_text(BOARD)
    return town


def card(site: Path, folder: Path):
    """What `scripts/flash` puts on a card of this site, as the gateway reads it at its first start."""
    for name, octets in load_site(site).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(octets)
    return read_site(folder)


def test_a_site_is_written_that_the_gateway_takes(centre, run, tmp_path: Path):
    words = (
        "--site",
        str(tmp_path / "dam"),
        "--board",
        str(tmp_path / "dam-board.toml"),
        "--label",
        "r1=Dam, 北",
    )
    net = ("--address", "10.0.0.5/24", "--router", "10.0.0.1", "--dns", "10.0.0.2", "--dns", "10.0.0.3")
    done = run("gateway", "new", "gw-north", *words, *net)
    assert done.exit_code == 0, done.stderr
    path = tmp_path / "dam" / "site.toml"
    assert done.stdout.strip() == str(path) and "t" * 32 not in done.stdout + done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    site = card(path, tmp_path / "card")
    settings = check_site(site)
    assert (settings.gateway, settings.realm, settings.labels) == ("gw-north", "valley", {"r1": "Dam, 北"})
    assert settings.enrolment is not None and settings.enrolment.token == "t" * 32
    assert settings.enrolment.url == settings.centre.url == "https://centre.example:8443"
    assert (settings.broker.host, settings.broker.port) == ("mqtt.example", 8884)
    assert settings.authority.root == ROOT and settings.update is not None
    keyfile = site.files["network/ethernet.nmconnection"].decode()
    assert "address1=10.0.0.5/24,10.0.0.1" in keyfile and "dns=10.0.0.2;10.0.0.3;" in keyfile


def test_wi_fi_4g_and_addresses_of_one_s_own(centre, run, tmp_path: Path):
    (tmp_path / "psk").write_text('four "words" \\ here\n')
    words = ("--site", str(tmp_path / "dam"), "--board", str(tmp_path / "dam-board.toml"))
    wifi = ("--wifi", "valley", "--wifi-psk-file", str(tmp_path / "psk"), "--apn", "internet")
    other = ("--url", "https://10.1.1.1:443/", "--broker", "10.1.1.2")
    done = run("gateway", "new", "gw-north", *words, *wifi, *other, "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)["site"]["realm"] == "valley"
    site = card(tmp_path / "dam" / "site.toml", tmp_path / "card")
    settings = check_site(site)
    assert (settings.centre.url, settings.broker.host) == ("https://10.1.1.1:443", "10.1.1.2")
    assert 'psk=four "words" \\\\ here' in site.files["network/wifi.nmconnection"].decode()
    assert "apn=internet" in site.files["network/mobile.nmconnection"].decode()
    assert "method=auto" in site.files["network/ethernet.nmconnection"].decode()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--board", "none.toml"), "none.toml cannot be read"),
        (("--board", "word.toml"), "is no board file"),
        (("--label", "r9=Dam"), "no line 'r9' on this board; there are: r1"),
        (("--label", "r1"), "write it like r1=Dam"),
        (("--address", "10.0.0.5"), "like 10.0.0.5/24"),
        (("--address", "10.0.0.999/24"), "write addresses like"),
        (("--address", "10.0.0.5/24", "--router", "10.1.0.1"), "10.1.0.1 is not in the network 10.0.0.0/24"),
        (("--router", "10.0.0.1"), "DHCP tells them"),
        (("--address", "10.0.0.5/24", "--dns", "dns.example"), "write addresses like"),
        (("--wifi", "valley"), "both or none"),
        (("--wifi", "valley", "--wifi-psk-file", "none"), "none cannot be read"),
        (("--site", "taken"), "no site is ever overwritten"),
    ],
    ids=range(12),
)
def test_what_cannot_be_is_found_before_a_token_is_made(
    centre, run, tmp_path: Path, words, said, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "site.toml").touch()
    (tmp_path / "word.toml").write_text("not = [toml")
    made: list[str] = []
    centre.desk.enrolment.new_token = lambda gateway, by: made.append(gateway)
    given = ("--site", "dam", "--board", "dam-board.toml")
    done = run("gateway", "new", "gw-north", *given, *words)
    assert (done.exit_code, made) == (2, []) and said in done.stderr, done.stderr
    assert not (tmp_path / "dam").exists()


def test_options_of_a_card_without_its_folder_are_refused(centre, run, tmp_path: Path):
    done = run("gateway", "new", "gw-north", "--address", "10.0.0.5/24")
    assert done.exit_code == 2 and "--site" in done.stderr
    done = run("gateway", "new", "gw-north", "--site", str(tmp_path / "dam"))
    assert done.exit_code == 2 and "board file" in done.stderr


def test_a_plain_centre_says_that_it_provisions_no_card(town, run, tmp_path: Path):
    (tmp_path / "board.toml").write_text(BOARD)
    words = ("--site", str(tmp_path / "dam"), "--board", str(tmp_path / "board.toml"))
    done = run("gateway", "new", "gw-north", *words)
    assert done.exit_code == 2 and "it is plain, or has no [front]" in done.stderr
    assert not (tmp_path / "dam").exists() and site_folder.SITE == "site.toml"
