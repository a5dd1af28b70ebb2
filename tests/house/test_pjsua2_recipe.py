"""The recipe of our pjsua2: what may be built, what names a wheel, what is in it."""

import base64
import hashlib
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "images" / "pjproject"
sys.path.insert(0, str(RECIPE))

import pj_recipe  # noqa: E402
import pj_source  # noqa: E402

TARGET = pj_recipe.Target("server", "x86_64", "cp311", ".cpython-311-x86_64-linux-gnu.so", "/inc", "debian12")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the recipe's folder that a test may change."""
    return Path(shutil.copytree(RECIPE, tmp_path / "pjproject", ignore=shutil.ignore_patterns("__pycache__")))


def key(folder: Path) -> str:
    return pj_recipe.build_key(folder, "0" * 64, TARGET)


def test_the_accepted_list_can_be_read_and_is_not_empty() -> None:
    known = pj_source.accepted(RECIPE / "accepted-sources.txt")
    assert known
    assert all(tuple(map(int, version.split("."))) >= pj_source.OLDEST for version in known.values())


def test_a_bad_line_of_the_accepted_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("# a remark\n\nabc 2.17 file.tar.xz\n")
    with pytest.raises(pj_source.Trouble, match="list.txt:3: expected"):
        pj_source.accepted(path)


@pytest.mark.parametrize(
    "name",
    [
        "pj_recipe.py",
        "patches/0001-idle-stream.patch",
        "config_site.h",
        "configure.options",
        "limits.server.h",
    ],
)
def test_the_build_key_follows_every_file_that_changes_the_wheel(folder: Path, name: str) -> None:
    before = key(folder)
    with (folder / name).open("a") as file:
        file.write("\n")
    assert key(folder) != before


def test_a_new_patch_changes_the_build_key(folder: Path) -> None:
    before = key(folder)
    (folder / "patches" / "0002-more.patch").write_text("--- a/x\n")
    assert key(folder) != before


def test_the_build_key_is_the_same_for_the_same_wheel(folder: Path) -> None:
    (folder / "README.md").write_text("other words")
    (folder / "limits.gateway.h").write_text("/* another profile */")
    assert key(folder) == key(RECIPE)


@pytest.mark.parametrize(
    "other",
    [
        replace(TARGET, profile="gateway"),
        replace(TARGET, arch="aarch64"),
        replace(TARGET, python_tag="cp313"),
        replace(TARGET, system="debian13"),
    ],
)
def test_the_build_key_follows_the_target(other: pj_recipe.Target) -> None:
    assert pj_recipe.build_key(RECIPE, "0" * 64, other) != key(RECIPE)


def test_the_build_key_follows_the_source() -> None:
    assert pj_recipe.build_key(RECIPE, "1" * 64, TARGET) != key(RECIPE)


def test_an_old_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "version.mak").write_text(
        "export PJ_VERSION_MAJOR  := 2\nexport PJ_VERSION_MINOR  := 14\nexport PJ_VERSION_REV    := 1\n"
    )
    with pytest.raises(pj_source.Trouble, match="2.14.1 is too old"):
        pj_source.version_of(tmp_path)


def test_an_empty_revision_is_not_taken_from_the_next_line(tmp_path: Path) -> None:
    (tmp_path / "version.mak").write_text(
        "export PJ_VERSION_MAJOR  := 2\nexport PJ_VERSION_MINOR  := 17\nexport PJ_VERSION_REV    :=\n"
        "export PJ_VERSION_SUFFIX := -dev\n"
    )
    assert pj_source.version_of(tmp_path) == "2.17"


def test_the_chosen_mirror_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPILLWAY_DEBIAN_MIRROR", "http://mirror.example/debian")
    assert pj_source.debian_mirror() == "http://mirror.example/debian"


def test_an_unknown_source_is_not_built(tmp_path: Path) -> None:
    archive = tmp_path / "other.tar.xz"
    archive.write_bytes(b"not the real one")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "build_pjsua2", "--source", archive],
        env={
            "SPILLWAY_CACHE": str(tmp_path / "cache"),
            "PATH": "/usr/bin:/bin",
            "SPILLWAY_PYTHON": sys.executable,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "accepted-sources.txt" in done.stderr
    assert hashlib.sha256(b"not the real one").hexdigest() in done.stderr
    assert not list((tmp_path / "cache").rglob("*.whl"))


def test_the_wheel_lists_its_files_with_their_sums(tmp_path: Path) -> None:
    swig = tmp_path / "pjsip-apps/src/swig/python"
    swig.mkdir(parents=True)
    for name in ("pjsua2.py", "pjsua2_build.py", f"_pjsua2{TARGET.suffix}"):
        (swig / name).write_text(f"content of {name}")
    (tmp_path / "COPYING").write_text("licence")
    wheel = tmp_path / "out" / "x.whl"
    pj_recipe.pack(tmp_path, "2.17+server.12345678", TARGET, wheel)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        record = archive.read("pjsua2-2.17+server.12345678.dist-info/RECORD").decode().splitlines()
        listed = {line.split(",")[0]: line.split(",")[1] for line in record}
        assert sorted(listed) == sorted(names)
        digest = hashlib.sha256(archive.read("pjsua2.py")).digest()
        assert {entry.external_attr >> 16 & 0o777 for entry in archive.infolist()} == {0o644}
    assert listed["pjsua2.py"] == "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
