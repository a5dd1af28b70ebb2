"""`central backup status|rehearse` and `central restore`: for the technician, beside a running core or without it.

They read the backup folder and write into a new folder only. Exit codes: 0 all is there, 1 nothing could be
restored, 2 bad arguments or settings, 3 restored, but something is damaged or missing (it is named).
"""

import argparse
import fcntl
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from central.config import CentralSettings, load_central
from central.store import entries
from central.store.database import SqlError, read_only
from central.store.generations import LOCK, Damaged, Generation, first_chain, generations, pieces
from central.store.restoring import CannotRestore, Restored, restore
from link.hosting.settings import SettingsError

WORDS = ("backup", "restore")
WHOLE, NOTHING, BAD_ARGUMENTS, PARTLY = 0, 1, 2, 3
_MIB = 1024 * 1024


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.word == "restore":
            return _restore(asked.source, asked.target, asked.until)
        settings = load_central(asked.config)
        if settings.backup is None:
            raise SettingsError(f"{asked.config}: there is no [backup] table; add one with `folder`")
        if asked.what == "status":
            return _status(settings.backup.folder)
        return _rehearse(settings, settings.backup.folder, asked.scratch)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_ARGUMENTS
    except CannotRestore as error:
        sys.stderr.write(f"not restored: {error.reason}\n  what to do: {error.advice}\n")
        return NOTHING
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return NOTHING


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="central", description="The backup of the centre's database.")
    words = parser.add_subparsers(dest="word", required=True)
    backup = words.add_parser("backup", help="look at the backup, or rehearse a restore")
    kinds = backup.add_subparsers(dest="what", required=True)
    status = kinds.add_parser("status", help="list what is in the backup folder")
    rehearse = kinds.add_parser("rehearse", help="restore into a temporary folder, verify, leave nothing")
    for each in (status, rehearse):
        each.add_argument("--config", type=Path, required=True, help="settings file (TOML)")
    rehearse.add_argument("--scratch", type=Path, help="folder with room for a whole copy (default: $TMPDIR)")
    restoring = words.add_parser("restore", help="restore database and clips into a new folder")
    restoring.add_argument("--from", dest="source", type=Path, required=True, help="the backup folder")
    restoring.add_argument("--to", dest="target", type=Path, required=True, help="a new or empty folder")
    restoring.add_argument(
        "--until", type=_moment, metavar="TIME", help="not beyond this moment, as 2026-05-01T10:15:00 (local)"
    )
    return parser


def _moment(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2026-05-01T10:15:00") from None


def _time(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")


def _say(*rows: str) -> None:
    sys.stdout.write("".join(f"{row}\n" for row in rows))


# -- restore, rehearse --


def _restore(source: Path, target: Path, until_ms: int | None) -> int:
    restored = restore(source, target, until_ms)
    _tell(restored)
    _say(f"in               {target}: make it `state` of central.toml, then start core")
    return _ended(restored)


def _rehearse(settings: CentralSettings, folder: Path, scratch: Path | None) -> int:
    with tempfile.TemporaryDirectory(prefix="rehearsal-", dir=scratch) as place:
        restored = restore(folder, Path(place) / "state")
        _tell(restored)
    now = _entries_now(settings.database)
    if now is not None:
        _say(f"the centre has   {now} entries now, {max(0, now - restored.entries)} more than the backup")
    _say("rehearsed; nothing was left behind")
    return _ended(restored)


def _entries_now(path: Path) -> int | None:
    if not path.is_file():
        return None
    try:
        sql = read_only(path)
        try:
            return entries.head(sql)[0]
        finally:
            sql.close()
    except SqlError:
        return None


def _tell(restored: Restored) -> None:
    across = f" to {restored.last_generation}" if restored.last_generation != restored.generation else ""
    verdict = restored.verdict
    _say(
        f"generation       {restored.generation}{across} (written by Spillway {restored.program})",
        f"copy of          {_time(restored.base_ms)}",
        f"up to            {_time(restored.upto_ms)}: {restored.pieces} pieces in {restored.segments} segments",
        f"database         {restored.size / _MIB:.1f} MiB, "
        + ("sound" if not restored.faults else f"UNSOUND: {restored.faults[0]}"),
        f"journal          {restored.entries} entries, "
        + ("all verify" if verdict.ok else f"BROKEN at entry {verdict.first_bad}: {verdict.reason}"),
        f"clips            {restored.clips}"
        + (f", MISSING {len(restored.clips_missing)}" if restored.clips_missing else ""),
        f"took             {restored.seconds:.1f} s",
    )
    _say(*(f"DAMAGED          {each}" for each in restored.damage))
    _say(*(f"MISSING          clip {sha}" for sha in restored.clips_missing))


def _ended(restored: Restored) -> int:
    return WHOLE if restored.complete else PARTLY


# -- status --


def _status(folder: Path) -> int:
    if not folder.is_dir():
        raise CannotRestore(f"the backup folder {folder} is not there", "mount its disk, or create it")
    holder = _holder(folder)
    _say(f"{folder}: " + (f"process {holder} ships into it" if holder else "nobody ships into it now"))
    based = sound = 0
    found = generations(folder)
    for each in found:
        try:
            row, has_base = _generation(each)
            based += has_base
            sound += 1
        except Damaged as damage:
            row = f"DAMAGED {damage}"
        _say(f"  {each.number:06d}  {row}")
    if not based:
        _say("nothing can be restored from here: there is no copy of the database")
        return NOTHING
    return WHOLE if sound == len(found) else PARTLY


def _generation(generation: Generation) -> tuple[str, bool]:
    """A row for people, and whether there is a base. Damaged."""
    head, base = generation.head(), generation.base()
    chain, upto_ms, size = first_chain(head), head.begun_ms, 0
    for segment in generation.segments():
        for piece in pieces(generation, segment, chain):
            chain, upto_ms, size = piece.chain, piece.at_ms, size + piece.size
    copied = f"copy of {base.size / _MIB:.1f} MiB" if base else "no copy (yet)"
    after = f", continues {head.follows.generation:06d}" if head.follows else ""
    return (
        f"{_time(head.begun_ms)} {copied}, {size / _MIB:.1f} MiB of log up to {_time(upto_ms)}{after}",
        bool(base),
    )


def _holder(folder: Path) -> str:
    try:
        with (folder / LOCK).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read(20).decode(errors="replace")
    except OSError:
        return ""
    return ""
