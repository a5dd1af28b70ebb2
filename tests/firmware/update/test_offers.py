"""What a job waits for, and why one is not begun, in sentences; and how that is reported."""

import pytest

from firmware.update.messages import Here, Note
from firmware.update.offers import closed, refusal, too_early
from firmware.update.reports import of_job, of_note
from tests.firmware.update.computer import NOON, job

HERE = Here("1.0", "b", 10_000)


def test_a_job_without_hours_and_date_waits_for_nothing():
    assert (refusal(job(), HERE), too_early(job(), None), closed(job(), None)) == ("", "", "")


@pytest.mark.parametrize(
    "url",
    ["", "centre/f", "https:///f", "https://a b/f", "https://h/f#x", "https://u:p@h/f", "file:///etc/passwd"],
)
def test_an_address_that_is_none_is_refused(url: str):
    assert "bad address" in refusal(job(url=url), HERE)


def test_a_plain_gateway_fetches_without_encryption():
    assert refusal(job(url="http://127.0.0.1:80/f"), HERE)
    assert refusal(job(url="http://127.0.0.1:80/f"), Here("1.0", "b", 10_000, plain=True)) == ""
    assert refusal(job(url="https://[fe80::1]:8443/f.raucb?v=2"), HERE) == ""


def test_force_goes_back_and_beyond_nothing_else():
    assert refusal(job(ver="0.1", force=True), HERE) == ""
    assert "too large" in refusal(job(size=10_001, force=True), HERE)


def test_window_and_date_need_a_clock():
    night = job(window=(2, 4), not_before=NOON + 10)
    assert "02 to 04 h UTC" in closed(night, NOON) and closed(night, NOON + 15 * 3600) == ""
    assert "time is not known" in closed(night, None) and "time is not known" in too_early(night, None)
    assert too_early(night, NOON + 9) and too_early(night, NOON + 10) == ""


def test_percents_are_reported_in_steps():
    told = [of_job(job(), "rootfs.0", octets, "", "") for octets in (0, 49, 50, 99, 1000)]
    assert [each.pct for each in told] == [0, 0, 5, 5, 100]
    assert of_job(job(), "rootfs.0", 10, "busy", "").phase == "waiting"


def test_a_note_is_reported_with_what_it_waits_for_or_why_it_ended():
    note = Note(good="rootfs.0", job="j1", ver="2.0", step="failed", why="too large")
    failed = of_note(note, "rootfs.0", 0, "never", "never")
    assert failed is not None and (failed.phase, failed.why) == ("failed", "too large")
    installed = of_note(note.model_copy(update={"step": "installed"}), "rootfs.0", 0, "busy", "")
    assert installed is not None and installed.why == "busy"
    writing = of_note(note.model_copy(update={"step": "installing"}), "rootfs.0", 42, "", "")
    assert writing is not None and (writing.phase, writing.why[:4]) == ("streaming", "40 %")
    assert of_note(Note(), "rootfs.0", 0, "", "") is None
