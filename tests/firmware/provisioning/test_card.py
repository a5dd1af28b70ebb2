"""A site is read by its manifest; what does not fit is refused in words, and nothing outside is opened."""

import os

import pytest

from firmware.provisioning.card import LARGEST, NoSite, SiteError, check_site, read_site
from tests.firmware.provisioning.rig import WIFI, manifest_of


def test_what_flash_wrote_is_read_and_checked(computer):
    files = computer.sites(tables=WIFI)
    computer.card(files)
    site = read_site(computer.places.card)
    assert (site.gateway, site.manifest) == ("gw-dam", files["site.json"])
    assert site.files == {name: octets for name, octets in files.items() if name != "site.json"}
    settings = check_site(site)
    assert settings.state == computer.state and settings.enrolment.token == "token-1"


def test_a_card_without_a_whole_site_is_told_from_one_that_is_damaged(computer):
    computer.card({name: octets for name, octets in computer.sites().items() if name != "site.json"})
    with pytest.raises(NoSite, match=r"has no site.json, which is written last"):
        read_site(computer.places.card)
    with pytest.raises(NoSite, match="there is no site in"):
        read_site(computer.places.card / "gone")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda files: manifest_of(files, version=2), r"site.json: version: .*this version's scripts/flash"),
        (lambda files: manifest_of(files, gateway="Gw Dam"), r"site.json: gateway: "),
        (lambda files: manifest_of(files, gateway="gw-other"), "gateway.toml is for gw-dam, site.json for gw-other"),
        (lambda files: manifest_of(files, more=1), r"site.json: more: "),
        (lambda files: files | {"site.json": b"{"}, r"site.json: file: "),
        (lambda files: files | {"site.json": b"[" * 200_000}, r"site.json: file: "),
        (lambda files: files | {"board.toml": files["board.toml"] + b" "}, r"board.toml is damaged"),
        (lambda files: {k: v for k, v in files.items() if k != "ca.pem"}, r"ca.pem is missing, site.json names it"),
        (lambda files: manifest_of({k: v for k, v in files.items() if k != "ca.pem"}), "ca.pem is not in the site"),
        (lambda files: manifest_of(files | {"ca.pem": b"x" * (LARGEST + 1)}), "ca.pem is larger than 256000"),
        (lambda files: manifest_of(files | {"ca.pem": b"no certificate"}), "ca.pem: this holds no certificate"),
        (
            lambda files: manifest_of(files | {"gateway.toml": files["gateway.toml"] + b"[nothing]\nx = 1\n"}),
            r"gateway.toml:\d+: unknown key 'nothing'",
        ),
        (
            lambda files: manifest_of(
                files | {"gateway.toml": files["gateway.toml"].replace(b'"board.toml"', b'"/etc/board.toml"')}
            ),
            'board = "board.toml"',
        ),
        (
            lambda files: manifest_of(files | {"gateway.toml": files["gateway.toml"] + b'r9 = "x"\n'}),
            "no line 'r9' on this board",
        ),
        (
            lambda files: manifest_of(
                files | {"gateway.toml": files["gateway.toml"].replace(b'"/run/spillway"', b'"run"')}
            ),
            "state and run must be absolute",
        ),
        (lambda files: manifest_of(files | {"board.toml": b"[board]\n"}), "board.toml"),
        (lambda files: manifest_of(files | {"board.toml": b"x = " + b"[" * 50_000}), "board.toml: .*recursion"),
        (lambda files: manifest_of(files | {"board.toml": b"x = " + b"1" * 50_000}), "board.toml: .*digits"),
    ],
    ids=range(18),
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_words(change, words, computer):
    computer.card(change(computer.sites()))
    with pytest.raises(SiteError, match=words):
        check_site(read_site(computer.places.card))


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/passwd", "network/../../x.nmconnection", "network/.nmconnection", "network/a/b.nmconnection",
     "site.json", "network/x.nmconnection\n", "network/" + "x" * 40 + ".nmconnection", "", "run.sh"],
)  # fmt: skip
def test_no_other_name_is_opened(name, computer):
    files = computer.sites()
    told = {each: "0" * 64 for each in (*files, name) if each != "site.json" or name == "site.json"}
    computer.card(manifest_of(files, files=told))
    with pytest.raises(SiteError, match="is no file of a site"):
        read_site(computer.places.card)


def test_no_symlink_and_no_pipe_is_followed(computer, tmp_path):
    files, card = computer.sites(tables=WIFI), computer.places.card
    computer.card(files)
    outside = tmp_path / "outside"
    outside.write_bytes(files["ca.pem"])
    (card / "ca.pem").unlink()
    (card / "ca.pem").symlink_to(outside)
    with pytest.raises(SiteError, match=r"ca.pem cannot be read"):
        read_site(card)
    (card / "ca.pem").unlink()
    os.mkfifo(card / "ca.pem")
    with pytest.raises(SiteError, match=r"ca.pem is no plain file"):
        read_site(card)
    computer.card(files)
    (card / "network").rename(tmp_path / "elsewhere")
    (card / "network").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SiteError, match=r"network/.* cannot be read"):
        read_site(card)
