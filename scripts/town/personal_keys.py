"""Keys of a town, below `<town>/keys`: the root's, the centre's two, two of each person, the signed ring.

Made once and kept as long as the folder; the ring is signed anew before its keys count no more. Each pass-phrase lies
beside its key, in a file of mode 0600: a town is a bench; real persons keep theirs in their heads. The centre's own
keys lie in a folder of their own, `centre`, where no person's key may be.
"""

import secrets
import time
from pathlib import Path

from link.contract.keyring import KeyEntry, KeyRing, KeyUse, encode_ring
from link.contract.signed import Signature, Signed, encode_signed, to_sign
from link.hosting.durable import write_whole
from link.sealing.keyfile import Key, KeyHead, make_key_file, open_key, read_head, read_phrase
from link.sealing.signing import make_pair, sign
from scripts.town.plan import TownPlan
from scripts.town.toml_text import Value

LASTS = 400 * 86_400
OWN: tuple[KeyUse, ...] = ("runner", "config")
PERSONAL: tuple[KeyUse, ...] = ("live", "drill")


def write_keys(plan: TownPlan, folder: Path) -> None:
    """Make what is not there yet. KeyFileError, OSError."""
    centre = folder / "centre"
    for place in (folder, centre):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    root = folder / "root.key"
    paths = [(root, "root", "root", "root")]
    paths += [(centre / f"{use}.key", "centre", use, "core") for use in OWN]
    paths += [
        (folder / f"{name}-{use}.key", "personal", use, name) for name in plan.persons for use in PERSONAL
    ]
    fresh = [_make(*each) for each in paths if not each[0].exists()]
    if fresh or _over_soon(centre / "ring"):
        phrase = read_phrase(root.with_suffix(".phrase"))
        _write_ring(
            [path for path, kind, _, _ in paths if kind != "root"], open_key(root, phrase), centre / "ring"
        )


def centre_table(folder: Path) -> dict[str, Value]:
    """`[authority]` of the centre's settings."""
    centre = folder / "centre"
    return {"ring": centre / "ring", "runner_key": centre / "runner.key", "config_key": centre / "config.key"}


def root_of(folder: Path) -> str:
    """What gateways pin, hex."""
    return read_head(folder / "root.key").public


def _make(path: Path, kind: str, use: str, holder: str) -> Path:
    private, public = make_pair()
    phrase = "" if kind == "centre" else secrets.token_urlsafe(18)
    head = KeyHead.model_validate({"kind": kind, "use": use, "holder": holder, "public": public.hex()})
    if phrase:
        write_whole(path.with_suffix(".phrase"), f"{phrase}\n".encode())
    make_key_file(path, head, private, phrase, strong=False)
    return path


def _over_soon(ring: Path) -> bool:
    """It is missing, or half of what its keys last is over: a town's folder may be older than they."""
    return not ring.exists() or ring.stat().st_mtime + LASTS / 2 < time.time()


def _write_ring(paths: list[Path], root: Key, place: Path) -> None:
    now = int(time.time())
    keys = []
    for head in map(read_head, paths):
        values = {"kid": head.kid, "public": head.public_octets, "use": head.use, "holder": head.holder}
        keys.append(KeyEntry.model_validate({**values, "not_after": now + LASTS}))
    raw = encode_ring(KeyRing(rev=now, iat=now, root=root.head.public_octets, keys=tuple(keys)))
    made = Signature(kid=root.head.kid, sig=sign(root.private, to_sign("sw-keys-v1", raw)))
    write_whole(place, encode_signed(Signed(raw, (made,))))
