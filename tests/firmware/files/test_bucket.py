"""The bucket's rate, by a clock turned by hand."""

import pytest

from firmware.files.bucket import MOST_CHUNK, MOST_PART, Bucket, rate_of
from link.contract.documents import LinkSettings
from link.contract.profile import PROFILES


@pytest.mark.parametrize("rate", [500.0, 4_000.0, 50_000.0, 500_000.0, 10_000_000.0])
@pytest.mark.parametrize("size", [700, 4096, 65_536])
def test_the_rate_is_kept_within_a_tenth(rate: float, size: int):
    bucket, now, moved = Bucket(rate), 1000.0, 0
    while moved < max(60 * rate, 60 * size):
        now = bucket.take(size, now)
        moved += size
    assert moved / (now - 1000.0) == pytest.approx(rate, rel=0.1)


def test_idle_time_is_not_saved_up():
    bucket = Bucket(1000.0)
    bucket.take(1000, 0.0)
    moved, now = 0, 500.0
    while now < 510.0:
        now = bucket.take(100, now)
        moved += 100
    assert moved <= 10 * 1000 + bucket.piece + 100


def test_requests_grow_with_the_link_within_bounds():
    chunks = [Bucket(rate).chunk for rate in (300.0, 4_000.0, 1e6)]
    assert chunks == [16_384, 32_000, MOST_CHUNK]
    assert [Bucket(rate).part for rate in (300.0, 50_000.0, 1e9)] == [16_384, 400_000, MOST_PART]
    assert [Bucket(rate).piece for rate in (300.0, 40_000.0, 1e9)] == [1024, 2000, 65_536]


def test_files_take_their_share_of_the_link():
    assert rate_of(LinkSettings(), "4g") == PROFILES["4g"].rate * 0.5
    assert rate_of(LinkSettings(profile="thin", file_share=0.25), "4g") == 250.0
    assert rate_of(LinkSettings(rate=8000), "broad") == 4000.0
