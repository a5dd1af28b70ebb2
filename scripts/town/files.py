"""Writes the files of a town: broker, centre, gateways, boards, bench, tokens. Starts nothing.

All paths in the files are absolute. What holds secrets has mode 0600, the town's folder 0700. What a run
leaves behind (database, recordings, held clips) lies below `state` and is never touched here.
"""

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from central.people.initial import InitialPerson
from link.bus.broker_file import CENTRE, write_broker, write_secured_broker
from scripts.town.bench_file import bench_values
from scripts.town.board_file import BoardFile
from scripts.town.certificates import Pki, make_certificates
from scripts.town.edge_file import edge_table, write_town_edge
from scripts.town.front_file import front_table, write_town_front
from scripts.town.people_file import fresh_people, people_values
from scripts.town.personal_keys import centre_table, root_of, write_keys
from scripts.town.plan import GatewayPlan, TownPlan
from scripts.town.ports import HOST, Ports
from scripts.town.toml_text import Value, toml_text

HEADING = "Written by scripts/run at each start; changes are lost."
CENTRE_RTP = 192
GATEWAY_RTP = 64
CENTRE_CALLS = 64
GATEWAY_CALLS = 16
BESIDE = 40_000_000
"""Octets per second between the town and whoever enrols: it stands beside it."""


def rtp_ports_needed(plan: TownPlan) -> int:
    """How many neighbouring UDP ports the town's voice processes share out among themselves."""
    return CENTRE_RTP + GATEWAY_RTP * len(plan.gateways)


@dataclass(frozen=True)
class Places:
    """Where everything of a town lies: `folder` stays, `run` (sockets; a short path) goes with the town."""

    folder: Path
    run: Path

    @property
    def central(self) -> Path:
        """Settings of the centre."""
        return self.folder / "central.toml"

    @property
    def tokens(self) -> Path:
        """Gateways that may use the API."""
        return self.folder / "tokens.toml"

    @property
    def people(self) -> Path:
        """Persons that may use the API, with their secrets; kept from start to start."""
        return self.folder / "people.toml"

    @property
    def bench(self) -> Path:
        """The bench's file."""
        return self.folder / "bench.toml"

    @property
    def bench_socket(self) -> Path:
        """The bench's one socket."""
        return self.run / "bench.sock"

    @property
    def broker(self) -> Path:
        """The broker's configuration."""
        return self.folder / "broker" / "mosquitto.conf"

    @property
    def pki(self) -> Pki:
        """Authority and certificates of a secured town; they outlive a run."""
        return Pki(self.folder / "pki")

    def ca(self, plan: TownPlan) -> Path | None:
        """Whom everybody believes; None in a plain town."""
        return None if plan.plain else self.pki.ca

    def signers(self, plan: TownPlan) -> Path | None:
        """Where the keys lie with which persons sign; None in a plain town."""
        return None if plan.plain else self.keys

    @property
    def front(self) -> Path:
        """What belongs to the nginx before the API (CentralSettings.front_folder)."""
        return self.state / "central" / "front"

    @property
    def edge(self) -> Path:
        """What belongs to the kamailio before telephones (CentralSettings.edge_folder)."""
        return self.state / "central" / "edge"

    @property
    def town(self) -> Path:
        """How `spillway` finds the running town."""
        return self.folder / "town.json"

    @property
    def state(self) -> Path:
        """What outlives a run."""
        return self.folder / "state"

    @property
    def recordings(self) -> Path:
        """Where the voice node records."""
        return self.state / "central" / "recordings"

    @property
    def keys(self) -> Path:
        """Private keys of the town's persons, centre and root."""
        return self.folder / "keys"

    def gateway(self, name: str) -> Path:
        """Settings of one gateway."""
        return self.folder / f"gateway-{name}.toml"

    def board(self, name: str) -> Path:
        """Board file of one gateway."""
        return self.folder / f"board-{name}.toml"

    def log(self, unit: str) -> Path:
        """What a unit said."""
        return self.folder / "logs" / f"{unit}.log"


@dataclass(frozen=True)
class Secrets:
    """A broker password for the centre and each gateway, an API token for each gateway, the town's people."""

    broker: dict[str, str] = field(repr=False)
    people: tuple[InitialPerson, ...] = field(repr=False)
    gateways: dict[str, str] = field(repr=False)

    @classmethod
    def fresh(cls, plan: TownPlan, people: tuple[InitialPerson, ...] | None = None) -> "Secrets":
        """Random ones for everybody; persons may be there already."""
        gateways = [*(g.gateway for g in plan.gateways), *plan.guests]
        return cls(
            {name: secrets.token_urlsafe(18) for name in (CENTRE, *gateways)},
            fresh_people(plan.persons) if people is None else people,
            {name: secrets.token_urlsafe(24) for name in gateways},
        )

    @property
    def persons(self) -> dict[str, str]:
        """The tokens of the town's people."""
        return {person.name: person.token for person in self.people}


def write_town(plan: TownPlan, places: Places, ports: Ports, keys: Secrets) -> None:
    """Write every file but town.json. OSError, BusError, CertError, FrontError, EdgeError."""
    (places.folder / "logs").mkdir(parents=True, exist_ok=True)
    places.folder.chmod(0o700)
    if not plan.plain:
        write_keys(plan, places.keys)
    if plan.plain:
        write_broker(places.folder / "broker", ports.broker, keys.broker)
    else:
        pki = make_certificates(plan, places.pki.folder)
        write_secured_broker(places.folder / "broker", ports.broker, pki.files("broker"), HOST)
    _write(places.tokens, _tokens(keys))
    _write(places.people, people_values(keys.people))
    _write(places.central, _central(plan, places, ports, keys))
    if not plan.plain:
        write_town_front(places.central, places.log("nginx"))
        if ports.edge is not None:
            write_town_edge(places.central)
    _write(places.bench, bench_values(plan, places.bench_socket, ports.rigs))
    for index, gateway in enumerate(plan.gateways):
        rtp = ports.rtp + CENTRE_RTP + index * GATEWAY_RTP
        _write(places.gateway(gateway.gateway), _gateway(plan, gateway, places, ports, keys, rtp))
        board = BoardFile(gateway, places.bench_socket, places.run, plan.rate_hz, ports.rigs)
        _write(places.board(gateway.gateway), board.values)


def _pinned(plan: TownPlan, places: Places) -> dict[str, Value]:
    """The root key that gateways believe."""
    if plan.plain:
        return {}
    return {"authority": {"root": root_of(places.keys)}}


def write_town_json(plan: TownPlan, places: Places, ports: Ports, pid: int) -> None:
    """Say where the town is. Written in one step: a reader sees all or nothing."""
    told = {
        "api": api_url(plan, ports),
        **({} if plan.plain else {"ca": str(places.pki.ca)}),
        "tokens": str(places.people),
        "person": plan.persons[0],
        "bench": str(places.bench_socket),
        "folder": str(places.folder),
        "run": str(places.run),
        "recordings": str(places.recordings),
        "pid": pid,
    }
    new = places.town.with_suffix(".new")
    _write_text(new, json.dumps(told, indent=2) + "\n")
    new.replace(places.town)


def api_url(plan: TownPlan, ports: Ports) -> str:
    """Where the API answers, or the front before it."""
    return f"{'http' if plan.plain else 'https'}://{HOST}:{ports.api}"


def _tokens(keys: Secrets) -> dict[str, Value]:
    return {"gateway": [{"name": name, "token": token} for name, token in keys.gateways.items()]}


def _central(plan: TownPlan, places: Places, ports: Ports, keys: Secrets) -> dict[str, Value]:
    groups: list[dict[str, Value]] = []
    for group in plan.groups:
        members: list[dict[str, Value]] = [{"line": line, "priority": rank} for line, rank in group.members]
        number: dict[str, Value] = {"number": group.number} if group.number else {}
        head: dict[str, Value] = {"id": group.group, "label": group.label, **number}
        groups.append({**head, "hang": group.hang, "timeout": group.timeout, "members": members})
    return {
        **_tls(plan, places, CENTRE),
        **({} if plan.plain else _secured(plan, places, ports)),
        **({} if plan.plain else {"authority": centre_table(places.keys)}),
        "state": places.state / "central",
        "run": places.run / "central",
        "broker": _broker(plan, ports.broker, CENTRE, keys),
        "api": {"tokens": places.tokens, **({"host": HOST, "port": ports.api} if plan.plain else {})},
        "people": {"initial": places.people},
        "recording": {"codec": "wav"},  # tours and figures read them
        "voice": {
            "rate_hz": plan.rate_hz,
            "rtp_port": ports.rtp,
            "rtp_ports": CENTRE_RTP,
            "max_calls": CENTRE_CALLS,
            **({} if ports.edge is None else {"sip_port": ports.edge.node}),
            **_voice_certificate(plan, places),
        },
        "link": _SOON,
        "gateway": [
            *({"id": g.gateway, "label": g.label} for g in plan.gateways),
            *({"id": name} for name in plan.guests),
            *({"id": name, "profile": "broad", "rate": BESIDE} for name in plan.enrolling),
        ],
        "group": groups,
        "zone": [{"id": z.zone, "label": z.label, "lines": z.lines} for z in plan.zones],
    }


def _voice_certificate(plan: TownPlan, places: Places) -> dict[str, Value]:
    """The voice node is called, core only calls: so it has a certificate of its own."""
    pki = places.folder / "pki"
    return {} if plan.plain else {"certificate": pki / "voice.crt", "key": pki / "voice.key"}


_IMPATIENT: dict[str, Value] = {"first_retry": 0.5, "longest_retry": 5.0}
"""One machine, no thundering herd: whoever lost the broker is back soon."""
_SOON: dict[str, Value] = {"spread": 0.5}
_LAN: dict[str, Value] = {"profile": "broad", **_SOON}


def _broker(plan: TownPlan, port: int, name: str, keys: Secrets) -> dict[str, Value]:
    """Password or certificate: never both."""
    known: dict[str, Value] = {"username": name, "password": keys.broker[name]} if plan.plain else {}
    return {"host": HOST, "port": port, **known, **_IMPATIENT}


def _tls(plan: TownPlan, places: Places, name: str) -> dict[str, Value]:
    """The words at the top of a settings file that say whether it is plain, and the table of a secured one."""
    if plan.plain:
        return {"plain": True}
    pki = places.pki
    return {"plain": False, "tls": {"ca": pki.ca, **_own(pki, name), "crl": pki.crl}}


def _secured(plan: TownPlan, places: Places, ports: Ports) -> dict[str, Value]:
    """Tables of the centre that a plain one does not have; it issues only where somebody will ask."""
    pki = places.pki
    tables: dict[str, Value] = {"probe": _own(pki, "probe"), "front": front_table(pki, ports.api, plan.names)}
    if plan.enrolling:
        authority = {"ca_folder": pki.authority, "pass_phrase_file": pki.pass_phrase}
        tables["enrolment"] = {**authority, "token_days": plan.token_days}
    if ports.edge is not None:
        tables["edge"] = edge_table(pki, ports.edge)
    if plan.updates is not None:
        tables["updates"] = {"keyring": plan.updates, "url": f"https://{(*plan.names, HOST)[0]}:{ports.api}"}
    return tables


def _own(pki: Pki, name: str) -> dict[str, Value]:
    return {"certificate": pki.certificate(name), "key": pki.key(name)}


def _gateway(
    plan: TownPlan, gateway: GatewayPlan, places: Places, ports: Ports, keys: Secrets, rtp: int
) -> dict[str, Value]:
    name = gateway.gateway
    broker_port, api_port = ports.detours.get(name, (ports.broker, ports.api))
    return {
        "gateway": name,
        **_tls(plan, places, name),
        **_pinned(plan, places),
        "board": places.board(name),
        "state": places.state / name,
        "run": places.run / name,
        "broker": _broker(plan, broker_port, name, keys),
        "centre": _centre(plan, api_port, keys.gateways[name]),
        "voice": {
            "host": HOST,
            "rate_hz": plan.rate_hz,
            "rtp_port": rtp,
            "rtp_ports": GATEWAY_RTP,
            "max_calls": GATEWAY_CALLS,
        },
        "clock": _clock(gateway),
        "link": _LAN,
        "labels": gateway.labels,
    }


def _centre(plan: TownPlan, port: int, token: str) -> dict[str, Value]:
    """Token or certificate: never both."""
    return (
        {"url": f"http://{HOST}:{port}", "token": token} if plan.plain else {"url": f"https://{HOST}:{port}"}
    )


def _clock(gateway: GatewayPlan) -> dict[str, Value]:
    """A clock that is not believed has at least been set up now."""
    if gateway.clock_right:
        return {"assume_right": True}
    return {"provisioned": datetime.now(UTC).isoformat()}


def _write(path: Path, values: dict[str, Value]) -> None:
    _write_text(path, toml_text(values, HEADING))


def _write_text(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, encoding="utf-8")
