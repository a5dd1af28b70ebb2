"""Exports of recordings as evidence: what goes into the zip, and what is signed. The packing is export_worker's.

A third party needs Python alone, or openssl and sha256sum: verify.py, README.txt and the public key travel with it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from central.store import verify_export
from central.store.recording_rows import WHOLE, Recording
from central.store.seal_book import SealBook
from central.store.seal_chain import GENESIS, Seal, digest_of
from central.store.side_process import SideFailed, SideRefused, run_aside

MODULE = "central.store.export_worker"
PATIENCE = 3600.0
MOST = 500
"""Recordings of one export."""

_VERIFY = Path(verify_export.__file__).read_bytes()
README = """\
Recordings of a Spillway centre, exported as evidence.

Check everything with one command, in the folder into which this archive was unpacked (Python 3.10 or newer, nothing
else is needed):

    python3 verify.py

It names each file as intact or damaged, missing or added, and says INTACT or NOT INTACT at its end. Ask the centre on
another way for the fingerprint of its key (there: spillway recording seal) and compare, or give it:

    python3 verify.py --key "FINGERPRINT"

The same without our program, with openssl 3 and sha256sum:

    openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in manifest.json -sigfile manifest.sig
    openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in head.txt -sigfile head.sig
    sha256sum recordings/*            compare with "files" in manifest.json

manifest.json   every file with its SHA-256; every recording with parties, time and place in the chain
chain.json      the centre's chain of recordings from the first of these to its end; entries of others as digests only:
                hash n = SHA-256 of "spillway recording chain v1", n, hash n-1, SHA-256 of the entry, a line each
head.txt        the signed end of that chain
report.txt      what the centre found when it exported

Sample n of a file (of `rate_hz` samples a second) sounded at timeline.wall_ns + n / rate_hz; files of one `epoch` are
placed to each other exactly by `tick` (20 ms each). A FLAC holds the samples that were recorded, one by one:
flac -d gives them back, and their SHA-256 is pcm_sha256.
"""


class ExportRefused(Exception):
    """It cannot be exported: a reason, and advice for people."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.reason, self.advice = reason, advice


@dataclass(frozen=True)
class Exported:
    """A zip that was tried; its size in octets and its SHA-256."""

    path: Path
    size: int
    sha256: str
    recordings: tuple[str, ...]


class Exporting:
    """Takes files below `folder`."""

    def __init__(self, folder: Path, seals: SealBook, realm: str) -> None:
        self._folder, self._seals, self._realm = folder.resolve(), seals, realm

    async def make(self, target: Path, rows: Sequence[Recording], by: str, why: str, wall: float) -> Exported:
        """Write the zip. ExportRefused, StoreError."""
        _check(rows)
        names = {row.id: f"recordings/{row.id.replace('/', '.')}{Path(row.path).suffix}" for row in rows}
        try:
            request = {"folder": str(self._folder), "digests": [row.path for row in rows]}
            found, _ = await run_aside(MODULE, request, patience=PATIENCE)
            for row in rows:
                if found[row.path] != row.sha256:
                    raise ExportRefused(
                        f"{row.id}: its file is not the one that was sealed", "leave it out, and ask why"
                    )
            texts = await self._texts(rows, names, by, why, wall)
            files = {names[row.id]: row.path for row in rows}
            hexed = {name: octets.hex() for name, octets in texts.items()}
            packing = {"folder": str(self._folder), "target": str(target), "files": files, "texts": hexed}
            done, _ = await run_aside(MODULE, packing, patience=PATIENCE)
        except SideRefused as error:
            raise ExportRefused(error.reason, error.advice) from None
        except SideFailed as error:
            raise ExportRefused(str(error), "look at disk and log of the centre, then try again") from None
        return Exported(target, int(str(done["size"])), str(done["sha256"]), tuple(row.id for row in rows))

    async def _texts(
        self, rows: Sequence[Recording], names: dict[str, str], by: str, why: str, wall: float
    ) -> dict[str, bytes]:
        own = await self._seals.of(row.id for row in rows)
        head = await self._seals.head()
        missing = {row.id for row in rows} - {seal.recording for seal in own}
        if missing or head is None:
            first = min(missing, default="all")
            raise ExportRefused(
                f"{first}: stands in no chain", "it was made before recordings were sealed; fetch it"
            )
        seals = await self._seals.between(own[0].seq, head.seq)
        before = await self._seals.between(own[0].seq - 1, own[0].seq - 1)
        chain = _proof(seals, {row.id for row in rows}, before[0].hash if before else GENESIS)
        key = self._seals.key
        texts = {
            "chain.json": json.dumps(chain, indent=1, ensure_ascii=False).encode(),
            "head.txt": head.head.encode(),
            "head.sig": bytes.fromhex(head.signature),
            "public.pem": key.pem.encode(),
            "README.txt": README.encode(),
            "verify.py": _VERIFY,
            "report.txt": _report(rows, head, key.fingerprint, by, why, wall).encode(),
        }
        sums = {name: digest_of_octets(octets) for name, octets in texts.items()}
        manifest = {
            "format": "spillway-recording-export-v1",
            "realm": self._realm,
            "exported_at": _iso(wall),
            "by": by,
            "why": why,
            "fingerprint": key.fingerprint,
            "recordings": [_told(row, names[row.id], own) for row in rows],
            "files": {**{names[row.id]: row.sha256 for row in rows}, **sums},
        }
        octets = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
        return {**texts, "manifest.json": octets, "manifest.sig": bytes.fromhex(key.sign(octets))}


def digest_of_octets(octets: bytes) -> str:
    """SHA-256 (hex)."""
    return sha256(octets).hexdigest()


def _check(rows: Sequence[Recording]) -> None:
    if not rows:
        raise ExportRefused("no recording was named", "name one at least: spillway recording list")
    if len(rows) > MOST:
        raise ExportRefused(f"{len(rows)} recordings are too many", f"export {MOST} at a time")
    for row in rows:
        if row.state not in WHOLE:
            raise ExportRefused(
                f"{row.id}: is {row.state}", "only what is closed or repaired can be exported"
            )


def _proof(seals: Sequence[Seal], ids: set[str], before: str) -> dict[str, object]:
    """Entries of these recordings in full, of others their digests."""
    entries = [
        {"body": seal.body} if seal.recording in ids else {"digest": digest_of(seal.body)} for seal in seals
    ]
    return {
        "format": "spillway-recording-chain-v1",
        "first": seals[0].seq,
        "before": before,
        "entries": entries,
    }


def _told(row: Recording, name: str, own: Sequence[Seal]) -> dict[str, object]:
    timeline = {key: getattr(row, key) for key in ("epoch", "tick", "mono_ns", "wall_ns", "sure")}
    return {
        "id": row.id,
        "file": name,
        "kind": row.kind,
        "subject": row.subject,
        "channel": row.channel,
        "gateway": row.gateway,
        "lines": [each for each in row.legs.split("|") if each],
        "parties": [each for each in row.parties.split("|") if each],
        "group": row.talk_group,
        "started_at": _iso(row.started_wall_ms / 1000),
        "seconds": row.seconds,
        "rate_hz": row.rate_hz,
        "samples": row.samples,
        "codec": row.codec,
        "pcm_sha256": row.pcm_sha256,
        "state": row.state,
        "cut": row.cut,
        "hole_ms": row.hole_ms,
        "talk": row.talk,
        "segment": row.segment,
        "first_sample": row.first,
        "timeline": timeline,
        "entries": [seal.seq for seal in own if seal.recording == row.id],
    }


def _report(rows: Sequence[Recording], head: Seal, fingerprint: str, by: str, why: str, wall: float) -> str:
    lines = [
        f"Exported at {_iso(wall)} by {by}: {why}",
        f"Chain of recordings: {head.seq} entries, hash {head.hash}",
        f"Key: {fingerprint}",
        "",
        "Each file was read and is the one that was sealed:",
    ]
    for row in rows:
        remarks = [f"{row.seconds:.3f} s" if row.seconds is not None else "length unknown"]
        remarks += ["repaired after a crash"] if row.state == "repaired" else []
        remarks += [f"{row.hole_ms} ms passed and are not in it"] if row.hole_ms else []
        remarks += ["it ends where power or process ended"] if row.cut else []
        lines.append(
            f"{row.id}: {_iso(row.started_wall_ms / 1000)}, {', '.join(remarks)}, sha256 {row.sha256}"
        )
    return "\n".join(lines) + "\n"


def _iso(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
