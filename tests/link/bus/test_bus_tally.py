"""Losses are counted always and named once."""

import logging

import pytest

from link.bus.tally import Tally


def test_named_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    tally = Tally("bus-a")
    with caplog.at_level(logging.WARNING):
        first = [tally.count("too-large", name) for name in ("t/1", "t/1", "t/2")]
    assert first == [True, False, True]
    assert tally.counts() == {"too-large": 3}
    assert [record.getMessage() for record in caplog.records] == [
        "door=bus-a dropped=too-large name='t/1'  (named once)",
        "door=bus-a dropped=too-large name='t/2'  (named once)",
    ]


def test_names_are_bounded(caplog: pytest.LogCaptureFixture) -> None:
    tally = Tally("bus-a", most_names=3)
    for n in range(100):
        tally.count("garbage", f"t/{n}")
    assert len(caplog.records) == 3 and tally.counts() == {"garbage": 100}
