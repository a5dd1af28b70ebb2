"""The pinned packages: complete, hashed, the same at both ends, and no address of ours anywhere."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.sources import tree

ROOT = Path(__file__).resolve().parents[2]
PIN_FILES = ("gateway", "central", "dev")
# written in pieces so that this file does not name what it forbids
HOSTS = [
    ".".join(words)
    for words in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("registry", "npmjs", "org"),
        ("proxy", "golang", "org"),
    )
]
PLACES = [
    "/".join(("", *words)) for words in (("work", "main"), ("work", "shared"), ("opt", "pypi"), ("tmp", "w"))
]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(name: str) -> dict[str, list[str]]:
    """Package -> its lines, joined; more than one where the version hangs on the interpreter."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            found.setdefault(normal(re.split(r"[=<>;\[ ]", line.strip())[0]), []).append(line)
    return found


def versions(lines: list[str]) -> set[str]:
    return {word for line in lines for word in re.findall(r"==([^\s;']+)(?=\s)", line.split("--hash")[0])}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("name", PIN_FILES)
def test_every_pin_has_a_version_and_a_hash(name: str) -> None:
    lines = [line for of_package in pins(name).values() for line in of_package]
    assert len(lines) > 10
    assert [line for line in lines if not re.search(r"==\S+.*--hash=sha256:[0-9a-f]{64}", line)] == []


@pytest.mark.parametrize("name", ["gateway", "central"])
def test_both_ends_have_the_versions_that_the_tests_ran_with(name: str) -> None:
    tested = pins("dev")
    here = {package: versions(lines) for package, lines in pins(name).items()}
    assert here == {package: versions(tested[package]) for package in here}
    assert all(here.values())


def asked() -> set[str]:
    """What pyproject.toml asks for, all extras and groups together."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = list(project["project"]["dependencies"]) + list(project["dependency-groups"]["dev"])
    for extra in project["project"]["optional-dependencies"].values():
        lines += extra
    return {normal(re.split(r"[=<>;\[ ~!]", line)[0]) for line in lines}


def test_the_pins_cover_what_the_project_file_asks_for() -> None:
    assert asked() - set(pins("dev")) == set(), "run scripts/pin"


def test_what_the_code_imports_is_asked_for_by_name() -> None:
    """A package that only comes along with another may go with it."""
    ours = {path.name for path in ROOT.iterdir()} | {path.stem for path in (ROOT / "images").rglob("*.py")}
    homes = importlib.metadata.packages_distributions()
    missing = set()
    for path in tracked():
        if path.suffix != ".py":
            continue
        for module in imports(path) - ours - sys.stdlib_module_names - {"pjsua2", "pjsua2_build"}:
            if not {normal(home) for home in homes.get(module, [])} & asked():
                missing.add(f"{module} ({path.relative_to(ROOT)})")
    assert missing == set()


def imports(path: Path) -> set[str]:
    """Top-level names of the modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(tree(path.relative_to(ROOT))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_no_file_names_a_registry_or_this_machines_places() -> None:
    forbidden = re.compile(
        "|".join(map(re.escape, HOSTS)) + "|(?:" + "|".join(map(re.escape, PLACES)) + r")(?![\w-])"
    )
    found = []
    for path in tracked():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if forbidden.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert found == []


def test_each_system_package_has_a_probe() -> None:
    lines = (ROOT / "requirements" / "debian.txt").read_text().splitlines()
    entries = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    assert len(entries) > 20
    assert [
        entry for entry in entries if len(entry) != 2 or not re.match(r"(cmd|inc|file):\S", entry[1])
    ] == []
