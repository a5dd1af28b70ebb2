"""Worker process: packs an export of recordings, and tries it as those who get it will, before it is handed out."""

import hashlib
import os
import zipfile
from pathlib import Path

from central.store.recording_rows import sha256_of
from central.store.side_process import SideRefused, serve
from central.store.verify_export import Export, verify


def pack(target: Path, folder: Path, files: dict[str, str], texts: dict[str, str]) -> dict[str, object]:
    """Write the zip `target`: `files` (name in it: path below `folder`) and `texts` (name: hex of its octets).

    Its size and sha256. SideRefused when it is not intact, naming what is wrong.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, path in files.items():
            archive.write(folder / path, name)
        for name, octets in texts.items():
            archive.writestr(name, bytes.fromhex(octets), zipfile.ZIP_DEFLATED)
    _, bad = verify(Export(str(target)))
    if bad:
        target.unlink()
        raise SideRefused(f"the export is not intact: {bad[0]}", "see: spillway recording verify")
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return {"size": target.stat().st_size, "sha256": sha256_of(target)}


def digests(folder: Path, paths: list[str]) -> dict[str, object]:
    """SHA-256 of each file; empty when it cannot be read."""
    found: dict[str, object] = {}
    for path in paths:
        digest = hashlib.sha256()
        try:
            with (folder / path).open("rb") as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
            found[path] = digest.hexdigest()
        except OSError:
            found[path] = ""
    return found


def _work(request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    folder = Path(str(request["folder"]))
    if "digests" in request:
        return digests(folder, list(request["digests"])), b""  # type: ignore[call-overload]
    files, texts = dict(request["files"]), dict(request["texts"])  # type: ignore[call-overload]
    return pack(Path(str(request["target"])), folder, files, texts), b""


if __name__ == "__main__":
    serve(_work)
