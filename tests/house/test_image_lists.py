"""What the gateway's image is made of is named, and its clock is kept the way the gateway reads it."""

import re
from pathlib import Path

import pytest

IMAGE = Path(__file__).resolve().parents[2] / "images" / "gateway"


def packages() -> dict[str, str]:
    """Package -> why, of every line that names one."""
    rows = (line.partition("#") for line in (IMAGE / "packages.txt").read_text().splitlines())
    return {name.strip(): why.strip() for name, _, why in rows if name.strip()}


@pytest.mark.parametrize("needed", ["chrony", "alsa-utils", "opus-tools", "libhamlib-utils"])
def test_the_image_has_what_the_gateway_calls(needed):
    assert len(packages()[needed]) > 10, "a package stands in the list with its reason"


def test_every_package_name_is_one():
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name) for name in packages())


def test_chrony_marks_the_kernel_clock_as_kept_and_answers_nobody():
    lines = (IMAGE / "chrony.conf").read_text().splitlines()
    assert {"rtcsync", "port 0", "cmdport 0", "makestep 1 3"} <= set(lines)
