"""The gateway's settings file: what may stand in it, and where its paths lead."""

from pathlib import Path

import pytest

from firmware.config import GatewaySettings, load_gateway
from link.hosting.settings import SettingsError

BARE = 'gateway = "gw-north"\nboard = "board.toml"\nstate = "state"\nrun = "/run/spillway"\n'
LEAST = f"{BARE}plain = true\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_gateway(write(tmp_path, text))
    return str(caught.value)


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, LEAST)
    monkeypatch.chdir(tmp_path)
    settings = load_gateway(Path("gateway.toml"))
    assert (settings.board, settings.state) == (tmp_path / "board.toml", tmp_path / "state")
    assert settings.run == Path("/run/spillway"), "an absolute path stays as it is"
    assert settings.voice_socket == Path("/run/spillway/voice.sock")
    assert settings.guard_socket == Path("/run/spillway/guard.sock")


def test_what_is_left_out_has_a_value_that_works(tmp_path: Path):
    settings = load_gateway(write(tmp_path, LEAST))
    assert (settings.realm, settings.labels) == ("main", {})
    assert (settings.broker.host, settings.broker.port) == ("127.0.0.1", 8883)
    assert settings.voice.codecs[0] == "G722/16000"
    assert settings.voice.rate_hz == 16000


def test_every_section_is_read(tmp_path: Path):
    text = LEAST + (
        '[broker]\nhost = "10.0.0.1"\nport = 8883\npassword = "secret"\n'
        '[centre]\nurl = "https://centre"\ntoken = "t"\n'
        "[voice]\nmax_calls = 4\nrtp_port = 5000\n"
        '[labels]\nr1 = "北站"\n'
    )
    settings = load_gateway(write(tmp_path, text))
    assert (settings.broker.host, settings.broker.port, settings.broker.password) == (
        "10.0.0.1",
        8883,
        "secret",
    )
    assert (settings.centre.url, settings.centre.token) == ("https://centre", "t")
    assert (settings.voice.max_calls, settings.voice.rtp_port) == (4, 5000)
    assert settings.labels == {"r1": "北站"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('gateway = "gw-north"', 'gateway = "GW North"', "gateway.toml:1: gateway = 'GW North'"),
        ('gateway = "gw-north"', "", "key 'gateway' is missing"),
        ("board =", "baord =", "gateway.toml:2: unknown key 'baord', did you mean 'board'?"),
        ("run =", "[broker]\nport = 70000\n[centre]\nrun =", "broker.port = 70000"),
        ("run =", "[voice]\nmax_calls = 0\nrun =", "voice.max_calls = 0"),
        ("run =", '[broker]\npasword = "x"\nrun =', "did you mean 'password'?"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, old: str, new: str, said: str):
    assert said in refused(tmp_path, LEAST.replace(old, new))


TLS = '[tls]\nca = "pki/ca.pem"\ncertificate = "pki/gw.crt"\nkey = "/keys/gw.key"\n'


def test_secured_or_plain_by_the_files_own_words(tmp_path: Path):
    settings = load_gateway(write(tmp_path, BARE + TLS))
    assert settings.tls is not None and not settings.plain
    assert (settings.tls.ca, settings.tls.key) == (tmp_path / "pki" / "ca.pem", Path("/keys/gw.key"))
    assert "table [tls] is missing" in refused(tmp_path, BARE)
    assert "plain = true stands beside [tls]" in refused(tmp_path, LEAST + TLS)


def test_secrets_are_not_shown():
    fields = {"gateway": "gw1", "board": "b", "state": "s", "run": "r"}
    secret = {"broker": {"password": "hush-1"}, "centre": {"token": "hush-2"}}
    assert "hush" not in repr(GatewaySettings.model_validate({**fields, **secret}))


ENROLMENT = '[enrolment]\nurl = "https://centre:8443"\nca = "centre-ca.pem"\ntoken = "secret-token"\n'


def test_enrolment_says_where_key_and_certificate_will_be(tmp_path: Path):
    settings = load_gateway(write(tmp_path, BARE + ENROLMENT))
    assert settings.enrolment is not None and settings.tls is not None
    assert settings.enrolment.ca == tmp_path / "centre-ca.pem"
    assert settings.tls.key == tmp_path / "state" / "tls" / "current" / "own.key"
    assert "secret-token" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("plain = true\n" + BARE + ENROLMENT, "stands beside plain"),
        (
            BARE + ENROLMENT + '[tls]\nca = "a"\ncertificate = "b"\nkey = "c"\n',
            "stands beside tls",
        ),
        (BARE + ENROLMENT.replace("https:", "http:"), "url"),
        (BARE + ENROLMENT.replace("centre:8443", "a/b?c"), "url"),
        (BARE + ENROLMENT.replace("token", "tokn"), "did you mean"),
    ],
)
def test_enrolment_stands_alone_and_over_tls_only(tmp_path: Path, text: str, why: str):
    assert why in refused(tmp_path, text)


def test_the_keyring_of_bundles_is_found_beside_the_file(tmp_path: Path):
    settings = load_gateway(write(tmp_path, LEAST + '[update]\nkeyring = "ca.pem"\n'))
    assert settings.update is not None and settings.update.keyring == tmp_path / "ca.pem"
    bare = load_gateway(write(tmp_path, LEAST + "[update]\n"))
    assert bare.update is not None and bare.update.keyring is None
    assert load_gateway(write(tmp_path, LEAST)).update is None
