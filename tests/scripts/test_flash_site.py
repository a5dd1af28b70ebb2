"""A site file: what becomes of it is what the gateway itself reads; what is wrong is said with line and remedy."""

import hashlib
import json
from pathlib import Path

import pytest

from firmware.config import load_gateway
from link.hosting.settings import SettingsError
from scripts.flashing.networks import Ethernet, Mobile, Wifi, keyfiles
from scripts.flashing.site import load_site
from tests.scripts.flash_rig import make_site


def test_the_gateway_reads_what_was_made(tmp_path: Path):
    files = load_site(make_site(tmp_path, _tables='[labels]\nr1 = "Dam"\n'))
    place = tmp_path / "card"
    place.mkdir()
    for name in ("gateway.toml", "board.toml", "ca.pem"):
        (place / name).write_bytes(files[name])
    settings = load_gateway(place / "gateway.toml")
    assert (settings.gateway, settings.labels, settings.plain) == ("gw-dam", {"r1": "Dam"}, False)
    assert settings.enrolment is not None and settings.enrolment.token == "token-of-the-centre"
    assert (settings.broker.host, settings.broker.port) == ("mqtt.example", 8883)
    assert settings.authority.root == "ab" * 32


def test_the_manifest_names_every_file_with_its_hash(tmp_path: Path):
    files = load_site(make_site(tmp_path))
    told = json.loads(files["site.json"])
    assert told["gateway"] == "gw-dam"
    assert told["files"] == {
        name: hashlib.sha256(octets).hexdigest() for name, octets in files.items() if name != "site.json"
    }


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"gateway": '"GW dam"'}, r"site.toml:1: "),
        ({"gatewy": '"gw-dam"'}, "gatewy"),
        ({"url": '"http://centre.example"'}, "url"),
        ({"root": '"abc"'}, "root"),
        ({"ca": '"gone.pem"'}, r"gone.pem"),
        ({"ca": '"board.toml"'}, "holds no certificate"),
        ({"board": '"gone.toml"'}, "gone.toml: cannot be read"),
        ({"token_file": '"gone"'}, "gone: cannot be read"),
        ({"token": '"again"'}, "one of them: spillway gateway new"),
        ({"token_file": ""}, "one of them: spillway gateway new"),
        ({"_tables": '[labels]\nr9 = "x"\n'}, "no line 'r9' on this board; there are: r1"),
        ({"_tables": '[network.ethernet]\naddress = "10.0.0.5"\n'}, "10.0.0.5/24"),
        ({"_tables": '[network.ethernet]\ngateway = "10.0.0.1"\n'}, "fixed address only"),
        (
            {"_tables": '[network.ethernet]\naddress = "10.0.0.5/24"\ngateway = "10.1.0.1"\n'},
            "not in the network",
        ),
        ({"_tables": '[network.wifi]\nssid = "x"\npsk = "short"\n'}, "psk"),
    ],
    ids=range(15),
)
def test_what_is_wrong_is_said(more: dict[str, str], words: str, tmp_path: Path):
    with pytest.raises(SettingsError, match=words):
        load_site(make_site(tmp_path, **more))


def test_a_board_that_the_gateway_would_refuse_is_refused_here(tmp_path: Path):
    site = make_site(tmp_path)
    (tmp_path / "board.toml").write_text(
        (tmp_path / "board.toml").read_text().replace('"r1.cos"\n', '"r1.coz"\n', 1)
    )
    with pytest.raises(SettingsError, match=r"board.toml"):
        load_site(site)


def test_keyfiles_of_a_plain_socket_of_wifi_and_of_a_stick():
    files = keyfiles(
        Ethernet(), Wifi(ssid=" Stau\\see", psk="geheim im Tal"), Mobile(apn="internet", pin="1234")
    )
    assert sorted(files) == ["ethernet.nmconnection", "mobile.nmconnection", "wifi.nmconnection"]
    assert "[ipv4]\nmethod=auto\n" in files["ethernet.nmconnection"]
    assert (
        "ssid=\\sStau\\\\see\n" in files["wifi.nmconnection"]
        and "psk=geheim im Tal\n" in files["wifi.nmconnection"]
    )
    assert "apn=internet\npin=1234\n" in files["mobile.nmconnection"]
    assert keyfiles(Ethernet(), None, None)["ethernet.nmconnection"] == files["ethernet.nmconnection"]


def test_what_is_secret_is_not_shown():
    shown = repr((Wifi(ssid="x", psk="geheim-im-tal"), Mobile(apn="a", pin="1234", password="wort")))
    assert "geheim" not in shown and "1234" not in shown and "wort" not in shown
