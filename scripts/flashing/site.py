"""The site file of a technician, and what is made of it for the card. Pure but for the files that it names.

Everything is checked as the gateway itself will check it, on this computer, before anything is written.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from firmware.config import load_gateway
from hw.board import load_board
from link.certs.certificate import load_certificates
from link.certs.errors import CertError
from link.contract.ids import GatewayId, Label
from link.hosting.settings import Settings, SettingsError, load
from scripts.flashing.networks import Ethernet, Mobile, Wifi, keyfiles
from scripts.town.toml_text import Value, toml_text

STATE, RUN = "/data/spillway", "/run/spillway"
"""Where the gateway keeps its state and its sockets, on the image."""
HEADING = "Written by scripts/flash; a card is provisioned again with scripts/flash --site FILE --only-site."
LARGEST = 256_000
"""Octets of a file that is put on a card."""


class NetworkSettings(Settings):
    """What the gateway is reached and reaches others by; DHCP on its socket where nothing is said."""

    ethernet: Ethernet = Ethernet()
    wifi: Wifi | None = None
    mobile: Mobile | None = None


class SiteSettings(Settings):
    """One site. Paths are relative to the file."""

    gateway: GatewayId
    realm: str = "main"
    url: str = Field(
        pattern=r"^https://[^/?#@\s]+/?$", description="the centre's, https://HOST or https://HOST:PORT"
    )
    broker: str = Field(min_length=1, max_length=253, description="host of the broker")
    broker_port: int = Field(default=8883, ge=1, le=65535)
    ca: Path = Field(description="PEM: the authority of the centre")
    root: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        description="the root key, as `central ring init` printed it",
    )
    token: str = Field(default="", repr=False, description="of `spillway gateway new`")
    token_file: Path | None = Field(default=None, description="or the file that holds it")
    board: Path = Field(description="board file")
    labels: dict[str, Label] = Field(default_factory=dict, description="line id -> name that people see")
    network: NetworkSettings = NetworkSettings()

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if bool(self.token) == bool(self.token_file):
            raise ValueError("give token or token_file, one of them: spillway gateway new prints it")
        return self


def load_site(path: Path) -> dict[str, bytes]:
    """The files for the card by name, checked. SettingsError."""
    site, home = load(path, SiteSettings), path.resolve().parent
    token = site.token or _text(home / site.token_file).strip() if site.token_file else site.token
    if not token:
        raise SettingsError(
            f"{path}: token_file {site.token_file} is empty; fetch a token: spillway gateway new"
        )
    try:
        ca = load_certificates(home / site.ca)
    except CertError as error:
        raise SettingsError(f"{path}: ca: {error.what}; {error.advice}") from None
    files = {
        "gateway.toml": toml_text(_gateway(site, token), HEADING).encode(),
        "board.toml": _octets(home / site.board),
        "ca.pem": ca,
    }
    networks = keyfiles(site.network.ethernet, site.network.wifi, site.network.mobile)
    files |= {f"network/{name}": text.encode() for name, text in networks.items()}
    _check(path, files)
    return files | {"site.json": _manifest(site.gateway, files)}


def _gateway(site: SiteSettings, token: str) -> dict[str, Value]:
    return {
        "gateway": site.gateway,
        "realm": site.realm,
        "board": "board.toml",
        "state": STATE,
        "run": RUN,
        "enrolment": {"url": site.url, "ca": "ca.pem", "token": token},
        "authority": {"root": site.root},
        "broker": {"host": site.broker, "port": site.broker_port},
        "centre": {"url": site.url},
        "update": {"program": "rauc"},
        "labels": dict(site.labels),
    }


def _check(path: Path, files: Mapping[str, bytes]) -> None:
    """As the gateway will, in a folder like its own."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("gateway.toml", "board.toml", "ca.pem"):
            Path(folder, name).write_bytes(files[name])
        try:
            settings = load_gateway(Path(folder, "gateway.toml"))
            board = load_board(settings.board)
        except SettingsError as error:
            raise SettingsError(f"{path}: {str(error).replace(folder + '/', '')}") from None
    known = {line.id for line in board.lines}
    strange = sorted(settings.labels.keys() - known)
    if strange:
        have = ", ".join(sorted(known)) or "none"
        raise SettingsError(f"{path}: labels: no line {strange[0]!r} on this board; there are: {have}")


def _manifest(gateway: str, files: Mapping[str, bytes]) -> bytes:
    """What must be there: a card that was pulled out in the middle is told from one that is whole."""
    sums = {name: hashlib.sha256(octets).hexdigest() for name, octets in sorted(files.items())}
    return json.dumps({"version": 1, "gateway": gateway, "files": sums}, indent=1).encode() + b"\n"


def _octets(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise SettingsError(f"{path}: is larger than {LARGEST} octets; is this the right file?")
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}); check the path and its rights"
        ) from None


def _text(path: Path) -> str:
    try:
        return _octets(path).decode()
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8 text") from None
