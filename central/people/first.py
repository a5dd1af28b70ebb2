"""The invitation of the first administrator: a file in the centre's state folder, written on its own machine.

Whoever may write there owns the centre anyhow. Blocks; OSError.
"""

import json
from pathlib import Path

from central.people.bearers import INVITATION, digest, new_secret
from central.people.records import Invitation
from link.hosting.durable import write_whole

FILE = "first-administrator.json"


def invite_first(state: Path, name: str, ends: float) -> str:
    """Write the invitation for `name`, good until `ends` (Unix seconds); its code. One from before is void."""
    code = new_secret(INVITATION)
    kept = {"name": name, "hash": digest(code), "ends": ends}
    write_whole(state / FILE, (json.dumps(kept) + "\n").encode())
    return code


def read_first(state: Path) -> tuple[str, Invitation] | None:
    """For whom it is, and the invitation; None when there is none, or what lies there is none."""
    try:
        kept = json.loads((state / FILE).read_text(encoding="utf-8"))
        return str(kept["name"]), Invitation("account", str(kept["hash"]), float(kept["ends"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None


def forget_first(state: Path) -> None:
    """It was used."""
    (state / FILE).unlink(missing_ok=True)
