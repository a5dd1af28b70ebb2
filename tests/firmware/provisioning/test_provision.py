"""`gateway provision` from card to force: what it takes over, refuses and sets aside, and what it says."""

import errno
import json
from dataclasses import replace

import pytest

from firmware.enrolment.keyring import Keyring
from firmware.provisioning.card import check_site
from firmware.provisioning.identity import holder
from firmware.provisioning.install import current, folder_in_force
from firmware.provisioning.provision import FAILED, IN_FORCE, NOTHING, REFUSED, provision
from firmware.technician import cli
from scripts.flashing.card import read_site as read_card
from scripts.flashing.card import write_site
from tests.firmware.provisioning.rig import WIFI, CutDisk, Disk, PowerCut, SilentDisk, computer_in, enrol
from tests.scripts.flash_rig import make_image


def token_in_force(computer):
    return next(line for line in (folder_in_force(computer.places.into) / "gateway.toml").read_text().splitlines()
                if line.startswith("token"))  # fmt: skip


def test_a_first_site_comes_into_force_and_again_writes_nothing(computer):
    computer.card(computer.sites(tables=WIFI))
    first = computer.start()
    assert first.code == IN_FORCE and first.words[0] == "gw-dam: the site on the card is in force now"
    assert current(computer.places.into).gateway == "gw-dam"
    assert (computer.places.networks / "spillway-site-wifi.nmconnection").exists()
    disk = SilentDisk()
    again = computer.start(disk)
    assert again.words == ("gw-dam: the site on the card is in force already",) and disk.done == []


def test_a_data_partition_on_which_nothing_lies_yet_is_enough(computer):
    computer.card(computer.sites(tables=WIFI))
    for folder in (computer.places.into, computer.places.networks):
        if folder.exists():
            folder.rmdir()
    empty = replace(computer.places, into=computer.places.into / "spillway" / "provisioned")
    told = provision(empty, Disk())
    assert told.code == IN_FORCE, told.words
    assert current(empty.into).gateway == "gw-dam"
    assert (empty.networks / "spillway-site-wifi.nmconnection").exists()
    assert empty.into.parent.stat().st_mode & 0o777 == 0o750


def test_another_token_or_board_is_taken_over(computer):
    for token in ("token-1", "token-2"):
        computer.card(computer.sites(token=token))
        assert computer.start().code == IN_FORCE
        assert token in token_in_force(computer)


def test_without_any_site_it_says_what_to_do_and_ends_with_a_code_of_its_own(computer):
    told = computer.start()
    assert told.code == NOTHING and folder_in_force(computer.places.into) is None
    assert told.words[0].startswith("waiting for the site's provisioning: there is no whole site in")
    assert "scripts/flash --only-site --site FILE" in told.words[0]


def test_a_card_that_was_pulled_out_or_is_damaged_takes_nothing_down(computer):
    files = computer.sites()
    computer.card(files)
    computer.start()
    before = current(computer.places.into)
    computer.card({})
    told = computer.start()
    assert told.code == IN_FORCE and "gw-dam goes on with the site that it has" in told.words[0]
    computer.card(computer.sites(token="token-2") | {"board.toml": b"half"})
    told = computer.start()
    assert told.code == REFUSED and told.words[0].startswith("REFUSED, gw-dam goes on")
    assert "board.toml is damaged" in told.words[0]
    assert current(computer.places.into) == before


def test_a_site_that_rotted_on_the_data_partition_is_replaced_from_the_card_or_named(computer):
    computer.card(computer.sites())
    computer.start()
    (folder_in_force(computer.places.into) / "board.toml").write_bytes(b"rotten")
    told = computer.start()
    assert told.code == IN_FORCE and "board.toml is damaged" in told.words[0]
    assert "it is replaced" in told.words[0] and current(computer.places.into).gateway == "gw-dam"
    (folder_in_force(computer.places.into) / "board.toml").write_bytes(b"rotten")
    computer.card({})
    told = computer.start()
    assert told.code == NOTHING and "the site in force is damaged" in told.words[0]


def test_a_full_disk_is_said_and_the_old_site_stays(computer):
    class FullDisk(Disk):
        def write(self, path, octets, mode=0o640):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

    computer.card(computer.sites())
    computer.start()
    before = current(computer.places.into)
    computer.card(computer.sites(token="token-2"))
    told = computer.start(FullDisk())
    assert told.code == FAILED and "No space left on device" in told.words[0]
    assert current(computer.places.into) == before


def test_what_flash_wrote_to_a_card_comes_into_force(computer, tmp_path):
    card = make_image(tmp_path / "card.img")
    files = computer.sites(tables=WIFI)
    write_site(card, files)
    computer.card(read_card(card))
    assert computer.start().code == IN_FORCE
    for name in ("gateway.toml", "board.toml", "ca.pem", "site.json", "network/wifi.nmconnection"):
        assert (folder_in_force(computer.places.into) / name).read_bytes() == files[name]


# ---- another gateway's site ------------------------------------------------------------------------------------


def test_another_gateways_site_is_refused_unless_its_token_is_new(computer):
    computer.card(computer.sites())
    computer.start()
    enrol(computer.state, "gw-dam", "token-1")
    computer.card(computer.sites("gw-lake", "token-1"))
    told = computer.start()
    assert told.code == REFUSED and "this gateway is gw-dam and holds its keys" in told.words[0]
    assert "spillway gateway new gw-lake" in told.words[0]
    assert current(computer.places.into).gateway == "gw-dam"
    assert Keyring(computer.state, "gw-dam").enrolled_with("token-1")


def test_a_used_token_is_known_by_the_keys_even_when_no_site_was_here(computer):
    enrol(computer.state, "gw-dam", "token-1")
    computer.card(computer.sites("gw-lake", "token-1"))
    assert computer.start().code == NOTHING
    assert current(computer.places.into) is None


def test_with_a_new_token_the_old_identity_is_set_aside_and_nothing_is_deleted(computer):
    computer.card(computer.sites())
    computer.start()
    enrol(computer.state, "gw-dam", "token-1")
    computer.card(computer.sites("gw-lake", "token-2"))
    told = computer.start()
    aside = computer.state / "aside" / "gw-dam-1"
    assert told.code == IN_FORCE and str(aside) in told.words[1]
    assert Keyring(aside, "gw-dam").facts().name == "gw-dam"
    assert (aside / "outbox.db").read_text() == "outbox.db of gw-dam"
    assert (aside / "recordings" / "a.seal").read_text() == "gw-dam"
    assert {path.name for path in computer.state.iterdir()} == {"aside", "clock.json", "provisioned"}
    assert Keyring(computer.state, "gw-lake").facts() is None
    enrol(computer.state, "gw-lake", "token-2")
    computer.card(computer.sites("gw-dam", "token-3"))
    assert computer.start().code == IN_FORCE
    enrol(computer.state, "gw-dam", "token-3")
    computer.card(computer.sites("gw-lake", "token-4"))
    assert computer.start().code == IN_FORCE
    names = sorted(path.name for path in (computer.state / "aside").iterdir())
    assert names == ["gw-dam-1", "gw-dam-2", "gw-lake-1"]


def test_the_same_gateway_with_a_new_token_keeps_its_keys_and_events(computer):
    enrol(computer.state, "gw-dam", "token-1")
    computer.card(computer.sites(token="token-2"))
    assert computer.start().code == IN_FORCE
    ring = Keyring(computer.state, "gw-dam")
    assert ring.facts().name == "gw-dam" and not ring.enrolled_with("token-2")
    assert (computer.state / "outbox.db").exists()


@pytest.mark.parametrize("card", ["there", "gone"])
def test_wherever_the_power_goes_a_change_of_gateway_is_whole_after_the_next_start(
    card, tmp_path, monkeypatch
):
    cuts = 0
    for last in range(40):
        folder = tmp_path / str(last)
        folder.mkdir()
        computer = computer_in(folder, monkeypatch)
        computer.card(computer.sites(tables=WIFI))
        computer.start()
        enrol(computer.state, "gw-dam", "token-1")
        computer.card(computer.sites("gw-lake", "token-2"))
        try:
            computer.start(CutDisk(last))
        except PowerCut:
            cuts += 1
            if card == "gone":
                computer.card({})
            assert computer.start().code == IN_FORCE
        now, keys = current(computer.places.into).gateway, Keyring(computer.state, "gw-any").facts()
        moved = computer.state / "aside" / "gw-dam-1"
        wifi = (computer.places.networks / "spillway-site-wifi.nmconnection").exists()
        if now == "gw-dam":
            assert keys.name == "gw-dam" and (computer.state / "outbox.db").exists() and wifi
        else:
            assert keys is None and not (computer.state / "outbox.db").exists() and not wifi
            assert {path.name for path in moved.iterdir()} == {
                "authority.db",
                "outbox.db",
                "recordings",
                "tls",
            }
        if last > cuts:
            break
    assert 12 < cuts < 40


def test_keys_that_cannot_be_read_are_nobodys(computer):
    enrol(computer.state, "gw-dam", "token-1")
    computer.card(computer.sites())
    computer.start()
    settings_before = current(computer.places.into)
    (computer.state / "tls" / "current" / "own.pem").write_bytes(b"rotten")
    assert computer.start().code == IN_FORCE and current(computer.places.into) == settings_before
    assert holder(check_site(settings_before)) == ""


# ---- the command -----------------------------------------------------------------------------------------------


def test_the_command_says_it_on_the_console_too_and_ends_with_the_code(computer, tmp_path, capsys):
    places, screen = computer.places, tmp_path / "screen"
    words = ["provision", "--site", str(places.card), "--into", str(places.into)]
    words += ["--networks", str(places.networks), "--console", str(screen)]
    assert cli.main(words) == NOTHING
    assert "scripts/flash --only-site" in screen.read_text() and screen.read_text() == capsys.readouterr().out
    files = computer.sites()
    computer.card(files)
    assert cli.main(words) == IN_FORCE
    assert "gw-dam: the site on the card is in force now" in screen.read_text()
    assert json.loads((folder_in_force(places.into) / "site.json").read_text()) == json.loads(
        files["site.json"]
    )
