"""What whoever fills a release promises: the fake of the unit tests, and the real environment."""

from collections.abc import Callable
from pathlib import Path

from images.central.releases import PAGES

Fill = Callable[[Path, Path, Path, Callable[..., str]], None]


def filled_is_runnable(place: Path, named: Path | None = None) -> None:
    """The commands are there and executable, and name no folder but their own release, which they know as `named`."""
    for name in ("central", "spillway"):
        program = place / "bin" / name
        assert program.stat().st_mode & 0o111, name
        first = program.read_text().splitlines()[0]
        assert first.startswith(f"#!{named or place}/bin/") or first == "#!/bin/sh", first
    assert (place / "central.example.toml").exists()
    assert (place / "technician.md").read_text().startswith("# For the technician")


def fake_fill(place: Path, tree: Path, wheel: Path, run: Callable[..., str]) -> None:
    """An environment of two words."""
    (place / "bin").mkdir()
    for name in ("central", "spillway"):
        program = place / "bin" / name
        program.write_text(f"#!/bin/sh\necho {name} {wheel.name}\n")
        program.chmod(0o755)
    for page in PAGES:
        (place / Path(page).name).write_text((tree / page).read_text())


def broken_fill(place: Path, tree: Path, wheel: Path, run: Callable[..., str]) -> None:
    """Breaks off in the middle, as a full disk would."""
    fake_fill(place, tree, wheel, run)
    raise OSError(28, "No space left on device")
