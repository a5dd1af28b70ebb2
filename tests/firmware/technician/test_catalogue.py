"""The catalogue of the doctor: every kind is seeded by a test and stands with its advice in the technician's page."""

import re
from pathlib import Path

from firmware.technician.catalogue import KINDS
from firmware.technician.doctor import CHECKS

ROOT = Path(__file__).parents[3]
SEEDS = [
    *(ROOT / "tests/firmware/technician").glob("test_*.py"),
    *(ROOT / "tests/system").glob("test_doctor_*.py"),
]


def test_there_are_more_than_thirty_faults_and_each_is_seeded_by_a_test():
    text = "".join(path.read_text() for path in SEEDS if path != Path(__file__))
    assert [kind for kind in KINDS if f'"{kind}"' not in text] == []
    assert len([kind for kind in KINDS.values() if kind.severity == "fault"]) > 30


def test_every_kind_that_a_check_names_is_in_the_catalogue_and_no_other_is():
    code = "".join(
        path.read_text() for path in (ROOT / "firmware/technician").rglob("*.py") if path.stem != "catalogue"
    )
    named = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', code))
    families = {f"{name}-not-writable" for name in ("state", "run")} | {
        f"contact-{wire}" for wire in ("cut", "short")
    }
    assert [kind for kind in KINDS if kind not in named | families] == []


def test_the_technician_s_page_has_every_kind_with_its_advice():
    page = (ROOT / "docs/technician.md").read_text()
    rows = [f"| {kind.says} | {kind.severity} | {kind.advice} |" for kind in KINDS.values()]
    assert [row for row in rows if row not in page] == []
    table = page.split("| found | how bad | what to do |")[1].split("\n\n")[0]
    assert len(table.splitlines()) == len(rows) + 2
    for name, looks_at, _ in CHECKS:
        assert f"| {name} | {looks_at} |" in page


def test_every_kind_says_something_different_and_short():
    assert len({kind.says for kind in KINDS.values()}) == len(KINDS)
    assert all(
        len(kind.says) < 60 and len(kind.advice) < 120 and "|" not in kind.advice for kind in KINDS.values()
    )
