"""What the command line asks the centre about keys and standing authorities."""

from central.api.key_requests import KeyAsked, KeyRevoked, SignatureShown
from central.cli.core import Core, part
from central.key_models import KeyView, TriggerView


def keys(core: Core) -> tuple[KeyView, ...]:
    """All public keys."""
    return core.ask(tuple[KeyView, ...], "GET", "keys")


def register_key(core: Core, asked: KeyAsked) -> KeyView:
    """Register one's own public key."""
    return core.ask(KeyView, "POST", "keys", json=asked.model_dump(mode="json"))


def approve_key(core: Core, kid: str) -> KeyView:
    """Approve another's key."""
    return core.ask(KeyView, "POST", f"keys/{part(kid)}/approve")


def revoke_key(core: Core, kid: str, asked: KeyRevoked) -> KeyView:
    """Let a key count no more."""
    return core.ask(KeyView, "POST", f"keys/{part(kid)}/revoke", json=asked.model_dump(mode="json"))


def triggers(core: Core) -> tuple[TriggerView, ...]:
    """The local triggers of gateways."""
    return core.ask(tuple[TriggerView, ...], "GET", "triggers")


def sign_trigger(core: Core, id: str, shown: SignatureShown) -> TriggerView:
    """Sign the standing authority of a trigger."""
    body = shown.model_dump(mode="json")
    return core.ask(TriggerView, "POST", f"triggers/{part(id)}/sign", json=body)
