"""Wires what comes up from gateways: the store of arriving files, their list, and the key that opens them."""

from collections.abc import Callable
from dataclasses import dataclass

from central.config import CentralSettings
from central.gateway_tapes import GatewayTapes
from central.incoming import Incoming
from central.store.database import Database
from central.store.gateway_recordings import GatewayRecordings
from central.store.seal_book import SealBook
from central.store.seal_keys import SealKeys
from central.store.uploads import Uploads
from link.hosting.clock import Clock
from link.sealing.seal import unseal

MEGA = 1_000_000


@dataclass(frozen=True)
class FromGateways:
    """Recordings of gateways, files on their way in, and the public key (hex) that gateways seal to."""

    tapes: GatewayTapes
    incoming: Incoming
    seal_public: str


def wire_files(
    settings: CentralSettings,
    database: Database,
    clock: Clock,
    changed: Callable[[str, str], None],
    wanted_changed: Callable[[str], None],
    seals: SealBook | None = None,
) -> FromGateways:
    """The parts, not yet served. `wanted_changed` hears of a gateway whose wanted recordings are others now. Blocks;
    SealKeysError when the key cannot be used."""
    keys = SealKeys.open(settings.state / "keys")
    listed = GatewayRecordings(database, settings.recordings, seals)
    limits = (settings.files.quota_mb * MEGA, settings.files.largest_mb * MEGA)
    arriving = Uploads(settings.state / "arrived", *limits)
    tapes = GatewayTapes(
        listed, arriving, lambda file: unseal(file, keys.private), clock, changed, wanted_changed
    )
    return FromGateways(tapes, Incoming(arriving, listed.dealt_with, tapes.arrived), keys.public)
