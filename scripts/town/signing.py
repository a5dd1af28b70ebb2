"""Signs as the persons of a secured town do: with the keys in the town's folder, after a look at the bytes.

What is signed is read from the bytes themselves, never from what the centre says beside them.
"""

import secrets
import time
from base64 import b64decode
from collections.abc import Iterable
from pathlib import Path

from central.api.key_requests import SignatureShown, StopShown
from central.authority.counting import USES
from central.readmodels import BroadcastView
from link.contract.authority import LONGEST_STOP, Authority, Stop, decode_authority, encode_raw
from link.contract.envelope import EnvelopeError
from link.contract.orders import Channel
from link.contract.signed import Purpose, to_sign
from link.sealing.keyfile import Key, open_key, read_phrase
from link.sealing.signing import sign


class NotSigned(Exception):
    """A person refuses to sign; the text says why."""


class TownSigners:
    """The persons of a town with their keys, opened once: that costs a good part of a second each.

    `keys` is the folder that scripts.town.personal_keys has written. KeyFileError.
    """

    def __init__(self, keys: Path, persons: Iterable[str]) -> None:
        wanted = [(person, use) for person in persons for use in sorted(set(USES.values()))]
        self._keys = {(person, use): _open(keys / f"{person}-{use}.key") for person, use in wanted}

    def broadcast(self, person: str, view: BroadcastView) -> SignatureShown:
        """The signature of `person` under a broadcast. NotSigned: the bytes say something else than was asked."""
        raw, authority = _read(view)
        said = (authority.id, authority.ch, authority.zones, authority.clips, authority.text, authority.by)
        if said != (view.id, view.channel, view.zones, (view.clip.sha,), view.text, view.by):
            raise NotSigned(f"the bytes to be signed do not say what broadcast {view.id} shows")
        return self._sign(person, authority.ch, "sw-auth-v1", raw)

    def stop(self, person: str, view: BroadcastView) -> StopShown:
        """The word of `person` that a broadcast shall end, signed."""
        now = int(time.time())
        word = Stop(
            id=f"x-{secrets.token_hex(8)}",
            ref=view.id,
            ch=view.channel,
            by=person,
            iat=now,
            exp=now + LONGEST_STOP,
        )
        raw = encode_raw(word)
        made = self._sign(person, view.channel, "sw-stop-v1", raw)
        return StopShown(kid=made.kid, sig=made.sig, raw=raw)

    def _sign(self, person: str, channel: Channel, purpose: Purpose, raw: bytes) -> SignatureShown:
        key = self._keys[person, USES[channel]]
        return SignatureShown(kid=key.head.kid, sig=sign(key.private, to_sign(purpose, raw)))


def _open(path: Path) -> Key:
    return open_key(path, read_phrase(path.with_suffix(".phrase")), "personal")


def _read(view: BroadcastView) -> tuple[bytes, Authority]:
    try:
        raw = b64decode(view.to_sign, validate=True)
        return raw, decode_authority(raw)
    except (EnvelopeError, ValueError) as error:
        raise NotSigned(f"what is to be signed for broadcast {view.id} cannot be read: {error}") from None
