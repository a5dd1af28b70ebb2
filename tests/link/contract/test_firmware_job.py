"""Firmware jobs in documents: limits, windows around midnight, versions as numbers; documents of before stay valid."""

import pytest
from pydantic import ValidationError

from link.contract import documents as doc
from link.contract.envelope import EnvelopeError, pack
from link.contract.firmware_job import FirmwareJob, FirmwareReport, newer, same

FIELDS = {"job": "j1", "ver": "2.0", "url": "https://c/f.raucb", "sha": "ab" * 32, "size": 260_000_000}


def test_a_job_travels_in_the_desired_document_and_its_phase_in_the_reported_one():
    job = FirmwareJob.model_validate({**FIELDS, "window": (22, 4), "gate": {"t_s": 300}})
    wanted = doc.Desired(rev=3, cfg=doc.Configuration(), fw=job)
    assert doc.decode_desired(doc.encode_document(wanted)).fw == job
    told = doc.Reported(fw=FirmwareReport(job="j1", ver="2.0", phase="streaming", pct=40))
    assert doc.decode_reported(doc.encode_document(told)).fw == told.fw


def test_a_document_of_before_has_no_job_and_is_valid():
    cfg = doc.Configuration().model_dump(mode="python")
    assert doc.decode_desired(pack({"v": 1, "rev": 1, "cfg": cfg, "fw": None})).fw is None
    assert doc.decode_desired(pack({"v": 1, "rev": 1, "cfg": cfg})).fw is None
    assert doc.decode_reported(pack({"v": 1})).fw is None


def test_fields_of_a_newer_centre_are_left_aside():
    cfg = doc.Configuration().model_dump(mode="python")
    fw = {**FIELDS, "sig": b"x", "min_batt": 40}
    wanted = doc.decode_desired(pack({"v": 1, "rev": 1, "cfg": cfg, "fw": fw}))
    assert wanted.fw == FirmwareJob.model_validate(FIELDS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"job": "a b"},
        {"ver": "2.0-rc1"},
        {"url": "x" * 201},
        {"sha": "ab"},
        {"size": 0},
        {"size": 4_000_000_001},
        {"window": (0, 24)},
        {"window": (1,)},
        {"not_before": -1},
        {"max_down_h": 0},
        {"gate": {"need": ()}},
        {"gate": {"t_s": 10}},
        {"gate": {"broker": "must"}},
    ],
)
def test_a_job_beyond_its_limits_is_named(wrong):
    with pytest.raises(ValidationError):
        FirmwareJob.model_validate({**FIELDS, **wrong})
    cfg = doc.Configuration().model_dump(mode="python")
    with pytest.raises(EnvelopeError, match="fw"):
        doc.decode_desired(pack({"v": 1, "rev": 1, "cfg": cfg, "fw": {**FIELDS, **wrong}}))


@pytest.mark.parametrize(
    ("window", "hour", "is_open"),
    [
        ((2, 4), 1, False),
        ((2, 4), 2, True),
        ((2, 4), 4, False),
        ((22, 4), 23, True),
        ((22, 4), 3, True),
        ((22, 4), 4, False),
        ((22, 4), 12, False),
        ((5, 5), 17, True),
    ],
)
def test_a_window_is_in_hours_utc_and_may_go_over_midnight(window, hour, is_open):
    job = FirmwareJob.model_validate({**FIELDS, "window": window})
    assert job.open_at(1_800_000_000 // 86400 * 86400 + hour * 3600 + 59) is is_open


def test_versions_are_compared_by_their_numbers():
    assert newer("1.10", "1.9") and not newer("1.9", "1.10")
    assert same("1", "1.0.0") and not newer("1.0.0", "1")
    assert newer("1.0", "0") and newer("2.0", "1.9.dev3") and same("1.2rc1", "1.2")
