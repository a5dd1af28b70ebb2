"""`gateway console`: one line on a screen about where the gateway stands, whenever that changes. Reads files only.

Nothing here may hold anything up: a screen that takes nothing is passed over, a part that is told differently left out.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firmware.config import GatewaySettings, load_gateway
from firmware.provisioning.install import folder_in_force
from firmware.technician.status import read_page
from firmware.technician.trouble import CannotDo
from link.hosting.clock import Clock
from link.hosting.settings import SettingsError

LOOK_EVERY = 1.0
LONGEST = 400
"""Characters of a line."""
ROUTES = Path("/proc/net/route")
WRITE_SITE = "scripts/flash --only-site --site FILE"
SITE_WORDS = f"waiting for the site's provisioning: {WRITE_SITE}"
Said = Mapping[str, Any]


class Screen:
    """A terminal or a file; None: nowhere."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def say(self, words: str) -> bool:
        """Add a line; whether it was taken. Control characters go: what stands on a card must not steer a terminal."""
        if self._path is None:
            return False
        line = "".join(each if each.isprintable() else " " for each in words)[:LONGEST]
        quiet = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            handle = os.open(self._path, quiet, 0o644)
            try:
                os.write(handle, f"{line}\r\n".encode() if os.isatty(handle) else f"{line}\n".encode())
            finally:
                os.close(handle)
        except OSError:
            return False
        return True


class Teller:
    """`into`: folder of the sites; `routes`: the kernel's table of IPv4 routes."""

    def __init__(self, into: Path, routes: Path = ROUTES) -> None:
        self._into, self._routes = into, routes
        self._read: tuple[Path, GatewaySettings] | None = None

    def line(self) -> str:
        """Where the gateway stands, in words."""
        folder = folder_in_force(self._into)
        if folder is None:
            return SITE_WORDS
        try:
            if self._read is None or self._read[0] != folder:
                self._read = folder, load_gateway(folder / "gateway.toml")
            settings = self._read[1]
        except SettingsError as error:
            return f"the site cannot be used: {error}; write it again: {WRITE_SITE}"
        try:
            parts = read_page(settings)["parts"]
            words = (
                self._enrolment(settings, parts["enrolment"])
                if "enrolment" in parts
                else self._link(settings, parts)
            )
        except CannotDo:
            words = "waiting for `gateway run` to start: gateway status says why"
        except (KeyError, TypeError, ValueError, AttributeError):
            words = "stands in a way that this program does not know: gateway status --json"
        return f"{settings.gateway}: {words}"

    def _enrolment(self, settings: GatewaySettings, said: Said) -> str:
        if said["state"] == "refused":
            if why := str(said["trouble"]).removeprefix("the centre refuses: "):
                return f"REFUSED by the centre: {why}; write the site with the new token: {WRITE_SITE}"
            return (
                "REFUSED by the centre: have a new token made (spillway gateway new), write the site with it"
            )
        if said["state"] == "waits" and not said["trouble"]:
            return f"waiting for approval: read this fingerprint out to the centre: {said['fingerprint']}"
        return self._away(settings, str(said["trouble"]))

    def _link(self, settings: GatewaySettings, parts: Said) -> str:
        link, island = parts["link"], parts.get("island") or {}
        if island.get("on"):
            return f"alone (island): lines are patched here; {island['why'] or 'the centre comes back'}"
        if not link["up"]:
            return self._away(settings, "; ".join(link["ill"]))
        if not (link["centre"] or {}).get("on"):
            return "broker connected; waiting for the centre, which is away"
        return "in the list of the centre, broker connected"

    def _away(self, settings: GatewaySettings, trouble: str) -> str:
        if not self._routed():
            return "waiting for the network: no way out; look at cable, Wi-Fi or 4G (nmcli)"
        url = settings.enrolment.url if settings.enrolment is not None else settings.broker.host
        return f"waiting for the centre at {url}" + (f": {trouble}" if trouble else "")

    def _routed(self) -> bool:
        """Whether any way leads out of this computer; True when it cannot be told."""
        try:
            rows = [row.split() for row in self._routes.read_text(encoding="ascii").splitlines()[1:]]
        except (OSError, ValueError):
            return True
        return any(row and row[0] != "lo" for row in rows)


async def follow(teller: Teller, screen: Screen, clock: Clock) -> None:
    """Say news until cancelled; what the screen did not take is said again."""
    told = ""
    while True:
        line = teller.line()
        if line != told and screen.say(line):
            told = line
        await clock.sleep_until(clock.now() + LOOK_EVERY)
