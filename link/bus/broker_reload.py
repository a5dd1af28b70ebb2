"""Takes somebody out of a running mosquitto: the new list of revoked certificates and the rights, read anew.

Traps of mosquitto 2.0.11, all measured (tests/system/test_broker_reload.py):
- at SIGHUP it makes its TLS anew: the new list holds for the next sign-in, and tickets of old sessions are void;
- who is connected stays connected, revoked or not. The access rules are read anew, too, and are asked for every
  message: a name without rights neither says nor hears anything more, though its connection may stand for days;
- a list that it cannot read at SIGHUP is no list: everybody is let in. So nothing is put in place unproven;
- a list that is over refuses everybody who comes.
Nobody else notices a reload: connections, queues and what is retained stay.
"""

import os
import signal
from collections.abc import Iterable
from pathlib import Path

from link.bus.broker_file import SECURED_FILES, rules, write_private
from link.bus.port import BusError
from link.bus.tls import TlsFiles, check_server_files


def reload_broker(folder: Path, crl: Path, barred: Iterable[str] = ()) -> None:
    """Let the broker of `folder` believe `crl` from now on, and take all rights from the names in `barred`.

    `barred`: the names that have no certificate in force any more; whoever is not among them (again) has the usual
    rights. BusError: the list cannot be used (nothing is changed), or no broker runs with these files (the files
    are changed and hold at its next start).
    """
    ca, certificate, key, kept = (folder / name for name in SECURED_FILES)
    text = rules(barred)
    check_server_files(TlsFiles(ca, certificate, key, crl))
    write_private(folder / "access", text.encode())
    write_private(kept, crl.read_bytes())
    pid = _pid(folder)
    try:
        os.kill(pid, signal.SIGHUP)
    except OSError as error:
        raise BusError(_not_told(folder, error.strerror or "gone")) from error


def _pid(folder: Path) -> int:
    """Process id of the broker that runs with these files."""
    told = folder / "pid"
    try:
        pid = int(told.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError) as error:
        raise BusError(_not_told(folder, str(error))) from error
    if os.fsencode(folder.resolve() / "mosquitto.conf") not in command:
        raise BusError(_not_told(folder, f"process {pid} is another program"))
    return pid


def _not_told(folder: Path, why: str) -> str:
    return f"no broker runs with the files in {folder} ({why}): they hold when it starts"
