"""The centre's settings file (TOML): fleet, groups, zones, where things are kept. Unknown keys are errors."""

from collections import Counter
from pathlib import Path
from typing import Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from central.authority.settings import AuthoritySettings
from central.edge_settings import EdgeSettings, check_edge, way_of
from central.enrolment_settings import EnrolmentSettings
from central.front_settings import FrontSettings
from central.people.areas import Area, Areas
from central.people.places import Places
from central.people_settings import AreaSettings, PeopleSettings
from central.recording_settings import RecordingSettings
from central.speech.settings import SpeechSettings
from central.telephony_settings import Number, TelephonySettings, check_numbers
from central.trigger_settings import TriggerSettings, check_trigger
from central.updates_settings import UpdatesSettings, check_neighbours
from link.bus.broker_access import BrokerAccess
from link.certs.requests import of_the_centre
from link.contract.documents import RecordPolicy, UploadPolicy
from link.contract.ids import GatewayId, GroupId, Label, LineId, LineRef, ZoneId
from link.contract.neighbour import MOST_LEGS
from link.contract.profile import ProfileName
from link.hosting.settings import Settings, SettingsError, load
from link.hosting.tls_settings import TlsSettings, check_secured
from link.hosting.toml_places import did_you_mean

_LINE_ID: TypeAdapter[str] = TypeAdapter(LineId)

BELOW = ("front", "enrolment", "authority", "updates", "edge")
"""Tables with paths that may be left out."""
RESERVED_ZONES = ("approve", "stop", "list", "show")
"""Words of the command line that a zone must not be called."""


class ApiSettings(Settings):
    """Where the REST and WebSocket interface listens, and who may use it. `host` and `port` count in plain only."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    socket: Path | None = Field(default=None, description="behind the front; run/api.sock when left out")
    tokens: Path


class ProbeSettings(Settings):
    """The certificate with which core tries the broker's access rules: of the authority, named `probe`."""

    certificate: Path
    key: Path


class VoiceNodeSettings(Settings):
    """Where `central voice` is dialled, its certificate, limits and ports. One bridge rate for a node."""

    host: str = Field(default="127.0.0.1", description="address for SIP and sound; 0.0.0.0 for all")
    name: str = Field(default="", max_length=120, description="what gateways dial; `host` when left out")
    certificate: Path | None = Field(default=None, description="of the voice node, else that of [tls]")
    key: Path | None = None
    rate_hz: int = 16000
    codecs: tuple[str, ...] = ("G722/16000", "PCMA/8000", "PCMU/8000")
    sip_port: int = Field(default=0, ge=0, le=65535)
    rtp_port: int = Field(default=20000, ge=1024, le=65000)
    rtp_ports: int = Field(default=1000, ge=2, le=20000)
    max_calls: int = Field(default=256, ge=1, le=2048)
    level: bool = Field(default=True, description="every bearer is made equally loud")

    @model_validator(mode="after")
    def _can_be_dialled(self) -> Self:
        if self.host == "0.0.0.0" and not self.name:
            raise ValueError("host is 0.0.0.0, which nobody can dial: set name to what gateways dial")
        return self

    def below(self, home: Path) -> "VoiceNodeSettings":
        """The same with absolute paths."""
        pair = {"certificate": self.certificate, "key": self.key}
        return self.model_copy(update={name: path and home / path for name, path in pair.items()})


class MemberSettings(Settings):
    """A line in a group."""

    line: str
    priority: int = Field(default=5, ge=0, le=9)
    label: Label = ""
    listen: bool = Field(default=False, description="hears all and never has the floor")


class GroupSettings(Settings):
    """One talk group; times in seconds."""

    id: GroupId
    label: Label = ""
    area: str = ""
    hang: float = Field(default=2.0, ge=0, le=60)
    timeout: float = Field(default=60.0, ge=1, le=600)
    number: Number | None = Field(default=None, description="telephones dial it to join the conversation")
    members: tuple[MemberSettings, ...] = Field(default=(), max_length=MOST_LEGS)


class ZoneSettings(Settings):
    """Loudspeaker lines that are warned together."""

    id: ZoneId
    label: Label = ""
    area: str = ""
    lines: tuple[str, ...]


class FilesSettings(Settings):
    """How much may come up from gateways; sealed recordings wait there until they are unsealed."""

    quota_mb: int = Field(default=20_000, ge=1, le=100_000_000, description="all files that come up")
    largest_mb: int = Field(default=64, ge=1, le=100_000, description="one of them")


class GatewayEntry(Settings):
    """A gateway that may join the fleet."""

    id: GatewayId
    label: Label = ""
    area: str = ""
    record: RecordPolicy = "island"
    upload: UploadPolicy = "auto-all"
    profile: ProfileName | None = None
    rate: int | None = Field(default=None, ge=50, le=100_000_000, description="octets per second")
    neighbours: tuple[GatewayId, ...] = Field(default=(), max_length=32, description="never updated with it")
    hold_mb: int = Field(default=200, ge=0, le=4000, description="clips held there beside those of triggers")


class FleetLinkSettings(Settings):
    """How all gateways use their links. `spread` (s): over how long they come back after the broker was away."""

    spread: float = Field(default=30.0, ge=0, le=3600)
    file_share: float = Field(default=0.5, gt=0, le=0.9)


class BackupSettings(Settings):
    """Where the database is shipped to, and how often. A folder that is not on the disk of `state`."""

    folder: Path
    every: float = Field(default=1.0, ge=0.1, le=3600)
    base_hours: float = Field(default=24.0, ge=1, le=720)
    log_limit_mb: int = Field(default=256, ge=64, le=65536)


class TalkerSettings(Settings):
    """The name people know a talker by, whose network calls him by number."""

    id: str = Field(min_length=1, max_length=40, pattern=r"^\S+$")
    label: Label = Field(min_length=1)


class CentralSettings(Settings):
    """The whole file."""

    realm: str = "main"
    plain: bool = Field(default=False, description="nothing is signed or encrypted: benches only")
    tls: TlsSettings | None = None
    probe: ProbeSettings | None = None
    authority: AuthoritySettings | None = Field(default=None, description="wanted unless plain")
    state: Path = Field(description="database, clips and recordings")
    run: Path = Field(description="sockets between the processes of the centre")
    broker: BrokerAccess = BrokerAccess()
    api: ApiSettings
    front: FrontSettings | None = None
    voice: VoiceNodeSettings = VoiceNodeSettings()
    speech: SpeechSettings = SpeechSettings()
    backup: BackupSettings | None = None
    files: FilesSettings = FilesSettings()
    recording: RecordingSettings = RecordingSettings()
    enrolment: EnrolmentSettings | None = None
    updates: UpdatesSettings | None = None
    edge: EdgeSettings | None = None
    people: PeopleSettings = PeopleSettings()
    area: tuple[AreaSettings, ...] = ()
    gateway: tuple[GatewayEntry, ...] = ()
    group: tuple[GroupSettings, ...] = ()
    zone: tuple[ZoneSettings, ...] = ()
    talker: tuple[TalkerSettings, ...] = ()
    trigger: tuple[TriggerSettings, ...] = ()
    link: FleetLinkSettings = FleetLinkSettings()
    telephony: TelephonySettings = TelephonySettings()

    @property
    def areas(self) -> Areas:
        """The tree of areas."""
        return Areas(Area(each.id, each.label, each.kind, each.within) for each in self.area)

    @property
    def places(self) -> Places:
        """The areas, and what belongs to which."""
        gateways = {each.id: each.area for each in self.gateway}
        zones, groups = {z.id: z.area for z in self.zone}, {g.id: g.area for g in self.group}
        return Places(self.areas, gateways, zones, groups)

    @property
    def voice_socket(self) -> Path:
        """Where core listens for its voice node."""
        return self.run / "core-voice.sock"

    @property
    def api_socket(self) -> Path:
        """Where core listens for the front."""
        return self.api.socket or self.run / "api.sock"

    @property
    def front_folder(self) -> Path:
        """What belongs to the front: its file, its log, what it keeps for a moment."""
        return self.state / "front"

    @property
    def way_to_edge(self) -> tuple[str, tuple[str, ...]]:
        """HOST:PORT where voice nodes dial numbers, and the addresses that calls come from; empty without an edge."""
        if self.telephony.edge or self.edge is None:
            return self.telephony.edge, self.telephony.edges
        dialled, comes_from = way_of(self.edge)
        return dialled, (comes_from,)

    @property
    def edge_folder(self) -> Path:
        """What belongs to the edge of telephony: its files, the telephones that it knows."""
        return self.state / "edge"

    @property
    def database(self) -> Path:
        """The file that core writes."""
        return self.state / "spillway.db"

    @property
    def clips(self) -> Path:
        """Where clips are kept, by their sha256."""
        return self.state / "clips"

    @property
    def recordings(self) -> Path:
        """Where the voice node writes."""
        return self.state / "recordings"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        known = {entry.id for entry in self.gateway}
        check_neighbours(((entry.id, entry.neighbours) for entry in self.gateway), known)
        kinds = ("gateway", "group", "zone", "talker", "trigger")
        named: dict[str, list[str]] = {kind: [each.id for each in getattr(self, kind)] for kind in kinds}
        for name in filter(of_the_centre, named["gateway"]):
            raise ValueError(f"gateway {name!r} is the name of a part of the centre; choose another id")
        for kind, ids in named.items():
            twice = [name for name, count in Counter(ids).items() if count > 1]
            if twice:
                raise ValueError(f"{kind} {twice[0]!r} stands twice; give each its own id")
        for zone in self.zone:
            if zone.id in RESERVED_ZONES:
                raise ValueError(f"zone {zone.id!r} is a word of the command line; choose another id")
            for line in zone.lines:
                _check_line(line, known, f"zone {zone.id!r}")
        seen: dict[str, str] = {}
        for group in self.group:
            for member in group.members:
                _check_line(member.line, known, f"group {group.id!r}")
                if (other := seen.get(member.line)) is not None:
                    both = f"is in group {other!r} and in {group.id!r}"
                    raise ValueError(f"line {member.line!r} {both}; choose one")
                seen[member.line] = group.id
        for trigger in self.trigger:
            check_trigger(trigger, known)
        _check_areas(self)
        trunks = None if self.edge is None else [trunk.name for trunk in self.edge.trunk]
        check_numbers(self.telephony, [group.number for group in self.group if group.number], trunks)
        for route in self.telephony.route:
            if route.line is not None:
                _check_line(route.line, known, f"route {route.prefix!r}")
        if self.edge is not None:
            check_edge(self.edge, self.voice.host, self.voice.sip_port, self.plain)
        return self


def _check_line(line: str, gateways: set[str], where: str) -> None:
    ref = LineRef.parse(line)
    try:
        _LINE_ID.validate_python(ref.line)
    except ValidationError:
        raise ValueError(f"{where} names {line!r}: a line is 1 to 24 of a-z, 0-9 and -") from None
    if ref.gateway not in gateways:
        known = ", ".join(sorted(gateways)) or "none"
        raise ValueError(f"{where} names {line!r}, but there is no gateway {ref.gateway!r} (known: {known})")


def _check_areas(settings: CentralSettings) -> None:
    """Every area that is named is there; a zone or group holds nothing from outside its own."""
    places = settings.places
    for kind, named in (("gateway", places.gateways), ("zone", places.zones), ("group", places.groups)):
        for name, area in named.items():
            if area not in places.areas:
                hint = did_you_mean(area, places.areas.all) or "; add an [[area]] table"
                raise ValueError(f"{kind} {name!r} names area {area!r}, which is not here{hint}")
    held = [("zone", zone.id, zone.area, zone.lines) for zone in settings.zone]
    held += [
        ("group", group.id, group.area, tuple(m.line for m in group.members)) for group in settings.group
    ]
    for kind, name, area, lines in held:
        for line in lines:
            if not places.areas.holds(area, places.of_line(line)):
                raise ValueError(
                    f"{kind} {name!r} of area {area!r} names {line!r}, whose gateway is outside of it: "
                    "give the zone or group an area that holds all its lines"
                )


def load_central(path: Path) -> CentralSettings:
    """Read the file. SettingsError says what is wrong and where; paths are relative to the file."""
    settings = load(path, CentralSettings)
    check_secured(path, settings.plain, settings.tls)
    home = path.resolve().parent
    socket = home / settings.api.socket if settings.api.socket else None
    api = settings.api.model_copy(update={"tokens": home / settings.api.tokens, "socket": socket})
    places: dict[str, object] = {"state": home / settings.state, "run": home / settings.run, "api": api}
    tables = {name: getattr(settings, name) for name in BELOW}
    places |= {name: table.below(home) for name, table in tables.items() if table is not None}
    if settings.tls is not None:
        places["tls"] = settings.tls.below(home)
        if settings.probe is None:
            raise SettingsError(
                f"{path}: table [probe] is missing; give certificate and key of the name `probe`, with which the "
                "broker's access rules are tried before anything is served"
            )
        probe = {name: home / getattr(settings.probe, name) for name in ("certificate", "key")}
        places["probe"] = settings.probe.model_copy(update=probe)
    places |= {"voice": settings.voice.below(home), "telephony": settings.telephony.below(home)}
    if settings.people.initial is not None:
        places["people"] = settings.people.model_copy(update={"initial": home / settings.people.initial})
    if settings.backup is not None:
        places["backup"] = settings.backup.model_copy(update={"folder": home / settings.backup.folder})
    return settings.model_copy(update=places)
