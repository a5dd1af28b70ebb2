"""What the centre signs: commands with its runner key, documents with its config key; in plain mode nothing.

Neither key authorises a warning: that takes what persons signed (link.contract.authority).
"""

from typing import Protocol

from link.contract.batch import encode_command
from link.contract.envelope import pack
from link.contract.orders import Command
from link.contract.signed import Signature, Signed, encode_signed, to_sign
from link.sealing.keyfile import Key
from link.sealing.signing import sign


class Signer(Protocol):
    """The one way of commands and documents to their bytes."""

    @property
    def plain(self) -> bool:
        """Nothing is signed."""

    def command(self, command: Command) -> bytes:
        """Row 8."""

    def document(self, payload: bytes) -> bytes:
        """Rows 10 and 12."""


class PlainSigner:
    """Signs nothing: benches only."""

    plain = True

    def command(self, command: Command) -> bytes:
        """See Signer."""
        return encode_command(command)

    def document(self, payload: bytes) -> bytes:
        """See Signer."""
        return payload


class KeySigner:
    """`runner` and `config`: the centre's own keys."""

    plain = False

    def __init__(self, runner: Key, config: Key) -> None:
        self._runner, self._config = runner, config

    def command(self, command: Command) -> bytes:
        """See Signer."""
        raw = pack(command.model_dump(mode="python"))
        kid = self._runner.head.kid
        made = Signature(kid=kid, sig=sign(self._runner.private, to_sign("sw-cmd-v1", raw)))
        return encode_command(command, kid, (made,))

    def document(self, payload: bytes) -> bytes:
        """See Signer."""
        sig = sign(self._config.private, to_sign("sw-doc-v1", payload))
        return encode_signed(Signed(payload, (Signature(kid=self._config.head.kid, sig=sig),)))
