"""The gateway's settings file (TOML). Unknown keys are errors; paths are taken relative to the file."""

from pathlib import Path

from pydantic import AwareDatetime, Field

from link.bus.broker_access import BrokerAccess
from link.contract.ids import GatewayId, Label
from link.contract.profile import ProfileName
from link.hosting.settings import Settings, SettingsError, load
from link.hosting.tls_settings import TlsSettings, check_secured, tls_below


class CentreSettings(Settings):
    """Where files are fetched from and recordings sent to; the token lets us in plain only."""

    url: str = "http://127.0.0.1:8080"
    token: str = Field(default="", repr=False)


class GatewayEnrolment(Settings):
    """Where the gateway gets its certificate. `ca` is the authority of the centre's HTTPS, put here at provisioning."""

    url: str = Field(pattern=r"^https://[^/?#@\s]+/?$", description="https://HOST or https://HOST:PORT")
    ca: Path = Field(description="PEM of the authority that the centre's HTTPS is believed by")
    token: str = Field(default="", repr=False, description="of `spillway gateway new`; good once")


class VoiceProcessSettings(Settings):
    """Limits and ports of `gateway voice`."""

    host: str = Field(default="", description="address for voice; all, or only loopback where all is plain")
    rate_hz: int = Field(default=16000, description="bridge and card rate; 8000 or 16000")
    codecs: tuple[str, ...] = ("G722/16000", "PCMA/8000")
    rtp_port: int = Field(default=4000, ge=1024, le=65000)
    rtp_ports: int = Field(default=64, ge=2, le=4000)
    max_calls: int = Field(default=16, ge=1, le=2048)
    legs: bool = Field(default=True, description="keep a voice leg of each line standing at the centre")


class ClockSettings(Settings):
    """What is known of this computer's clock."""

    provisioned: AwareDatetime | None = Field(
        default=None, description="when the gateway was set up: time never goes below it"
    )
    assume_right: bool = Field(
        default=False, description="the computer's clock is right whatever its kernel says: a bench"
    )


class OutboxSettings(Settings):
    """The file with the events that the centre has not taken yet, `outbox.db` in the state folder."""

    quota_mb: int = Field(default=200, ge=1, le=100_000, description="and at most 80 % of its file system")


class FilesSettings(Settings):
    """How much room files may take; the oldest make room."""

    held_mb: int = Field(default=500, ge=1, le=1_000_000, description="files held for the centre's orders")
    recordings_mb: int = Field(default=2000, ge=1, le=10_000_000, description="recordings that wait for it")


class GatewayLinkSettings(Settings):
    """What the link to the centre carries, until the centre's desired document says otherwise."""

    profile: ProfileName = "4g"
    rate: int | None = Field(default=None, ge=50, le=100_000_000, description="octets per second")
    spread: float = Field(
        default=30.0, ge=0, le=3600, description="come back within so many s of a broker's end"
    )


class AuthoritySettings(Settings):
    """Whom the gateway believes when the centre orders something."""

    root: str = Field(default="", pattern=r"^([0-9a-f]{64})?$", description="the root key's public half, hex")


class UpdateSettings(Settings):
    """Firmware updates by RAUC; a gateway without this table refuses every job."""

    program: str = Field(default="rauc", min_length=1, description="RAUC's program")
    keyring: Path | None = Field(
        default=None, description="PEM that bundles are believed by; none: RAUC's own"
    )
    largest_mb: int = Field(default=1500, ge=1, le=4000, description="the largest bundle; room in `state`")
    reboot: tuple[str, ...] = Field(default=("systemctl", "reboot"), min_length=1)


class GatewaySettings(Settings):
    """The whole file."""

    gateway: GatewayId
    realm: str = "main"
    plain: bool = Field(default=False, description="nothing is signed or encrypted: benches only")
    tls: TlsSettings | None = None
    enrolment: GatewayEnrolment | None = None
    authority: AuthoritySettings = AuthoritySettings()
    board: Path
    state: Path = Field(description="folder for held files, recordings and other state")
    run: Path = Field(description="folder for the sockets between the three processes")
    broker: BrokerAccess = BrokerAccess()
    centre: CentreSettings = CentreSettings()
    voice: VoiceProcessSettings = VoiceProcessSettings()
    clock: ClockSettings = ClockSettings()
    outbox: OutboxSettings = OutboxSettings()
    files: FilesSettings = FilesSettings()
    link: GatewayLinkSettings = GatewayLinkSettings()
    update: UpdateSettings | None = None
    labels: dict[str, Label] = Field(default_factory=dict, description="line id -> name that people see")

    @property
    def voice_socket(self) -> Path:
        """Where `gateway` listens for `gateway voice`."""
        return self.run / "voice.sock"

    @property
    def recordings(self) -> Path:
        """Where `gateway voice` keeps what it records, sealed."""
        return self.state / "recordings"

    @property
    def guard_socket(self) -> Path:
        """Where `gateway guard` listens for `gateway`."""
        return self.run / "guard.sock"


def load_gateway(path: Path) -> GatewaySettings:
    """Read the file. SettingsError says what is wrong and where."""
    settings = load(path, GatewaySettings)
    home = path.resolve().parent
    places: dict[str, object] = {name: home / getattr(settings, name) for name in ("board", "state", "run")}
    if settings.tls is not None:
        places["tls"] = settings.tls.below(home)
    if settings.update is not None and settings.update.keyring is not None:
        keyring = home / settings.update.keyring
        places["update"] = settings.update.model_copy(update={"keyring": keyring})
    if settings.enrolment is not None:
        places |= _enrolling(path, settings, home)
    else:
        check_secured(path, settings.plain, settings.tls)
    return settings.model_copy(update=places)


def _enrolling(path: Path, settings: GatewaySettings, home: Path) -> dict[str, object]:
    """The table with absolute paths, and [tls] as enrolment makes it."""
    assert settings.enrolment is not None
    for other in ("tls", "plain"):
        if getattr(settings, other):
            raise SettingsError(f"{path}: [enrolment] stands beside {other}; take one of them out")
    table = settings.enrolment.model_copy(update={"ca": home / settings.enrolment.ca})
    return {"enrolment": table, "tls": tls_below(home / settings.state)}
