"""What stands before the processes of a gateway until it has its certificate."""

import asyncio
import json

import pytest

from firmware import enrolling
from firmware.config import UpdateSettings, load_gateway
from firmware.enrolment.keyring import Keyring
from firmware.update.messages import Note
from firmware.update.note_file import NoteFile
from link.certs.errors import CertError
from link.hosting.clock import HandClock, SystemClock
from tests.firmware.enrolment.conftest import Centre
from tests.firmware.test_config import BARE, ENROLMENT, LEAST, write
from tests.firmware.update.fake_rauc import FakeRauc


@pytest.fixture
def settings(tmp_path):
    return load_gateway(write(tmp_path, BARE.replace("/run/spillway", "run") + ENROLMENT))


async def test_without_the_table_nothing_is_enrolled_or_renewed(tmp_path):
    plain = load_gateway(write(tmp_path, LEAST))
    await enrolling.enrolled(plain, HandClock())
    await enrolling.certificate_there(plain, HandClock())
    assert enrolling.make_renewal(plain, HandClock()) is None
    assert not (tmp_path / "state").exists()


async def test_both_processes_go_on_once_the_certificate_is_there(settings, monkeypatch, threads_at_once):
    centre, clock = Centre(), HandClock()
    monkeypatch.setattr(enrolling, "_door", lambda table, tls, floor: centre)
    voice = asyncio.ensure_future(enrolling.certificate_there(settings, clock))
    gateway = asyncio.ensure_future(enrolling.enrolled(settings, clock))
    page = settings.run / "status.json"
    await clock.advance(1.0)
    said = json.loads(page.read_text())["parts"]["enrolment"]
    assert (said["state"], len(said["fingerprint"])) == ("waits", 39)
    await clock.advance(300.0)
    assert not voice.done() and not gateway.done()
    centre.state = "approved"
    await clock.advance(15.0)
    assert voice.done() and gateway.done()
    assert not page.exists()
    await enrolling.enrolled(settings, HandClock())  # the second start asks nobody
    assert centre.calls.count("enrol") == 1
    renewal = enrolling.make_renewal(settings, HandClock(wall=centre.now.timestamp()))
    assert renewal is not None and not await renewal.look()


async def test_the_slot_is_good_while_a_person_is_waited_for(settings, monkeypatch, threads_at_once):
    centre, clock, rauc = Centre(), HandClock(), FakeRauc()
    monkeypatch.setattr(enrolling, "_door", lambda table, tls, floor: centre)
    monkeypatch.setattr(enrolling, "RaucProgram", lambda program, keyring: rauc)
    with_slots = settings.model_copy(update={"update": UpdateSettings()})
    gateway = asyncio.ensure_future(enrolling.enrolled(with_slots, clock))
    await clock.advance(5.0)
    assert rauc.good == {"rootfs.0"} and not gateway.done()
    gateway.cancel()


async def test_a_slot_on_trial_waits_for_its_gate(settings, monkeypatch, threads_at_once):
    centre, clock, rauc = Centre(), HandClock(), FakeRauc()
    monkeypatch.setattr(enrolling, "_door", lambda table, tls, floor: centre)
    monkeypatch.setattr(enrolling, "RaucProgram", lambda program, keyring: rauc)
    settings.state.mkdir()
    NoteFile(settings.state).keep(Note(good="rootfs.1", step="rebooting"))
    with_slots = settings.model_copy(update={"update": UpdateSettings()})
    gateway = asyncio.ensure_future(enrolling.enrolled(with_slots, clock))
    await clock.advance(5.0)
    assert rauc.good == set() and not gateway.done()
    gateway.cancel()


async def test_who_need_not_wait_does_not_say_that_he_is_ready(settings, monkeypatch):
    """systemd would begin to watch a voice process that has not begun to start: a slow one was killed for ever."""
    told: list[str] = []
    monkeypatch.setattr(enrolling, "notify", told.append)
    monkeypatch.setattr(Keyring, "facts", lambda self: object())
    await enrolling.certificate_there(settings, HandClock())
    await asyncio.sleep(0)
    assert told == []


async def test_no_token_and_no_certificate_ends_the_process_with_advice(settings):
    bare = settings.model_copy(update={"enrolment": settings.enrolment.model_copy(update={"token": ""})})
    with pytest.raises(CertError, match="spillway gateway new"):
        await enrolling.enrolled(bare, SystemClock())
    assert Keyring(settings.state, "gw-north").facts() is None
