"""Entry point of `scripts/flash`. Exit codes: 0 done, 1 refused or failed (it is said what holds), 2 bad arguments."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from link.hosting.settings import SettingsError
from scripts.flashing.card import MANIFEST, CardError, write_site
from scripts.flashing.devices import Device, DeviceError, choose, found_devices
from scripts.flashing.questions import ask_site
from scripts.flashing.site import load_site
from scripts.flashing.writing import WriteError, image_size, write_image

DONE, FAILED, MISUSED = 0, 1, 2
STEP = 0.02


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; the exit code."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.list:
        for device in found_devices():
            print(f"{device.text}{': not used, ' + device.refused if device.refused else ''}")
        return DONE
    if asked.only_site == (asked.image is not None):
        parser.error("give an IMAGE, or --only-site for a card that is written already")
    if asked.only_site and not (asked.site or asked.ask):
        parser.error("--only-site needs --site FILE or --ask")
    try:
        _flash(asked)
    except (CardError, DeviceError, SettingsError, WriteError) as error:
        print(error, file=sys.stderr)
        return FAILED
    except (KeyboardInterrupt, EOFError):
        print("\nended; a card that was being written is no gateway: write it again", file=sys.stderr)
        return FAILED
    return DONE


def _flash(asked: argparse.Namespace) -> None:
    """The site is checked before the card is touched."""
    path = ask_site(asked.ask) if asked.ask else asked.site
    files = load_site(path) if path else {}
    to, room = _target(asked)
    if not asked.only_site:
        _sure(asked, to)
        digest = write_image(asked.image, to, room, Progress().told)
        print(f"\nwritten and verified: sha256 {digest}")
    if files:
        write_site(to, files)
        print(f"site {json.loads(files[MANIFEST])['gateway']} is on {to}: {', '.join(sorted(files))}")
    else:
        print("no site is on it yet: scripts/flash --only-site --site FILE")
    print("you may take the card out")


def _target(asked: argparse.Namespace) -> tuple[Path, int]:
    """Where to, and how much room is there: a device, or a file that plays a card."""
    to: Path | None = asked.device
    if to is not None and not to.is_block_device() and not str(to.resolve()).startswith("/dev/"):
        if not to.parent.is_dir():
            raise DeviceError(f"{to}: its folder is not there")
        return to, asked.card_size or (0 if asked.only_site else image_size(asked.image))
    device: Device = choose(found_devices(), to)
    return device.path, device.size


def _sure(asked: argparse.Namespace, to: Path) -> None:
    if asked.yes or not to.is_block_device():
        return
    said = input(f"Everything on {to} will be lost. Write its name to go on: ").strip()
    if said not in (str(to), to.name):
        raise DeviceError(f"nothing was written: you said {said!r}")


class Progress:
    """One line that grows on a terminal; a line for each tenth elsewhere."""

    def __init__(self) -> None:
        self._said: tuple[str, int] = ("", -1)

    def told(self, what: str, done: int, total: int) -> None:
        """See scripts.flashing.writing.Told."""
        live = sys.stdout.isatty()
        step = done * (50 if live else 10) // total if total else done >> 28
        if (what, step) == self._said:
            return
        share = f"{100 * done // total:3d} %" if total else ""
        end = "\r" if live else "\n"
        print(f"{what:<10} {share} {done / 1e6:9.0f} MB", end=end, flush=True)
        self._said = (what, step)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/flash", description="Write a gateway's card.")
    parser.add_argument(
        "image", nargs="?", type=Path, metavar="IMAGE", help="gateway.img, or gateway.img.zst"
    )
    parser.add_argument(
        "--device", type=Path, help="card, or a file that plays one; else the only card there is"
    )
    sites = parser.add_mutually_exclusive_group()
    sites.add_argument("--site", type=Path, metavar="FILE", help="the site's provisioning (TOML)")
    sites.add_argument("--ask", type=Path, metavar="FILE", help="ask for the site, and keep the answers here")
    parser.add_argument(
        "--only-site", action="store_true", help="the card is written already: change its site"
    )
    parser.add_argument("--list", action="store_true", help="show the disks, and why some are not used")
    parser.add_argument("--card-size", type=int, metavar="OCTETS", help="room of the file that plays a card")
    parser.add_argument("--yes", action="store_true", help="do not ask whether the card may be overwritten")
    return parser


if __name__ == "__main__":
    sys.exit(main())
