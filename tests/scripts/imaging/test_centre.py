"""The centre of the trials as the machine sees it, and the site that a technician puts on its card."""

import asyncio
import re
import subprocess
from pathlib import Path

import pytest

from central.config import load_central
from central.update_models import UpdateView
from firmware.provisioning.card import check_site
from firmware.provisioning.card import read_site as read_folder
from firmware.technician.console import Teller
from link.certs.certificate import issued_by
from link.certs.keys import fingerprint, new_key
from link.contract.firmware_job import Phase
from scripts.flashing.card import read_site
from scripts.imaging import __main__ as command
from scripts.imaging import centre_trials
from scripts.imaging.centre import GATEWAY, Centre, flash_site
from scripts.imaging.centre_trials import (
    CENTRE_TRIALS,
    FINGERPRINT,
    card_of,
    with_updates,
)
from scripts.imaging.next_bundle import signing_keys
from scripts.imaging.vm import GUEST_SEES_HOST, VmError
from tests.link.bundles.bundle_rig import make_signers
from tests.scripts.flash_rig import make_image


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory):
    made = Centre(tmp_path_factory.mktemp("trial"), token_days=2.0)
    yield made
    asyncio.run(made.town.stop())


def test_it_answers_to_the_address_that_the_machine_calls(centre: Centre):
    settings = load_central(centre.town.places.central)
    assert settings.front is not None and GUEST_SEES_HOST in settings.front.names
    for name in ("api", "broker"):
        words = [
            "openssl",
            "x509",
            "-noout",
            "-ext",
            "subjectAltName",
            "-in",
            centre.town.places.pki.certificate(name),
        ]
        said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        assert f"IP Address:{GUEST_SEES_HOST}" in said and "IP Address:127.0.0.1" in said
    assert settings.enrolment is not None and settings.enrolment.token_days == 2.0
    assert [entry.id for entry in settings.gateway] == [GATEWAY]
    assert not centre.town.places.pki.certificate(GATEWAY).exists(), "it has to come by enrolment"


def test_the_site_on_the_card_is_one_that_the_gateway_takes(centre: Centre, tmp_path: Path):
    card = make_image(tmp_path / "card.img")
    flash_site(card, centre.site("t" * 32))
    files = read_site(card)
    place = tmp_path / "site-of-card"
    for name, octets in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(octets)
    settings = check_site(read_folder(place))
    assert (settings.gateway, settings.broker.host) == (GATEWAY, GUEST_SEES_HOST)
    assert settings.centre.url == centre.url and settings.update is not None
    assert issued_by(centre.town.places.pki.certificate("api").read_bytes(), files["ca.pem"])


def test_what_flash_refuses_is_told(centre: Centre, tmp_path: Path):
    (tmp_path / "paper").write_bytes(b"no card")
    with pytest.raises(VmError, match=r"scripts/flash: .*partitions"):
        flash_site(tmp_path / "paper", centre.site("t" * 32))


def test_the_card_has_room_and_the_image_stays(tmp_path: Path):
    image = tmp_path / "gateway.img"
    image.write_bytes(b"x" * 4096)
    (tmp_path / "trial").mkdir()
    card = card_of(image, tmp_path / "trial")
    assert card.stat().st_size == centre_trials.ROOM and image.stat().st_size == 4096
    assert card.stat().st_blocks * 512 < 1 << 20


def test_the_fingerprint_is_found_on_the_console(tmp_path: Path):
    shown = fingerprint(new_key())
    said = Teller(tmp_path)._enrolment(None, {"state": "waits", "trouble": "", "fingerprint": shown})  # type: ignore[arg-type]
    found = re.search(FINGERPRINT, said)
    assert found is not None and found[1] == shown
    assert re.search(FINGERPRINT, said[:-2]) is None, "half of it came in one piece"


def test_bundles_are_believed_by_the_keys_of_the_image_and_fetched_where_the_machine_can(tmp_path: Path):
    image = tmp_path / "cache" / "image" / "gateway.img"
    keys = signing_keys(image)
    keys.mkdir(parents=True)
    make_signers(keys)
    made = with_updates(image, tmp_path)
    settings = load_central(made.town.places.central)
    assert settings.updates is not None and settings.updates.keyring == keys / "ca.pem"
    assert settings.updates.url == made.url
    asyncio.run(made.town.stop())


def test_without_keys_it_takes_no_bundle(centre: Centre):
    assert load_central(centre.town.places.central).updates is None


def told(phase: Phase, pct: int = 0, why: str = "") -> UpdateView:
    return UpdateView(job="u-1", version="1", phase=phase, pct=pct, why=why)


async def test_an_update_that_has_ended_otherwise_is_not_waited_for(centre: Centre):
    centre.updates = [told("streaming", 5), told("failed", why="no room")]
    assert (await centre.updated("streaming", 9.0)).pct == 5
    with pytest.raises(VmError, match=r"installed was not reported .*no room"):
        await centre.updated("installed", 9.0)
    with pytest.raises(VmError, match="streaming was not reported"):
        await centre.updated("streaming", 9.0, pct=100)
    assert (await centre.updated("failed", 9.0)).why == "no room"


async def test_a_phase_that_nobody_saw_is_passed_by_a_later_one(centre: Centre):
    centre.updates = [told("waiting"), told("testing", 100)]
    assert (await centre.updated("installed", 0.0)).phase == "testing"
    with pytest.raises(VmError, match="within 0 s"):
        await centre.updated("good", 0.0)


def test_the_trials_are_run_with_the_others():
    assert {"enrols", "refused", "fetches", "gate"} <= set(CENTRE_TRIALS) <= set(command.ALL)
