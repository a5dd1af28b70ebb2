"""Releases on a folder: built whole or not at all, upgraded, rolled back, pruned; what people wrote stays."""

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from images.central import accounts, installing, remaining
from images.central.environment import BUILDERS, find_wheel, pins_of
from images.central.host import DISK_NEEDED, Facts, Host, Refused, packages, run_command, troubles
from images.central.installing import Work, install, roll_back, uninstall
from images.central.releases import KEPT, Releases, release_name
from tests.images.central.fill_suite import broken_fill, fake_fill, filled_is_runnable

ROOT = Path(__file__).resolve().parents[3]
GOOD = Facts("debian", "12", "x86_64", 0, 10 * DISK_NEEDED)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "pjsua2-2.17+server.0-cp311-cp311-linux_x86_64.whl"
    path.write_bytes(b"one")
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree that a test may change: what names a release, and the pages."""
    tree = tmp_path / "tree"
    for name in ("requirements", "docs"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("decisions", "pictures"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    (tree / "images/central").mkdir(parents=True)
    shutil.copy(ROOT / "images/central/central.example.toml", tree / "images/central")
    for folder in ("link", "hw", "firmware", "central"):
        (tree / folder).mkdir()
        (tree / folder / "__init__.py").write_text('"""One."""\n')
    return tree


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "host"


def work_in(place: Path, tree: Path, fill: Callable = fake_fill) -> Work:
    return Work(Host(place, never), tree, starts=False, fill=fill)


def never(words: Sequence[str]) -> str:
    pytest.fail(f"a folder has neither accounts nor services: {words}")


def change(tree: Path, text: str) -> None:
    (tree / "central" / "__init__.py").write_text(f'"""{text}."""\n')


def test_an_installation_is_whole_and_current(place: Path, tree: Path, wheel: Path) -> None:
    install(work_in(place, tree), wheel)
    home = place / "opt/spillway"
    name = release_name(tree, wheel)
    assert Releases(home).current == name and Releases(home).previous is None
    assert (home / "current").readlink() == Path("releases") / name
    filled_is_runnable(home / "releases" / name)
    assert len(list((place / "etc/systemd/system").iterdir())) == 6


def test_the_same_tree_is_the_same_release_and_is_not_built_again(
    place: Path, tree: Path, wheel: Path
) -> None:
    install(work_in(place, tree), wheel)
    install(work_in(place, tree, broken_fill), wheel)
    assert Releases(place / "opt/spillway").previous is None


@pytest.mark.parametrize("what", ["program", "page", "pins", "wheel"])
def test_whatever_runs_names_the_release(what: str, tree: Path, wheel: Path) -> None:
    before = release_name(tree, wheel)
    places = {"program": "hw/__init__.py", "page": "docs/technician.md", "pins": "requirements/central.txt"}
    path = tree / places[what] if what in places else wheel
    path.write_bytes(path.read_bytes() + b"\n")
    assert release_name(tree, wheel) != before


def test_upgrade_rollback_and_upgrade_again(place: Path, tree: Path, wheel: Path) -> None:
    work, names = work_in(place, tree), []
    for text in ("One", "Two"):
        change(tree, text)
        install(work, wheel)
        names.append(release_name(tree, wheel))
    releases = work.releases
    assert (releases.current, releases.previous) == (names[1], names[0])
    roll_back(work)
    assert (releases.current, releases.previous) == (names[0], names[1])
    install(work_in(place, tree, broken_fill), wheel)  # the newer one is still whole
    assert (releases.current, releases.previous) == (names[1], names[0])


def test_there_is_nothing_to_roll_back_to_at_first(place: Path, tree: Path, wheel: Path) -> None:
    install(work_in(place, tree), wheel)
    with pytest.raises(Refused, match="no release before"):
        roll_back(work_in(place, tree))


def test_an_installation_that_breaks_off_changes_nothing(place: Path, tree: Path, wheel: Path) -> None:
    install(work_in(place, tree), wheel)
    before = release_name(tree, wheel)
    change(tree, "Two")
    with pytest.raises(OSError, match="No space"):
        install(work_in(place, tree, broken_fill), wheel)
    home = place / "opt/spillway"
    assert Releases(home).current == before
    assert [path.name for path in (home / "releases").iterdir()] == [before]


def test_what_a_power_cut_left_is_built_anew_and_never_current(place: Path, tree: Path, wheel: Path) -> None:
    home = place / "opt/spillway"
    half = home / "releases" / release_name(tree, wheel)
    (half / "bin").mkdir(parents=True)
    (half / "rubbish").touch()
    with pytest.raises(Refused, match="not whole"):
        Releases(home).switch(half.name)
    install(work_in(place, tree), wheel)
    assert Releases(home).current == half.name and not (half / "rubbish").exists()


def test_old_releases_go_but_never_the_one_before(place: Path, tree: Path, wheel: Path) -> None:
    work = work_in(place, tree)
    for number in range(KEPT + 2):
        change(tree, str(number))
        install(work, wheel)
        os.utime(place / "opt/spillway/releases" / release_name(tree, wheel), (number, number))
    kept = {path.name for path in (place / "opt/spillway/releases").iterdir()}
    assert len(kept) <= KEPT + 1 and {work.releases.current, work.releases.previous} <= kept


def test_settings_keys_and_state_are_never_written_over(place: Path, tree: Path, wheel: Path) -> None:
    work = work_in(place, tree)
    install(work, wheel)
    own = {}
    for name in ("etc/spillway/central.toml", "etc/spillway/core/runner.key", "var/lib/spillway/spillway.db"):
        (place / name).write_text(f"mine: {name}")
        own[name] = (place / name).stat().st_mtime_ns
    change(tree, "Two")
    install(work, wheel)
    roll_back(work)
    uninstall(work)
    for name, written in own.items():
        assert (place / name).read_text() == f"mine: {name}" and (place / name).stat().st_mtime_ns == written
    assert list((place / "etc/systemd/system").iterdir()) == []
    assert not (place / "opt/spillway/releases").exists()


def test_folders_have_their_modes_also_when_they_were_there(place: Path) -> None:
    (place / "etc/spillway/core").mkdir(parents=True, mode=0o755)
    accounts.make_folders(Host(place, never))
    for folder in accounts.FOLDERS:
        assert stat.S_IMODE((place / folder.path[1:]).stat().st_mode) == folder.mode, folder.path
    private = [f for f in accounts.FOLDERS if f.path.endswith(("core", "voice", "broker", "lib/spillway"))]
    assert len(private) == 4 and all(folder.mode == 0o700 for folder in private)


def test_accounts_are_made_once_and_nobody_signs_in_as_them(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[str]] = []
    monkeypatch.setattr(accounts, "_known", lambda book, name: name == accounts.BROKER)
    accounts.make_accounts(Host(place, lambda words: asked.append(words) or ""))
    made = [words for words in asked if words[0] == "useradd"]
    assert [words[-1] for words in made] == [accounts.CORE, accounts.VOICE, accounts.EDGE]
    assert all("--system" in words and "/usr/sbin/nologin" in words for words in made)
    assert ("usermod", "--append", "--groups", "spillway", accounts.VOICE) in asked
    assert ("usermod", "--append", "--groups", accounts.EDGE, accounts.CORE) in asked, "core writes its book"


def test_what_remains_is_told_in_order_and_only_what_remains(place: Path) -> None:
    host = Host(place, never)
    lines = remaining.remaining(host)
    heads = [line for line in lines if line[0].isdigit()]
    assert len(heads) == len(remaining.STEPS) and heads[0].startswith("1. the authority")
    done = place / remaining.STEPS[0][0][1:]
    done.parent.mkdir(parents=True)
    done.touch()
    assert not any("ca init" in line for line in remaining.remaining(host))
    for file, _, _ in remaining.STEPS:
        (place / file[1:]).parent.mkdir(parents=True, exist_ok=True)
        (place / file[1:]).touch()
    assert remaining.remaining(host) == []


# ---- the host and what is given ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (Facts("ubuntu", "24.04", "x86_64", 0, 10 * DISK_NEEDED), "Debian 12"),
        (Facts("debian", "13", "x86_64", 0, 10 * DISK_NEEDED), "this is debian 13"),
        (Facts("debian", "12", "riscv64", 0, 10 * DISK_NEEDED), "riscv64"),
        (Facts("debian", "12", "x86_64", 1000, 10 * DISK_NEEDED), "needs root"),
        (Facts("debian", "12", "x86_64", 0, 1024**3), "1.0 GiB are free"),
    ],
)
def test_a_host_that_will_not_do_is_told_why(facts: Facts, word: str) -> None:
    found = troubles(facts, itself=True)
    assert len(found) == 1 and word in found[0]


def test_a_good_host_will_do_and_a_folder_needs_no_root() -> None:
    assert troubles(GOOD, itself=True) == []
    assert troubles(Facts("debian", "12", "aarch64", 1000, DISK_NEEDED), itself=False) == []


def test_the_wheel_must_be_for_this_processor_and_of_a_servers_sizes(tmp_path: Path, wheel: Path) -> None:
    assert find_wheel(wheel, ROOT, tmp_path, "x86_64") == wheel
    with pytest.raises(Refused, match="not for this processor"):
        find_wheel(wheel, ROOT, tmp_path, "aarch64")
    small = wheel.with_name(wheel.name.replace("server", "gateway"))
    small.touch()
    with pytest.raises(Refused, match="sizes of a gateway"):
        find_wheel(small, ROOT, tmp_path, "x86_64")
    with pytest.raises(Refused, match="run scripts/build_pjsua2"):
        find_wheel(None, ROOT, tmp_path, "x86_64")
    kept = tmp_path / "wheels" / "0123"
    kept.mkdir(parents=True)
    shutil.copy(wheel, kept)
    assert find_wheel(None, ROOT, tmp_path, "x86_64") == kept / wheel.name


def test_what_builds_the_project_is_pinned_with_hashes() -> None:
    text = (ROOT / "requirements" / "dev.txt").read_text()
    blocks = pins_of(text, BUILDERS)
    assert [line.split("==")[0] for line in blocks.splitlines() if "==" in line] == list(BUILDERS)
    assert blocks.count("--hash=sha256:") >= len(BUILDERS)
    with pytest.raises(Refused, match="does not pin nothing-like-it"):
        pins_of(text, ("nothing-like-it",))


def test_a_command_that_fails_is_told_with_its_own_words() -> None:
    assert run_command(("printf", "x")) == "x"
    with pytest.raises(Refused, match=r"(?s)code 3.*my words"):
        run_command(("sh", "-c", "echo my words; exit 3"))
    with pytest.raises(Refused, match="no-such-program is missing"):
        run_command(("no-such-program",))


def test_every_package_has_its_reason_and_belongs_to_what_the_project_needs() -> None:
    file = ROOT / "images/central/packages.txt"
    rows = [line.split("#") for line in file.read_text().splitlines() if line and not line.startswith("#")]
    assert all(len(row) == 2 and len(row[1].strip()) > 3 for row in rows)
    listed = (ROOT / "requirements/debian.txt").read_text().splitlines()
    needed = {line.split()[0] for line in listed if line.strip() and not line.startswith("#")}
    stems = {name.removesuffix("-dev").rstrip("0123456789") for name in needed if name.endswith("-dev")}
    stems |= {"lib" + stem for stem in stems}  # uuid-dev is libuuid1
    for name in packages(file):
        library = name.split("-")[0].rstrip("0123456789").removesuffix("2")
        known = name in needed or library in stems or name.rstrip("0123456789-") in stems
        assert known or name in ("python3", "tzdata"), name
    assert {"mosquitto", "nginx-light", "espeak-ng", "python3-venv", "libsrtp2-1", "libopus0"} <= set(
        packages(file)
    )


def test_packages_are_installed_with_no_service_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, asked = tmp_path / "policy-rc.d", []
    monkeypatch.setattr(installing, "POLICY", policy)

    def run(words: Sequence[str]) -> str:
        if words[0] == "dpkg-query":
            return "installed" if words[-1] == "python3" else "config-files"
        asked.append((tuple(words), policy.exists()))
        if words[1] == "install":
            raise Refused("no such package")
        return ""

    with pytest.raises(Refused, match="no such package"):
        installing.install_packages(Host(tmp_path, run), ("python3", "mosquitto"))
    assert asked[-1] == (("apt-get", "install", "-y", "--no-install-recommends", "mosquitto"), True)
    assert not policy.exists(), "what we forbade for a moment is allowed again"


def test_the_command_itself_checks_and_refuses(tmp_path: Path) -> None:
    command = [str(ROOT / "images/central/install"), "--root", str(tmp_path)]
    done = subprocess.run([*command, "--rollback"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "no release before" in done.stderr
    both = subprocess.run([*command, "--check", "--uninstall"], capture_output=True, text=True, check=False)
    assert both.returncode == 2 and "not allowed with" in both.stderr
    assert list(tmp_path.iterdir()) == []
