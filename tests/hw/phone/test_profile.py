"""hw.phone.profile: the profiles of the product hold, and a wrong one is refused with a way out."""

import pytest

from hw.phone.codes import CMS_RETRY, error_name, status_name
from hw.phone.profile import load_profile, profile_names
from hw.phone.setup import hello, set_up, status
from link.hosting.settings import SettingsError


def test_the_product_has_four():
    assert profile_names() == ("generic", "iridium", "thuraya", "tiantong")


@pytest.mark.parametrize("name", profile_names())
def test_no_profile_sends_what_its_phone_does_not_bear(name):
    profile = load_profile(name)
    sent = [each.text for each in (*hello(profile), *set_up(profile), *status(profile, True))]
    assert not any(profile.forbids(text) or text.startswith("ATZ") for text in sent)
    assert "AT+CMGF=0" in sent and "ATE0" in sent


def test_what_the_notes_say_of_each():
    iridium, thuraya = load_profile("iridium"), load_profile("thuraya")
    assert "AT+CSQF" in [each.text for each in status(iridium, True)]
    assert "AT+CSQ" not in [each.text for each in status(iridium, True)]
    assert (iridium.serial.baud, iridium.serial.flow, iridium.voice.plus) == (19200, "rts-cts", "00")
    assert thuraya.forbids("AT+COPS=?") and thuraya.forbids("at+cpms=?") and not thuraya.forbids("AT+CPMS?")
    assert thuraya.voice.geo and load_profile("tiantong").voice.geo and not iridium.voice.geo


def test_reset_is_sent_only_where_the_profile_bears_it(tmp_path):
    page = tmp_path / "own.toml"
    page.write_text('name = "own"\nreset = true\n')
    assert [each.text for each in hello(load_profile(str(page)))][0] == "ATZ"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\n[voice]\nring_gab = 6\n', "ring_gap"),
        ('name = "x"\nnever = ["AT+CSQ"]\n', "never"),
        ('name = "x"\nsetup = ["ATZ"]\n', "reset = true"),
        ('name = "x"\nsetup = ["COPS"]\n', "setup"),
    ],
)
def test_a_wrong_profile_names_the_fault(tmp_path, text, said):
    page = tmp_path / "own.toml"
    page.write_text(text)
    with pytest.raises(SettingsError, match=said):
        load_profile(str(page))


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(SettingsError, match="iridium"):
        load_profile("irridium")


def test_errors_have_names():
    assert error_name("CME", 30) == "CME 30 no network service"
    assert error_name("CMS", 322) == "CMS 322 memory full"
    assert error_name("CMS", 97) == "CMS 97 semantically wrong message"
    assert error_name("CMS", 200) == "CMS 200 transfer protocol error"
    assert error_name("CME", 999) == "CME 999 not named in the notes"
    assert error_name("", None) == "ERROR"
    assert {38, 41, 42, 192, 314, 331, 332, 500} == CMS_RETRY
    assert [status_name(code)[:8] for code in (0, 0x21, 0x41, 0x62)] == [
        "received",
        "still tr",
        "failed (",
        "failed f",
    ]
