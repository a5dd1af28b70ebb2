"""The folder of a site that `scripts/flash --site` takes: site.toml with the token, the authority, the board file.

Everything that can be wrong on this computer is found before a token is made, for a new one ends the older.
"""

import ipaddress
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from central.cli.refusals import Misused
from central.enrolment_models import TokenView

SITE, CA, BOARD = "site.toml", "ca.pem", "board.toml"
HEADING = "A site for scripts/flash. It holds an enrolment token: keep it as you keep a key."
LARGEST = 256_000
"""Octets of a board file; scripts/flash keeps to the same."""


@dataclass(frozen=True)
class SitePlan:
    """What the technician says of a site. Empty: DHCP, no Wi-Fi, no 4G, the centre's own addresses."""

    folder: Path
    board: Path
    url: str = ""
    broker: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    router: str = ""
    dns: tuple[str, ...] = ()
    wifi: str = ""
    wifi_psk_file: Path | None = None
    apn: str = ""


def checked(plan: SitePlan) -> tuple[bytes, str]:
    """The board file and the pass-phrase of the Wi-Fi, once all of the plan holds. Misused."""
    if plan.folder.exists() and (not plan.folder.is_dir() or any(plan.folder.iterdir())):
        raise Misused("is there already; no site is ever overwritten", str(plan.folder), "name a new folder")
    octets = _read(plan.board, "--board")
    try:
        lines = {str(line.get("id", "")) for line in tomllib.loads(octets.decode()).get("line", [])}
    except (ValueError, AttributeError) as error:
        raise Misused(f"is no board file: {error}", str(plan.board)) from None
    if strange := sorted(plan.labels.keys() - lines):
        have = ", ".join(sorted(lines)) or "none"
        raise Misused(f"there is no line {strange[0]!r} on this board; there are: {have}", "--label")
    _network(plan)
    psk = _read(plan.wifi_psk_file, "--wifi-psk-file") if plan.wifi_psk_file is not None else b""
    return octets, psk.decode(errors="replace").strip()


def _read(path: Path, option: str) -> bytes:
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise Misused(f"{path} cannot be read: {error.strerror}", option) from None
    if len(octets) > LARGEST:
        raise Misused(f"{path} is larger than {LARGEST} octets; is this the right file?", option)
    return octets


def _network(plan: SitePlan) -> None:
    """Addresses that hold together. Misused."""
    if not plan.address:
        if plan.router or plan.dns:
            raise Misused(
                "--router and --dns stand with a fixed --address only; DHCP tells them", "--address"
            )
    elif "/" not in plan.address:
        raise Misused("write the address with its network, like 10.0.0.5/24", "--address")
    try:
        network = ipaddress.IPv4Interface(plan.address).network if plan.address else None
        if network is not None and plan.router and ipaddress.IPv4Address(plan.router) not in network:
            raise Misused(f"{plan.router} is not in the network {network} of the address", "--router")
        for each in plan.dns:
            ipaddress.IPv4Address(each)
    except ValueError as error:
        raise Misused(f"{error}; write addresses like 10.0.0.5/24 and 10.0.0.1", "--address") from None
    if bool(plan.wifi) != (plan.wifi_psk_file is not None):
        raise Misused("give --wifi and --wifi-psk-file, both or none", "--wifi")


def write_site(plan: SitePlan, told: TokenView, board: bytes, psk: str = "") -> Path:
    """The site's file, in a folder of its own that nobody else may read. Misused."""
    facts = told.site
    if facts is None:
        raise Misused(
            "this centre says nothing of itself that a card could hold: it is plain, or has no [front] or key ring",
            told.gateway,
            "the token was made all the same: `spillway gateway new` without --site makes the next",
        )
    ethernet: dict[str, str | list[str]] = {"address": plan.address, "gateway": plan.router}
    ethernet["dns"] = list(plan.dns)
    site: dict[str, object] = {
        "gateway": told.gateway,
        "realm": facts.realm,
        "url": plan.url or facts.url,
        "broker": plan.broker or facts.broker,
        "broker_port": facts.broker_port,
        "ca": CA,
        "root": facts.root,
        "token": told.token,
        "board": BOARD,
        "labels": dict(plan.labels),
        "network.ethernet": {key: value for key, value in ethernet.items() if value},
        "network.wifi": {"ssid": plan.wifi, "psk": psk} if plan.wifi else {},
        "network.mobile": {"apn": plan.apn} if plan.apn else {},
    }
    try:
        plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (plan.folder / CA).write_text(facts.ca)
        (plan.folder / BOARD).write_bytes(board)
        with os.fdopen(os.open(plan.folder / SITE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(_toml(site))
    except OSError as error:
        raise Misused(f"cannot be written: {error.strerror}", str(plan.folder)) from None
    return plan.folder / SITE


def _toml(site: Mapping[str, object]) -> str:
    """Plain keys first: after a table's head they would belong to it."""
    rows = [f"# {HEADING}"]
    rows += [f"{key} = {_value(value)}" for key, value in site.items() if not isinstance(value, dict)]
    for name, table in site.items():
        if isinstance(table, dict) and table:
            rows += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    return "\n".join(rows) + "\n"


def _value(value: object) -> str:
    """JSON's strings, numbers and lists are TOML's, except for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
