"""Checks an export of recordings with Python's standard library alone. Travels as verify.py in each export.

    python3 verify.py                    the folder that it lies in
    python3 verify.py export.zip         a packed export
    python3 verify.py --key FINGERPRINT  also: the signing key has to be this one

It says of each file whether it is intact, and ends with 0 only when nothing was changed, removed, swapped or added.
It changes nothing. The signatures are Ed25519 (RFC 8032); README.txt shows the same check with openssl.
"""

import base64
import hashlib
import json
import sys
import zipfile
from pathlib import Path

SIGNED, SIGNATURE = "manifest.json", "manifest.sig"
FILE_KINDS = ("closed", "repaired", "came", "encoded")
PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT = pow(2, (PRIME - 1) // 4, PRIME)
DER = bytes.fromhex("302a300506032b6570032100")

Point = tuple[int, int, int, int]


# ---- Ed25519, verification only


def add(p: Point, q: Point) -> Point:
    """The sum of two points, in extended coordinates."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % PRIME, (p[1] + p[0]) * (q[1] + q[0]) % PRIME
    c, d = 2 * p[3] * q[3] * CURVE % PRIME, 2 * p[2] * q[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def times(number: int, point: Point) -> Point:
    """A point so many times."""
    found: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def decompressed(octets: bytes) -> Point | None:
    """The point that 32 octets stand for, if any."""
    y = int.from_bytes(octets, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(CURVE * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = PRIME - x
    return x, y, 1, x * y % PRIME


def genuine(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 octets) is that of `message` by the holder of `public` (32)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r = decompressed(public), decompressed(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= ORDER:
        return False
    y = 4 * pow(5, PRIME - 2, PRIME) % PRIME
    start = decompressed(y.to_bytes(32, "little"))
    assert start is not None
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left = times(s, start)
    right = add(r, times(int.from_bytes(digest, "little") % ORDER, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % PRIME == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % PRIME == 0


# ---- the export


class Export:
    """The files of an export, in a folder or in a zip."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.zip = zipfile.ZipFile(path) if self.path.is_file() else None

    def names(self) -> list[str]:
        """All of its files."""
        if self.zip is not None:
            return [info.filename for info in self.zip.infolist()]
        return [each.relative_to(self.path).as_posix() for each in self.path.rglob("*") if not each.is_dir()]

    def read(self, name: str) -> bytes:
        """One file. OSError, zipfile.BadZipFile."""
        if self.zip is not None:
            return self.zip.read(name)
        return (self.path / name).read_bytes()

    def sha256(self, name: str) -> str:
        """SHA-256 of one file, hex; empty when it cannot be read."""
        digest = hashlib.sha256()
        try:
            with self.zip.open(name) if self.zip else (self.path / name).open("rb") as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
        except (OSError, KeyError, zipfile.BadZipFile, EOFError, ValueError, RuntimeError):
            return ""
        return digest.hexdigest()


def verify(export: Export, key: str = "") -> tuple[list[str], list[str]]:
    """(what is intact, what is wrong), each in words. `key` is the fingerprint that is asked for, if any."""
    try:
        public = key_of(export.read("public.pem"))
        octets = export.read(SIGNED)
        signed = genuine(public, octets, export.read(SIGNATURE))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, EOFError) as error:
        return [], [f"manifest.json, manifest.sig or public.pem is missing or damaged: {error}"]
    found = fingerprint(public)
    if not signed:
        return [], [
            "manifest.json is not what the key in public.pem signed: manifest, signature or key was changed"
        ]
    if key and key.replace(" ", "").lower() != found.replace(" ", ""):
        return [], [f"the export is signed by another key: {found}"]
    manifest = json.loads(octets)
    good = [f"manifest.json: signed by the key {found}"]
    bad = _files(export, manifest["files"], good)
    if not bad:
        bad = _chain(export, manifest, public, good)
    return good, bad


def _files(export: Export, told: dict[str, str], good: list[str]) -> list[str]:
    bad, there = [], export.names()
    for name in sorted({name for name in there if there.count(name) > 1}):
        bad.append(f"{name}: stands twice in the archive")
    for name, sha in sorted(told.items()):
        if name not in there:
            bad.append(f"{name}: is missing")
        elif export.sha256(name) != sha:
            bad.append(f"{name}: DAMAGED, it is not the file that was exported")
        else:
            good.append(f"{name}: intact")
    for name in sorted(set(there) - set(told) - {SIGNED, SIGNATURE}):
        bad.append(f"{name}: was added, the manifest does not know it")
    return bad


def _chain(export: Export, manifest: dict, public: bytes, good: list[str]) -> list[str]:  # type: ignore[type-arg]
    """The entries hang together up to the signed head, and each recording is what they say."""
    chain, head = json.loads(export.read("chain.json")), export.read("head.txt")
    if not genuine(public, head, export.read("head.sig")):
        return ["head.txt is not what the key signed"]
    last, bodies = chain["before"], {}
    for number, entry in enumerate(chain["entries"], chain["first"]):
        digest = entry.get("digest") or hashlib.sha256(entry["body"].encode()).hexdigest()
        last = hashlib.sha256(
            f"spillway recording chain v1\n{number}\n{last}\n{digest}\n".encode()
        ).hexdigest()
        if "body" in entry:
            bodies[number] = json.loads(entry["body"])
    words = head.decode().split()
    count = chain["first"] + len(chain["entries"]) - 1
    if words[:4] != ["spillway", "recording", "head", "v1"] or words[5] != str(count) or words[7] != last:
        return [f"the chain of {count} entries does not end in the signed head"]
    good.append(
        f"chain of recordings: {len(chain['entries'])} entries lead to the signed head, number {count}"
    )
    bad = []
    for told in manifest["recordings"]:
        own = [body for body in bodies.values() if body["recording"] == told["id"]]
        files = [body for body in own if body["kind"] in FILE_KINDS]
        if not files or files[-1]["sha256"] != manifest["files"][told["file"]]:
            bad.append(f"{told['file']}: the chain does not know this file of {told['id']}")
        elif any(body["kind"] == "erased" for body in own):
            bad.append(f"{told['file']}: the chain says that {told['id']} was erased")
        else:
            good.append(f"{told['file']}: as it was sealed")
    return bad


def key_of(pem: bytes) -> bytes:
    """The 32 octets of an Ed25519 public key in PEM. ValueError."""
    body = pem.decode("ascii").split("-----")[2:3]
    der = base64.b64decode("".join("".join(body).split()), validate=True)
    if der[: len(DER)] != DER or len(der) != len(DER) + 32:
        raise ValueError("public.pem holds no Ed25519 key")
    return der[len(DER) :]


def fingerprint(public: bytes) -> str:
    """SHA-256 of the key, in groups of eight."""
    digest = hashlib.sha256(public).hexdigest()
    return " ".join(digest[at : at + 8] for at in range(0, 64, 8))


def main(words: list[str]) -> int:
    """Entry point; the exit code: 0 intact, 1 not, 2 nothing to check."""
    key = words.pop(words.index("--key") + 1) if "--key" in words[:-1] else ""
    rest = [word for word in words if word != "--key"]
    path = rest[0] if rest else str(Path(__file__).resolve().parent)
    try:
        good, bad = verify(Export(path), key)
    except (OSError, zipfile.BadZipFile) as error:
        good, bad = [], [f"{path} cannot be read: {error}"]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        good, bad = [], [f"{path} is not an export as it was written: {error!r}"]
    for line in (*good, *bad):
        sys.stdout.write(f"{line}\n")
    if bad:
        sys.stdout.write(f"\nNOT INTACT: {len(bad)} fault(s), above.\n")
        return 1
    if not key:
        sys.stdout.write("\nCompare the key's fingerprint with the one that the centre made known.")
    sys.stdout.write("\nINTACT: every file is as the centre sealed it.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
