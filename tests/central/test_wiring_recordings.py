"""Recordings wired together: a file that the node closes is sealed, encoded, played, held and exported."""

from hashlib import sha256
from pathlib import Path

from central.api.recording_requests import ExportAsked
from central.config import CentralSettings
from central.store.verify_export import Export, verify
from central.voice.segments import wav_head
from central.wiring_recordings import SealedRecordings
from link.contract import neighbour as voice
from link.voice.fake_parts import FakeRecorder
from link.voice.port import Moment
from tests.central.store.recording_rig import tone
from tests.central.town_rig import TOWN, Town


async def test_from_a_closed_file_to_an_export(town: Town, tmp_path: Path) -> None:
    settings = CentralSettings.model_validate({**TOWN, "state": tmp_path / "state"})
    wired = SealedRecordings(settings, town.database, town.clock, town.journal, town.board, town.changed)
    await wired.care.resume()
    tapes = wired.tapes(lambda gateway, fact: None)
    tapes.conversation("valley", ("gw-a/r1",), on=True)
    order = next(iter(tapes.running.values())).order
    assert order.segment_s == settings.recording.segment_minutes * 60
    path = settings.recordings / order.path
    path.parent.mkdir(parents=True)
    recorder = FakeRecorder(path, Moment(1, 2, 3))
    recorder.write(tone(0.5))
    recorder.close(16000)
    assert path.read_bytes() == wav_head(16000, 16000) + tone(0.5)
    sha = sha256(path.read_bytes()).hexdigest()
    tapes.heard(
        voice.RecordingClosed(recording=order.recording, path=order.path, seconds=0.5, sha=sha, samples=8000)
    )
    while not tapes._jobs.empty():
        await tapes._jobs.get_nowait()
    await wired.care.round()
    row = await wired.recordings.find(order.recording)
    assert (row.codec, row.state, row.legs) == ("flac", "closed", "|gw-a/r1|")
    made = await wired.desk.export(ExportAsked(recordings=(row.id,), why="case 7"), "li")
    assert verify(Export(str(made)), wired.seals.key.fingerprint)[1] == []
    assert (settings.state / "keys" / "recording.key").stat().st_mode & 0o777 == 0o600
    assert (settings.state / "keys").stat().st_mode & 0o777 == 0o700


async def test_what_goes_wrong_is_a_notice_and_stands_in_status_and_journal(
    town: Town, tmp_path: Path
) -> None:
    settings = CentralSettings.model_validate({**TOWN, "state": tmp_path / "state"})
    wired = SealedRecordings(settings, town.database, town.clock, town.journal, town.board, town.changed)
    tapes = wired.tapes(lambda gateway, fact: None)
    tapes.heard(
        voice.RecordingClosed(recording="g-1", path="g.wav", seconds=0, sha="", state="failed", why="disk")
    )
    notice = town.views.notices()[0]
    assert (notice.what, notice.line) == ("not-recorded", "g-1")
    assert wired.care.view().recent == ("g-1: g-1: disk",)
    await town.journal.barrier(5)
    assert (await town.journal.tail(1))[0].kind == "recording.not-recorded"
    while not tapes._jobs.empty():
        tapes._jobs.get_nowait().close()
