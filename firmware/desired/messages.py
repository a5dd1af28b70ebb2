"""What the keeper of the desired document is told and what it wants done. Frozen; decides nothing."""

from dataclasses import dataclass

from firmware.authority.trust import Trust
from link.contract.documents import Configuration, Desired, LinkSettings, Reported
from link.contract.link_facts import TimeQuality


@dataclass(frozen=True)
class Held:
    """A document with its configuration, wherever that came from."""

    document: Desired
    configuration: Configuration


# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ConfigurationCame:
    """The file of this hash is here and holds a configuration."""

    sha: str
    configuration: Configuration


@dataclass(frozen=True)
class ConfigurationMissing:
    """The file of this hash cannot be had now, and why."""

    sha: str
    why: str


@dataclass(frozen=True)
class Kept:
    """The disk has the document."""


@dataclass(frozen=True)
class NotKept:
    """The disk did not take the document: a restart without the centre would bring the one before back."""

    why: str


@dataclass(frozen=True)
class DiskRead:
    """Free space of the state folder, in octets."""

    free: int


@dataclass(frozen=True)
class UploadsWaiting:
    """So many recordings wait to be uploaded."""

    count: int


@dataclass(frozen=True)
class ClockTold:
    """How good the wall clock is now."""

    quality: TimeQuality


@dataclass(frozen=True)
class ProfileTold:
    """Profile of the link from the next connection on."""

    profile: str


# ---- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Believe:
    """A newer key ring counts from now on."""

    trust: Trust


@dataclass(frozen=True)
class Keep:
    """Put this on disk."""

    held: Held


@dataclass(frozen=True)
class Fetch:
    """Fetch the configuration file of this hash."""

    sha: str
    size: int


@dataclass(frozen=True)
class LinkWanted:
    """How the link shall be used from the next connection on."""

    link: LinkSettings


@dataclass(frozen=True)
class Tell:
    """Publish the reported document."""

    report: Reported
