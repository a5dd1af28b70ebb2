"""Asks a technician for a site and keeps the answers as a site file: the next card is made without questions."""

import getpass
from collections.abc import Callable
from pathlib import Path

from link.hosting.settings import SettingsError
from scripts.flashing.site import load_site
from scripts.town.toml_text import Value, toml_text

QUESTIONS: tuple[tuple[str, str, str], ...] = (
    ("gateway", "Gateway's id", ""),
    ("url", "Centre, https://HOST", ""),
    ("broker", "Host of the broker", ""),
    ("ca", "File with the centre's authority", "ca.pem"),
    ("root", "Root key's public half (64 hex digits; `public` in root.key)", ""),
    ("board", "Board file", "board.toml"),
)
HEADING = "A site for scripts/flash. It holds an enrolment token: keep it as you keep a key."


def ask_site(
    path: Path, ask: Callable[[str], str] = input, ask_secret: Callable[[str], str] = getpass.getpass
) -> Path:
    """Write `path` from answers and check it. SettingsError: it is there already, or the answers do not hold."""
    if path.exists():
        raise SettingsError(f"{path} is there already; use it with --site, or give --ask another name")
    values: dict[str, Value] = {}
    for key, question, usual in QUESTIONS:
        hint = f" [{usual}]" if usual else ""
        values[key] = ask(f"{question}{hint}: ").strip() or usual
    values["token"] = ask_secret("Enrolment token (spillway gateway new): ").strip()
    address = ask("Fixed address with its network, like 10.0.0.5/24 [DHCP]: ").strip()
    if address:
        ethernet: dict[str, Value] = {"address": address, "gateway": ask("Router: ").strip()}
        ethernet["dns"] = [each for each in ask("Name servers, with spaces between: ").split() if each]
        values["network"] = {"ethernet": {key: value for key, value in ethernet.items() if value}}
    path.touch(mode=0o600)
    path.write_text(toml_text(values, HEADING), encoding="utf-8")
    load_site(path)
    return path
