"""Persons with keys, a signed ring of them, a store in memory."""

from pathlib import Path

from central.authority.counting import Counting
from central.store.keys import KeyRow
from central.trigger_settings import TriggerSettings
from link.contract.keyring import KeyEntry, KeyRing, KeyUse, encode_ring
from link.contract.signed import Purpose, Signature, Signed, encode_signed, kid_of, to_sign
from link.sealing.keyfile import Key, KeyHead, make_key_file
from link.sealing.signing import make_pair, sign

PHRASE = "a phrase for tests"
FOREVER = 4_000_000_000
DAM = TriggerSettings.model_validate(
    {
        "id": "dam",
        "gateway": "gw-north",
        "channel": "drill",
        "conditions": [{"kind": "contact", "source": "key"}],
        "clip": "none",
        "lines": ["pa1"],
    }
)


class Seats:
    """Keys by (holder, use); `ring` is signed by `root`."""

    def __init__(self, *persons: str) -> None:
        self.keys: dict[tuple[str, str], Key] = {}
        self.root = self._made("root", "root")
        for person in persons:
            for use in ("live", "drill"):
                self.add(person, use)
        self.add("core", "runner")
        self.add("core", "config")

    def _made(self, holder: str, use: str) -> Key:
        private, public = make_pair()
        kind = "root" if use == "root" else "centre" if use in ("runner", "config") else "personal"
        head = KeyHead.model_validate({"kind": kind, "use": use, "holder": holder, "public": public.hex()})
        return Key(head, private)

    def add(self, holder: str, use: KeyUse) -> Key:
        self.keys[holder, use] = key = self._made(holder, use)
        return key

    def ring(self, rev: int = 1, revoked: tuple[str, ...] = ()) -> KeyRing:
        keys = tuple(
            KeyEntry(
                kid=key.head.kid,
                public=key.head.public_octets,
                use=key.head.use,
                holder=key.head.holder,
                not_after=FOREVER,
            )
            for key in self.keys.values()
        )
        return KeyRing(rev=rev, iat=1, root=self.root.head.public_octets, keys=keys, revoked=revoked)

    def signed_ring(self, rev: int = 1, revoked: tuple[str, ...] = ()) -> bytes:
        return sign_ring(self.ring(rev, revoked), self.root)

    def counting(self, revoked: tuple[str, ...] = (), left: tuple[str, ...] = ()) -> Counting:
        return Counting(self.ring(), lambda kid: kid in revoked, lambda holder: holder not in left)

    def sign(self, holder: str, use: str, purpose: Purpose, raw: bytes) -> Signature:
        key = self.keys[holder, use]
        return Signature(kid=key.head.kid, sig=sign(key.private, to_sign(purpose, raw)))

    def write(self, holder: str, use: str, folder: Path) -> Path:
        """The key file, its pass-phrase beside it."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, key = folder / f"{holder}-{use}.key", self.keys[holder, use]
        make_key_file(path, key.head, key.private, PHRASE, strong=False)
        beside = path.with_suffix(".phrase")
        beside.touch(mode=0o600)
        beside.write_text(PHRASE + "\n")
        return path


def sign_ring(ring: KeyRing, *roots: Key) -> bytes:
    raw = encode_ring(ring)
    octets = to_sign("sw-keys-v1", raw)
    made = tuple(Signature(kid=root.head.kid, sig=sign(root.private, octets)) for root in roots)
    assert all(kid_of(root.head.public_octets) == root.head.kid for root in roots)
    return encode_signed(Signed(raw, made))


class MemoryKeyStore:
    """See KeyStore."""

    def __init__(self) -> None:
        self.rows: dict[str, KeyRow] = {}
        self.documents: dict[str, bytes] = {}
        self.n = 0

    async def keys(self) -> list[KeyRow]:
        return list(self.rows.values())

    async def save(self, row: KeyRow) -> None:
        self.rows[row.kid] = row

    async def standing(self) -> dict[str, bytes]:
        return dict(self.documents)

    async def save_standing(self, trigger: str, document: bytes, since: float) -> None:
        self.documents[trigger] = document

    async def numbers(self) -> int:
        return self.n

    async def keep_numbers(self, n: int) -> None:
        self.n = max(n, self.n)
