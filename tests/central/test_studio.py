"""Studio: the clip that answers a request; a drill or a test always says so first; nobody hears a broken one."""

import wave
from pathlib import Path

import pytest

from central.api.desk import DeskError
from central.api.requests import BroadcastRequest
from central.speech.fake import ToneSpeech
from central.speech.port import SpeechError
from central.store.clips import Clip, ClipError
from central.studio import PREFIXES, Studio, join, voice_for

RATE = 16_000
TEXT = "The dam opens"


def wav(path: Path, frames: bytes) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(frames)
    return path


class Shelf:
    """A clip store in memory: the name of a file stands for its hash."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.named, self.added = folder, {}, []
        self.trouble: Exception | None = None

    async def find(self, name: str) -> Clip | None:
        return self.named.get(name)

    async def list(self) -> list[Clip]:
        return sorted(self.named.values(), key=lambda clip: clip.name)

    async def add(self, name: str, source: bytes) -> Clip:
        if self.trouble is not None:
            raise self.trouble
        self.added.append(name)
        sha = f"{len(self.added):064x}"
        self.path(sha).write_bytes(source)
        seconds = (len(source) - 44) / 2 / RATE
        self.named[name] = Clip(sha, name, seconds, RATE, len(source), -20.0)
        return self.named[name]

    def path(self, sha: str) -> Path:
        return self.folder / f"{sha}.wav"

    def path_of(self, sha: str) -> Path:
        if not self.path(sha).is_file():
            raise ClipError(f"there is no clip with sha256 {sha}")
        return self.path(sha)

    def frames(self, sha: str) -> bytes:
        with wave.open(str(self.path(sha)), "rb") as file:
            return file.readframes(file.getnframes())


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture
def speech() -> ToneSpeech:
    return ToneSpeech()


@pytest.fixture
def studio(shelf: Shelf, speech: ToneSpeech) -> Studio:
    return Studio(shelf, speech)


def ask(**fields: object) -> BroadcastRequest:
    return BroadcastRequest.model_validate({"zones": ["north"], **fields})


async def refusal(studio: Studio, **fields: object) -> DeskError:
    with pytest.raises(DeskError) as caught:
        await studio.clip_for(ask(**fields))
    return caught.value


@pytest.mark.parametrize(
    ("text", "asked", "voice"),
    [
        ("Leave now", None, "en"),
        ("大坝泄洪", None, "zh"),
        ("Leave 大坝 now", None, "zh"),
        ("123", None, "en"),
        ("大坝泄洪", "en", "en"),
        ("Leave now", "zh", "zh"),
        ("Leave now", "zh-cn", "zh"),
        ("Leave now", "en-gb", "en"),
    ],
)
def test_the_voice_is_as_asked_or_as_the_text_is_written(text: str, asked: str | None, voice: str):
    assert voice_for(text, asked) == voice


def test_a_voice_that_nobody_has_is_refused():
    with pytest.raises(DeskError) as caught:
        voice_for("x", "fr")
    assert (caught.value.status, caught.value.advice) == (422, "choose zh or en")


async def test_a_live_text_is_spoken_as_it_is(studio: Studio, shelf: Shelf, speech: ToneSpeech):
    clip = await studio.clip_for(ask(text=TEXT))
    assert speech.said == [(TEXT, "en")]
    assert (clip.sha, clip.seconds) == (shelf.named[clip.name].sha256, shelf.named[clip.name].seconds)


@pytest.mark.parametrize("channel", ["drill", "test"])
@pytest.mark.parametrize(("text", "voice"), [(TEXT, "en"), ("大坝泄洪", "zh")])
async def test_a_text_of_a_drill_says_so_first(studio, speech, channel: str, text: str, voice: str):
    await studio.clip_for(ask(text=text, channel=channel))
    assert speech.said == [(f"{PREFIXES[channel, voice]} {text}", voice)]


async def test_the_same_text_is_spoken_once(studio: Studio, speech: ToneSpeech):
    first = await studio.clip_for(ask(text=TEXT))
    assert await studio.clip_for(ask(text=TEXT)) == first
    assert len(speech.said) == 1
    drill = await studio.clip_for(ask(text=TEXT, channel="drill"))
    other = await studio.clip_for(ask(text=TEXT, voice="zh"))
    assert len({first.name, drill.name, other.name}) == 3, "channel and voice are other sounds"


async def test_a_live_clip_sounds_as_it_is(studio: Studio, shelf: Shelf, speech: ToneSpeech, tmp_path: Path):
    kept = await shelf.add("flood", wav(tmp_path / "x.wav", b"\1\0" * 100).read_bytes())
    clip = await studio.clip_for(ask(clip="flood"))
    assert (clip.sha, clip.size, clip.name) == (kept.sha256, kept.size, "flood")
    assert speech.said == []


@pytest.mark.parametrize("channel", ["drill", "test"])
async def test_a_clip_of_a_drill_says_so_in_both_languages_first(
    studio, shelf, speech, tmp_path, channel: str
):
    await shelf.add("flood", wav(tmp_path / "x.wav", b"\1\0" * 100).read_bytes())
    clip = await studio.clip_for(ask(clip="flood", channel=channel))
    assert speech.said == [(PREFIXES[channel, "zh"], "zh"), (PREFIXES[channel, "en"], "en")]
    spoken = [shelf.frames(shelf.named[name].sha256) for name in shelf.added if name.startswith("spoken-")]
    assert shelf.frames(clip.sha) == b"".join(spoken) + b"\1\0" * 100
    assert clip.name.startswith(f"{channel}-")


async def test_a_wav_that_was_sent_is_found_by_its_hash(studio: Studio, shelf: Shelf, tmp_path: Path):
    kept = await shelf.add("mine", wav(tmp_path / "x.wav", b"\1\0" * 100).read_bytes())
    assert (await studio.clip_for(ask(wav=kept.sha256))).name == "mine"


async def test_what_is_not_here_is_refused(studio: Studio):
    clip, sent = await refusal(studio, clip="flood"), await refusal(studio, wav="a" * 64)
    assert (clip.status, clip.what) == (404, "there is no clip 'flood'")
    assert (sent.status, sent.what) == (404, "there is no WAV with this hash")


async def test_a_text_that_cannot_be_spoken_is_refused(studio: Studio, monkeypatch):
    assert (await refusal(studio, text="…!?")).status == 422

    async def fail(text: str, voice: str) -> bytes:
        raise SpeechError("espeak-ng is not installed", "install it")

    monkeypatch.setattr(studio._speech, "synthesise", fail)
    error = await refusal(studio, text=TEXT)
    assert (error.what, error.advice) == ("espeak-ng is not installed", "install it")


@pytest.mark.parametrize("fields", [{"text": TEXT}, {"clip": "flood", "channel": "drill"}])
async def test_a_shelf_that_takes_nothing_is_told(studio, shelf, tmp_path, fields: dict):
    await shelf.add("flood", wav(tmp_path / "x.wav", b"\1\0" * 100).read_bytes())
    shelf.trouble = ClipError("the clip could not be converted", "report this")
    error = await refusal(studio, **fields)
    assert (error.status, error.what) == (503, "the clip could not be converted")


@pytest.mark.parametrize("channel", ["live", "drill"])
async def test_a_clip_whose_file_is_gone_is_told(studio: Studio, shelf: Shelf, tmp_path: Path, channel: str):
    kept = await shelf.add("flood", wav(tmp_path / "x.wav", b"\1\0" * 100).read_bytes())
    shelf.path(kept.sha256).unlink()
    error = await refusal(studio, clip="flood", channel=channel)
    assert error.status == 503
    assert kept.sha256 in error.what


async def test_a_clip_whose_file_is_damaged_is_told(studio: Studio, shelf: Shelf, tmp_path: Path):
    kept = await shelf.add("flood", wav(tmp_path / "x.wav", b"\1\0" * 100).read_bytes())
    shelf.path(kept.sha256).write_bytes(b"RIFF")
    assert (await refusal(studio, clip="flood", channel="drill")).status == 503


def test_wavs_are_joined_in_order(tmp_path: Path):
    parts = [wav(tmp_path / f"{n}.wav", bytes([n, 0]) * 10) for n in range(3)]
    whole = tmp_path / "whole.wav"
    whole.write_bytes(join(parts))
    with wave.open(str(whole), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (RATE, 1, 30)
        assert file.readframes(30) == b"\0\0" * 10 + b"\1\0" * 10 + b"\2\0" * 10
