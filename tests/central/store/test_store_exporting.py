"""Exports: a third party finds every flipped bit, every removed, swapped or added file, with Python alone."""

import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from central.store import export_worker
from central.store.database import Database
from central.store.encoding import Encoding
from central.store.exporting import Exporting, ExportRefused
from central.store.recording_keys import RecordingKey
from central.store.side_process import SideRefused
from central.store.verify_export import Export, genuine, main, verify
from link.sealing.signing import make_pair, sign
from tests.central.store.recording_rig import KEY, START_MS, Shelf, tone


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Shelf:
    return Shelf(database, tmp_path / "rec")


async def exported(shelf: Shelf, tmp_path: Path) -> Path:
    """A folder: a FLAC and a WAV, of five recordings between which others stand in the chain."""
    for n in range(5):
        await shelf.kept(f"r{n}", tone(0.2, 300 + n), after=n, parties="|Boat 3|")
    await Encoding(shelf.database, shelf.folder, shelf.book, "flac").round()
    await shelf.kept("late", tone(0.2), after=9)
    rows = [await shelf.recordings.find(id) for id in ("r1", "r3", "late")]
    target = tmp_path / "export.zip"
    made = await Exporting(shelf.folder, shelf.book, "main").make(
        target, rows, "li", "case 7", START_MS / 1000
    )
    assert (made.size, made.recordings) == (target.stat().st_size, ("r1", "r3", "late"))
    with zipfile.ZipFile(target) as archive:
        archive.extractall(tmp_path / "out")
    return tmp_path / "out"


async def test_one_command_says_that_it_is_intact(shelf: Shelf, tmp_path: Path):
    out = await exported(shelf, tmp_path)
    said = subprocess.run(
        [sys.executable, "-I", "verify.py"], cwd=out, capture_output=True, text=True, check=True
    )
    assert "INTACT" in said.stdout and "NOT INTACT" not in said.stdout
    assert KEY.fingerprint in said.stdout and "recordings/r1.flac: as it was sealed" in said.stdout
    assert main([str(tmp_path / "export.zip"), "--key", KEY.fingerprint]) == 0
    assert main([str(out), "--key", RecordingKey(bytes(32)).fingerprint]) == 1
    manifest = json.loads((out / "manifest.json").read_text())
    (first, *_) = manifest["recordings"]
    assert (first["parties"], first["timeline"]["tick"], first["entries"]) == (["Boat 3"], 50, [3, 8])
    assert "r0" not in (out / "chain.json").read_text(), "of others only digests"
    assert "case 7" in (out / "report.txt").read_text()


async def test_openssl_says_the_same(shelf: Shelf, tmp_path: Path):
    out = await exported(shelf, tmp_path)
    for name in ("manifest.json", "head.txt"):
        signature = Path(name).with_suffix(".sig").name
        words = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", name]
        done = subprocess.run(
            [*words, "-sigfile", signature], cwd=out, capture_output=True, text=True, check=False
        )
        assert (done.returncode, "Verified Successfully" in done.stdout) == (0, True), done.stderr


async def test_every_flipped_bit_is_found_and_its_file_named(shelf: Shelf, tmp_path: Path):
    out, chance = await exported(shelf, tmp_path), random.Random(7)
    for path in sorted(each for each in out.rglob("*") if each.is_file()):
        octets = path.read_bytes()
        for _ in range(5):
            at, bit = chance.randrange(len(octets)), 1 << chance.randrange(8)
            path.write_bytes(octets[:at] + bytes([octets[at] ^ bit]) + octets[at + 1 :])
            _, bad = verify(Export(str(out)))
            assert bad, f"{path.name}: bit {bit} of octet {at}"
            if path.name not in ("manifest.json", "manifest.sig", "public.pem"):
                assert str(path.relative_to(out)) in bad[0]
        path.write_bytes(octets)
    assert verify(Export(str(out)))[1] == []


async def test_a_flipped_bit_in_the_sound_within_the_zip_is_found(shelf: Shelf, tmp_path: Path):
    await exported(shelf, tmp_path)
    zipped = tmp_path / "export.zip"
    octets = bytearray(zipped.read_bytes())
    octets[octets.index(b"fLaC") + 200] ^= 4
    zipped.write_bytes(octets)
    _, bad = verify(Export(str(zipped)))
    assert bad == ["recordings/r1.flac: DAMAGED, it is not the file that was exported"]
    zipped.write_bytes(octets[:-30])
    assert main([str(zipped)]) == 1


async def test_removed_added_and_swapped_files_are_found(shelf: Shelf, tmp_path: Path):
    out = await exported(shelf, tmp_path)
    one, other = out / "recordings/r1.flac", out / "recordings/r3.flac"
    for name in sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()):
        kept = tmp_path / "kept"
        shutil.move(out / name, kept)
        assert verify(Export(str(out)))[1], f"{name} removed"
        shutil.move(kept, out / name)
    (out / "recordings/more.flac").write_bytes(one.read_bytes())
    assert verify(Export(str(out)))[1] == ["recordings/more.flac: was added, the manifest does not know it"]
    (out / "recordings/more.flac").unlink()
    octets = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(octets)
    assert [line.split(":")[0] for line in verify(Export(str(out)))[1]] == [
        "recordings/r1.flac",
        "recordings/r3.flac",
    ]


async def test_a_manifest_signed_anew_with_another_key_does_not_pass_for_the_centres(
    shelf: Shelf, tmp_path: Path
):
    out = await exported(shelf, tmp_path)
    forger = RecordingKey(make_pair()[0])
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "public.pem").write_text(forger.pem)
    manifest["files"]["public.pem"] = export_worker.sha256_of(out / "public.pem")
    octets = json.dumps(manifest).encode()
    (out / "manifest.json").write_bytes(octets)
    (out / "manifest.sig").write_bytes(bytes.fromhex(forger.sign(octets)))
    assert verify(Export(str(out)))[1] == ["head.txt is not what the key signed"]
    assert "another key" in verify(Export(str(out)), KEY.fingerprint)[1][0]


async def test_a_recording_that_the_chain_does_not_know_so_is_found(shelf: Shelf, tmp_path: Path):
    """Whoever holds the key could sign a false manifest; the chain, signed long before, still says otherwise."""
    out = await exported(shelf, tmp_path)
    manifest = json.loads((out / "manifest.json").read_text())
    false = out / "recordings/r1.flac"
    false.write_bytes(b"fLaC, of something that was never said")
    manifest["files"]["recordings/r1.flac"] = export_worker.sha256_of(false)
    octets = json.dumps(manifest).encode()
    (out / "manifest.json").write_bytes(octets)
    (out / "manifest.sig").write_bytes(bytes.fromhex(KEY.sign(octets)))
    assert verify(Export(str(out)))[1] == ["recordings/r1.flac: the chain does not know this file of r1"]


async def test_what_cannot_be_exported_is_refused_with_advice(shelf: Shelf, tmp_path: Path):
    row = await shelf.kept("r1", tone(0.1))
    making = Exporting(shelf.folder, shelf.book, "main")
    with pytest.raises(ExportRefused, match="no recording was named"):
        await making.make(tmp_path / "x.zip", [], "li", "", 0)
    (shelf.folder / row.path).write_bytes(b"RIFF")
    with pytest.raises(ExportRefused, match="not the one that was sealed"):
        await making.make(tmp_path / "x.zip", [row], "li", "", 0)
    await shelf.recordings.begin("open", "leg", "gw-a/r1", Path("o.wav"), 0)
    with pytest.raises(ExportRefused, match="is open"):
        await making.make(tmp_path / "x.zip", [await shelf.recordings.find("open")], "li", "", 0)
    assert not (tmp_path / "x.zip").exists()


def test_an_export_that_would_not_verify_is_not_handed_out(tmp_path: Path):
    with pytest.raises(SideRefused, match="is not intact"):
        export_worker.pack(tmp_path / "x.zip", tmp_path, {}, {"public.pem": b"x".hex()})
    assert not (tmp_path / "x.zip").exists()


def test_the_signatures_check_is_that_of_others():
    chance = random.Random(3)
    for _ in range(6):
        private, public = make_pair()
        message = chance.randbytes(60)
        signature = sign(private, message)
        assert genuine(public, message, signature)
        at = chance.randrange(64)
        assert not genuine(public, message, signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :])
        assert not genuine(public, message + b" ", signature)
        assert not genuine(public, message, signature[:63])
    assert not genuine(os.urandom(31), b"", bytes(64))
