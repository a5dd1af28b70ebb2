"""A recording: sample accurate, sparse, bounded."""

from pathlib import Path

import numpy as np
from pytest_mock import MockerFixture

from hw.bench import recording as module
from hw.bench.gate import FRAME_NS, FRAME_SAMPLES, SAMPLE_NS
from hw.bench.recording import Recording

from .conftest import samples_of

ONES = np.ones(FRAME_SAMPLES, "<i2").tobytes()


def test_the_wav_begins_at_start_ns_and_keeps_silence(tmp_path: Path) -> None:
    recording = Recording(epoch_ns=1000, now_ns=1000 + 100 * SAMPLE_NS + 3)
    assert recording.start_ns == 1000 + 101 * SAMPLE_NS
    recording.add(1000, ONES)
    recording.add(1000 + 3 * FRAME_NS, ONES)
    stop = recording.start_ns + 5 * FRAME_NS
    recording.save(tmp_path / "r.wav", stop)
    recording.close()
    got = samples_of(tmp_path / "r.wav")
    assert len(got) == recording.length(stop) == 5 * FRAME_SAMPLES
    expected = np.zeros(5 * FRAME_SAMPLES)
    expected[: FRAME_SAMPLES - 101] = 1
    expected[3 * FRAME_SAMPLES - 101 : 4 * FRAME_SAMPLES - 101] = 1
    assert np.array_equal(got, expected)


def test_a_frame_wholly_before_the_start_is_left_out(tmp_path: Path) -> None:
    recording = Recording(0, 2 * FRAME_NS)
    recording.add(0, ONES)
    recording.save(tmp_path / "r.wav", 3 * FRAME_NS)
    recording.close()
    assert not samples_of(tmp_path / "r.wav").any()


def test_a_forgotten_recording_stays_bounded(tmp_path: Path, mocker: MockerFixture) -> None:
    mocker.patch.object(module, "MOST_S", 1)
    recording = Recording(0, 0)
    for number in range(200):
        recording.add(number * FRAME_NS, ONES)
    assert recording.cut_short
    recording.save(tmp_path / "r.wav", 200 * FRAME_NS)
    recording.close()
    assert len(samples_of(tmp_path / "r.wav")) == 16000
