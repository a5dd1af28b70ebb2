"""Accounts and folders of the centre's host: who runs what, who may read what. Makes no secret, overwrites nothing.

Each account is for one purpose. The group `spillway` is what core and the voice node share: the settings file, the
socket between them, the recordings.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from images.central.host import Host

GROUP = "spillway"
CORE, VOICE, BROKER, EDGE = "spillway-core", "spillway-voice", "spillway-broker", "spillway-edge"
ACCOUNTS = {CORE: GROUP, VOICE: VOICE, BROKER: BROKER, EDGE: EDGE}
"""Account -> its own group."""
SHARING = (VOICE,)
"""Accounts that are in GROUP besides."""
ALSO = ((CORE, EDGE),)
"""(account, another group that it is in): core writes the edge's book of telephones."""


@dataclass(frozen=True)
class Folder:
    """`mode` with its set-group-id bit, where files within shall belong to the group."""

    path: str
    owner: str
    group: str
    mode: int


FOLDERS = (
    Folder("/opt/spillway", "root", "root", 0o755),
    Folder("/opt/spillway/releases", "root", "root", 0o755),
    Folder("/etc/spillway", "root", "root", 0o755),
    Folder("/etc/spillway/core", CORE, GROUP, 0o700),  # keys and certificates of core and of the front
    Folder("/etc/spillway/voice", VOICE, VOICE, 0o700),
    Folder("/etc/spillway/broker", BROKER, BROKER, 0o700),
    Folder("/etc/spillway/ca", CORE, GROUP, 0o711),  # ca.pem and crl.pem are for everybody
    Folder("/var/lib/spillway", CORE, GROUP, 0o700),
    Folder("/etc/spillway/edge", EDGE, EDGE, 0o700),
    Folder("/var/lib/spillway/edge", CORE, EDGE, 0o2770),
    Folder("/var/lib/spillway/recordings", CORE, GROUP, 0o2770),
)
SETTINGS = "/etc/spillway/central.toml"
SETTINGS_MODE = 0o640


def make_accounts(host: Host) -> None:
    """Make what is missing; nobody can sign in as them. Refused."""
    if not _known("group", GROUP):
        host.run(("groupadd", "--system", GROUP))
    for name, group in ACCOUNTS.items():
        if not _known("passwd", name):
            own = ("--gid", group) if group == GROUP else ("--user-group",)
            words = ("useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent")
            host.run((*words, "--shell", "/usr/sbin/nologin", *own, name))
    for name in SHARING:
        host.run(("usermod", "--append", "--groups", GROUP, name))
    for name, group in ALSO:
        host.run(("usermod", "--append", "--groups", group, name))


def _known(book: str, name: str) -> bool:
    lines = Path(f"/etc/{book}").read_text(encoding="utf-8").splitlines()
    return any(line.split(":")[0] == name for line in lines)


def make_folders(host: Host) -> None:
    """Make what is missing. A folder that is there keeps what is in it; its owner and mode are put right."""
    for folder in FOLDERS:
        place = host.at(folder.path)
        place.mkdir(parents=True, exist_ok=True)
        if host.is_itself:
            shutil.chown(place, folder.owner, folder.group)
        place.chmod(folder.mode)  # after chown, which takes the set-group-id bit away
    settings = host.at(SETTINGS)
    if host.is_itself and settings.exists():
        shutil.chown(settings, "root", GROUP)
        settings.chmod(SETTINGS_MODE)
