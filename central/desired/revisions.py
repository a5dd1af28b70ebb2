"""The document of each gateway under its revision: rises only with the content, never falls. Pure.

A revision jumps above the highest that the gateway has seen: a centre restored from an older copy must not be
ignored for ever. A configuration with which the document would not fit on its topic goes as a file, by its hash.
"""

import hashlib
from dataclasses import dataclass

from central.desired.content import Content
from link.contract.documents import Desired, decode_desired, encode_document
from link.contract.envelope import Codec, EnvelopeError, pack

HIGHEST = 2**53
"""A gateway that claims to have seen a higher revision is not believed."""


@dataclass(frozen=True)
class Standing:
    """A gateway's document: its revision, its bytes, the file that goes with it (empty: none), what was left out."""

    rev: int = 0
    payload: bytes = b""
    file: bytes = b""
    left_out: tuple[str, ...] = ()

    def next(self, content: Content, seen: int = 0) -> "Standing":
        """This document if it says the same and is above what was `seen`, else one of a higher revision.

        EnvelopeError `oversized` when the configuration does not even fit in a file.
        """
        seen = seen if seen <= HIGHEST else 0
        if self.payload and seen <= self.rev:
            payload, file = _written(content, self.rev)
            if payload == self.payload:
                return Standing(self.rev, payload, file, content.left_out)
        rev = max(self.rev, seen) + 1
        return Standing(rev, *_written(content, rev), content.left_out)

    @property
    def sha(self) -> str:
        """Hash of the file that goes with the document; empty for none."""
        return hashlib.sha256(self.file).hexdigest() if self.file else ""


def kept(rev: int, payload: bytes) -> Standing:
    """A document as the store has it; what cannot be read back keeps its revision, so that the next is above."""
    try:
        decode_desired(payload)
    except EnvelopeError:
        return Standing(rev)
    return Standing(rev, payload)


def _written(content: Content, rev: int) -> tuple[bytes, bytes]:
    """The document as bytes, and the file that holds its configuration if that has no room in it."""
    rest: dict[str, object] = {"rev": rev, "blobs": content.blobs, "link": content.link, "ring": content.ring}
    rest["fw"] = content.fw
    try:
        return encode_document(Desired.model_validate({**rest, "cfg": content.configuration})), b""
    except EnvelopeError:
        file = pack(content.configuration.model_dump(mode="python"), Codec.DEFLATED)
    named = {"cfg_sha": hashlib.sha256(file).hexdigest(), "cfg_size": len(file)}
    return encode_document(Desired.model_validate({**rest, **named})), file
