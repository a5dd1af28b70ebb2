"""The figure of the recorders is measured on the real engine."""

import pytest

from scripts.figures import recorders


@pytest.mark.long
def test_recorders_are_measured() -> None:
    (figure,) = recorders.measure(10)
    assert len(figure.values) == recorders.LOOKS and figure.budget.p50 == recorders.CORE
    assert "10 WAVs" in figure.note and -20 < figure.p50 < 50
