"""The documentation is true where a program can tell: links, paths, commands, routes, keys, packages."""

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import BaseModel

from central.api.app import PREFIX, make_app
from central.api.tokens import TokenFile, Tokens
from central.cli.__main__ import make_cli
from central.config import CentralSettings
from central.people.initial import PeopleFile
from firmware.config import GatewaySettings
from hw.bench import cli as bench
from hw.bench.config import BenchConfig
from hw.board import Board
from hw.rig.profile import Profile as RigProfile
from hw.sensors.profile import SensorProfile
from scripts.town.town_tables import TownFile
from tests.house.sources import ROOT, text, tracked

PAGES = [path for path in tracked() if path.suffix == ".md"]
BLOCK = re.compile(r"^(?: {4}|\t)(.*)$")
SHELL = re.compile(r"^(?:scripts/)?spillway (.+?)(?: {2,}#.*)?$")


def test_all_pages_are_here():
    names = {str(path) for path in PAGES}
    wanted = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md"}
    guides = (
        "architecture",
        "cli",
        "configuration",
        "contract",
        "dependencies",
        "hardware-safety",
        "integrator",
    )
    assert wanted | {f"docs/{name}.md" for name in (*guides, "operator", "status", "technician")} <= names


# ---- links and paths ---------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as Git hosts make them."""
    heads = re.findall(r"^#+ +(.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        if not path.exists() or (anchor and anchor not in anchors(path.resolve().relative_to(ROOT))):
            broken.append(target)
    assert broken == []


def test_every_path_named_in_the_docs_exists():
    known = {str(path) for path in tracked()} | {str(parent) for path in tracked() for parent in path.parents}
    missing = []
    for page in PAGES:
        for name in re.findall(
            r"`((?:link|hw|firmware|central|scripts|images|tests|docs)/[\w./*-]+)", text(page)
        ):
            name = name.rstrip(".")
            here = name.rstrip("/") in known or any(Path(each).match(name) for each in known)
            if not here:
                missing.append(f"{page}: {name}")
    assert missing == []


def test_decisions_are_numbered_without_a_gap_and_have_their_four_parts():
    names = sorted(path.name for path in tracked() if path.match("docs/decisions/*.md"))
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]
    for name in names:
        page = text(Path("docs/decisions") / name)
        assert page.startswith(f"# {name[:4]} ")
        parts = re.findall(r"^\*\*(\w+)\.\*\*", page, re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences", "Weighed"], name
        assert len(page.splitlines()) < 60, f"{name}: more than a page"


# ---- commands ----------------------------------------------------------------------------------------------


def shell_lines(page: Path) -> list[str]:
    """The words of each `spillway …` command in a page's indented blocks, comments taken off."""
    rows = (BLOCK.match(line) for line in text(page).splitlines())
    found = (SHELL.match(row[1]) for row in rows if row)
    return [each[1] for each in found if each]


UsageError = typer.BadParameter.__mro__[1]
"""Typer brings a click of its own and shows only this corner of it."""


def command_line() -> Any:
    app = make_cli(plugins=False)
    app.add_typer(bench.app, name="bench")
    return typer.main.get_command(app)


def parse(command: Any, words: list[str]) -> None:
    """Walk the words down to a command, as a shell would hand them over. UsageError."""
    context: Any = None
    while True:
        context = command.make_context(command.name or "", list(words), parent=context)
        rest = [*getattr(context, "_protected_args", ()), *context.args]
        if not hasattr(command, "resolve_command") or not rest:
            return
        _, following, words = command.resolve_command(context, rest)
        assert following is not None
        command = following


EXAMPLES = sorted({(str(page), line) for page in PAGES for line in shell_lines(page)})


@pytest.mark.parametrize(("page", "line"), EXAMPLES)
def test_every_example_of_the_command_line_is_real(page, line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "warning.wav").touch()  # the one file that an example reads
    parse(command_line(), shlex.split(line, comments=True))


def test_a_wrong_example_would_be_noticed():
    assert len(EXAMPLES) > 20
    for line in ("broadcast north --klip x", "group sett valley", "bench speak gw-north/r1"):
        with pytest.raises(UsageError):
            parse(command_line(), shlex.split(line))


# ---- routes ------------------------------------------------------------------------------------------------


def test_the_integrators_page_names_every_route_and_no_other():
    app = make_app(object(), object(), Tokens(TokenFile()))  # type: ignore[arg-type]  # nothing is asked of it
    real = {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, ways in app.openapi()["paths"].items()
        for method in ways
    }
    told = set(re.findall(r"`((?:GET|HEAD|POST|PATCH|DELETE) /[\w/{}-]*)", text(Path("docs/integrator.md"))))
    assert told == real


# ---- configuration keys ------------------------------------------------------------------------------------

FILES: dict[str, type[BaseModel]] = {
    "gateway.toml": GatewaySettings,
    "Board file": Board,
    "central.toml": CentralSettings,
    "Token file": TokenFile,
    "File of people": PeopleFile,
    "Shortwave profile": RigProfile,
    "Sensor profile": SensorProfile,
    "bench.toml": BenchConfig,
    "Town file": TownFile,
}


def models(annotation: Any) -> list[type[BaseModel]]:
    """Models within a type, for instance within tuple[X, ...]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in models(part)]


def keys(kind: type[BaseModel], table: str = "") -> Iterator[tuple[tuple[str, str], str]]:
    """((table, key), default as TOML; a dash for a key that must be there)."""
    for name, field in kind.model_fields.items():
        key = field.alias or name
        inner = models(field.annotation)
        for model in inner:
            yield from keys(model, f"{table}.{key}".lstrip("."))
        if not inner:
            value = field.get_default(call_default_factory=True)
            yield (table, key), "–" if field.is_required() else toml(value)


def toml(value: object) -> str:
    """A default as it stands in the tables."""
    match value:
        case None:
            return "none"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'`"{value}"`'
        case tuple():
            return "`[" + ", ".join(f'"{each}"' for each in value) + "]`"
    return f"`{value}`"


def told_keys(heading: str) -> dict[tuple[str, str], str]:
    """What the page's table below a heading says: (table, key) -> default."""
    page = text(Path("docs/configuration.md"))
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (?:`([\w.]+)`)? ?\| `(\w+)` \| (.*?) \| (.+?) \|$", section, re.MULTILINE)
    assert all(len(meaning) > 5 for *_, meaning in rows)
    return {(table, key): default for table, key, default, _ in rows}


@pytest.mark.parametrize("heading", FILES)
def test_every_key_is_described_with_its_default(heading):
    real: dict[tuple[str, str], set[str]] = {}
    for place, default in keys(FILES[heading]):
        real.setdefault(place, set()).add(default)
    told = told_keys(heading)
    assert set(told) == set(real)
    wrong = [
        f"{place}: {told[place]}, really {want}"
        for place, want in real.items()
        if not agrees(told[place], want)
    ]
    assert wrong == []


def agrees(told: str, real: set[str]) -> bool:
    """A key of several kinds of lines may have several defaults; then each is named."""
    return told in real if len(real) == 1 else all(default in told for default in real)


# ---- packages and pictures ---------------------------------------------------------------------------------


def test_every_dependency_has_its_line():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for extra in project["project"]["optional-dependencies"].values():
        asked += extra
    python = {re.split(r"[<>=~! \[]", each)[0] for each in asked} | {"pjsua2"}
    entries = (ROOT / "requirements" / "debian.txt").read_text().splitlines()
    debian = {line.split()[0] for line in entries if line.strip() and not line.startswith("#")}
    page = text(Path("docs/dependencies.md"))
    told = {name for row in re.findall(r"^\| ([\w, -]+?) \|", page, re.MULTILINE) for name in row.split(", ")}
    assert told - {"package"} == python | debian


def test_every_picture_is_made_from_its_source():
    sources = {path.stem for path in tracked() if path.match("docs/pictures/*.dot")}
    pictures = {path.stem for path in tracked() if path.match("docs/pictures/*.svg")}
    assert sources == pictures
    for name in sources:
        words = re.findall(r'label="([^"]+)"', text(Path("docs/pictures") / f"{name}.dot"))
        lines = {line.strip() for label in words for line in re.split(r"\\[nlr]", label) if line.strip()}
        drawn = text(Path("docs/pictures") / f"{name}.svg").replace("&#45;", "-").replace("&#160;", " ")
        assert [line for line in lines if line not in drawn] == [], f"draw {name}.svg anew"


def test_the_command_line_page_is_made_by_its_script():
    done = subprocess.run(
        ["grep", "-c", "Written by scripts/write_cli_docs", ROOT / "docs/cli.md"], check=False
    )
    assert done.returncode == 0
