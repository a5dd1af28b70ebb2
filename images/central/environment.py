"""Fills a release with its Python environment: the pinned packages by their hashes, pjsua2, and the project itself."""

import hashlib
import shutil
import tempfile
from pathlib import Path

from images.central.host import Refused, Run
from images.central.releases import PAGES

BUILDERS = ("hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers")
"""What makes a wheel of the project; taken by their hashes from requirements/dev.txt, and left out of the release."""
PYTHON = "/usr/bin/python3"
WORDS = ("-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check")


def pins_of(text: str, names: tuple[str, ...]) -> str:
    """The lines of a requirements file that pin `names`, hashes and all. Refused when one is missing."""
    blocks = text.replace("\\\n", "\0").splitlines()
    found = {block.partition("==")[0]: block for block in blocks if "==" in block}
    missing = [name for name in names if name not in found]
    if missing:
        raise Refused(f"requirements/dev.txt does not pin {', '.join(missing)}: run scripts/pin")
    return "".join(found[name].replace("\0", "\\\n") + "\n" for name in names)


def fill(place: Path, tree: Path, wheel: Path, run: Run) -> None:
    """Make the environment at `place`, which is an empty folder, from the project's `tree`. Refused."""
    run((PYTHON, "-m", "venv", str(place)))
    python = str(place / "bin" / "python")
    with tempfile.TemporaryDirectory() as scratch:
        pins = Path(scratch) / "pins.txt"
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        central = (tree / "requirements" / "central.txt").read_text(encoding="utf-8")
        pins.write_text(
            f"{central}\npjsua2 @ {wheel.resolve().as_uri()} --hash=sha256:{digest}\n", encoding="utf-8"
        )
        run((python, *WORDS, "--require-hashes", "-r", str(pins)))
        run((python, *WORDS, "--no-deps", "--no-index", str(project_wheel(Path(scratch), tree, run))))
    for page in PAGES:
        shutil.copyfile(tree / page, place / Path(page).name)
    run((str(place / "bin" / "central"), "--help"))
    run((python, "-c", "import pjsua2"))


def project_wheel(scratch: Path, tree: Path, run: Run) -> Path:
    """The project as a wheel, made in an environment of its own that goes with `scratch`."""
    builder, pins = scratch / "builder", scratch / "builders.txt"
    text = (tree / "requirements" / "dev.txt").read_text(encoding="utf-8")
    pins.write_text(pins_of(text, BUILDERS), encoding="utf-8")
    run((PYTHON, "-m", "venv", str(builder)))
    python = str(builder / "bin" / "python")
    run((python, *WORDS, "--require-hashes", "-r", str(pins)))
    made = scratch / "made"
    words = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation")
    run((python, *words, "--wheel-dir", str(made), str(tree)))
    found = next(made.glob("spillway-*.whl"), None)
    if found is None:
        raise Refused(f"{tree} gave no wheel of the project: is pyproject.toml whole?")
    return found


def find_wheel(given: Path | None, tree: Path, cache: Path, machine: str) -> Path:
    """The pjsua2 wheel for this machine: the given one, or the one that scripts/build_pjsua2 keeps. Refused."""
    if given is not None:
        if not given.is_file() or not given.name.startswith("pjsua2-") or given.suffix != ".whl":
            raise Refused(f"{given} is no pjsua2 wheel: name the file that scripts/build_pjsua2 prints")
        if not given.stem.endswith(f"linux_{machine}"):
            raise Refused(f"{given.name} is not for this processor ({machine}): build one here, or for it")
        if "+server." not in given.name:
            raise Refused(f"{given.name} has the sizes of a gateway: build one with --profile server")
        return given
    found = sorted(
        (cache / "wheels").glob(f"*/pjsua2-*+server.*-linux_{machine}.whl"),
        key=lambda each: each.stat().st_mtime_ns,
    )
    if not found:
        raise Refused(
            f"there is no pjsua2 wheel in {cache / 'wheels'}: run scripts/build_pjsua2 on a machine with compilers "
            "(Debian 12, same processor) and name what it prints with --wheel"
        )
    return found[-1]
