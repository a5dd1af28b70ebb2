"""A folder of which nothing is kept."""

from pathlib import Path

from link.hosting.fresh_folder import fresh_folder


def test_it_is_there_and_empty_whatever_was_before(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b"
    assert list(fresh_folder(place).iterdir()) == []
    (place / "old").write_text("x")
    assert fresh_folder(place) == place and list(place.iterdir()) == []
