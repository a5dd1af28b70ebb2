"""Signs with a person's own key, on his own computer: shows what the bytes say, then signs exactly these bytes.

What is shown is decoded from the bytes that are signed, never from what the centre says beside them; the private
key and its pass-phrase go nowhere.
"""

import os
import secrets
import time
from base64 import b64decode
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from central.api.key_requests import SignatureShown, StopShown
from central.authority.counting import USES
from central.cli.refusals import Misused, Refused
from central.cli.session import Session
from central.cli.where import note_path
from central.readmodels import BroadcastView
from link.contract.authority import LONGEST_STOP, Authority, Stop, decode_authority, encode_raw
from link.contract.documents import Condition
from link.contract.envelope import EnvelopeError
from link.contract.orders import Channel
from link.contract.signed import Purpose, to_sign
from link.sealing.keyfile import Key, KeyFileError, open_key, read_phrase
from link.sealing.signing import sign

KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key", metavar="FILE", help="Your key file; else the one for this channel in your folder."
    ),
]
PhraseOption = Annotated[
    Path | None,
    typer.Option(
        "--pass-phrase-file", metavar="FILE", help="Its first line is the pass-phrase; else it is asked for."
    ),
]
HEADINGS: dict[Channel, str] = {
    "live": "LIVE: people will be warned of a real danger",
    "drill": "DRILL: this is an exercise, no real danger",
    "test": "TEST: equipment is tried, no real danger",
}
PHRASE_ENDING = ".phrase"


def key_folders() -> tuple[Path, ...]:
    """Where keys are looked for: the town's, then one's own."""
    town = note_path(os.environ, Path()).parent / "keys"
    return (town, Path("~/.config/spillway/keys").expanduser())


def find_key(person: str, use: str) -> Path:
    """The key file of this person for this use; where it would be when there is none."""
    places = [folder / f"{person}-{use}.key" for folder in key_folders()]
    return next((place for place in places if place.exists()), places[-1])


def open_own(session: Session, use: str, file: Path | None, phrase_file: Path | None) -> Key:
    """The person's key for `use`. Misused says what is wrong with it."""
    path = file or find_key(session.person, use)
    if not path.exists():
        raise Misused(f"there is no key for {use}", str(path), f"make one: spillway key new --use {use}")
    beside = path.with_suffix(PHRASE_ENDING)
    phrase_file = phrase_file or (beside if beside.exists() else None)
    try:
        phrase = read_phrase(phrase_file) if phrase_file is not None else ask_phrase(path)
        key = open_key(path, phrase, "personal")
    except KeyFileError as error:
        raise Misused(str(error)) from None
    if key.head.use != use:
        raise Misused(f"this key is for {key.head.use}, a key for {use} is wanted", str(path))
    return key


def ask_phrase(path: Path, confirm: bool = False) -> str:
    """From the terminal, unseen."""
    said: str = typer.prompt(
        f"Pass-phrase of {path.name}", hide_input=True, confirmation_prompt=confirm, err=True
    )
    return said


def sign_broadcast(
    session: Session, view: BroadcastView, file: Path | None, phrase_file: Path | None, asked: bool = False
) -> BroadcastView:
    """Show and sign the authority of a broadcast, and send the signature. `asked`: it is one's own, just asked for."""
    raw, authority = decoded(view.to_sign)
    seen = (view.id, view.channel, (view.clip.sha,), view.zones)
    said = (authority.id, authority.ch, authority.clips, authority.zones)
    if said != seen or (asked and (authority.by, authority.text) != (session.person, view.text)):
        advice = "the centre, or the way to it, is not what it seems: tell who keeps it, sign nothing"
        raise Refused(
            f"not signed: the bytes say {_brief(authority)}, asked was {view.channel} {view.id}", "", advice
        )
    lines = sorted(target.line for target in view.targets)
    for text in describe(authority):
        session.hint(text)
    session.hint(f"  loudspeakers there, by the centre: {', '.join(lines)}")
    key = open_own(session, USES[authority.ch], file, phrase_file)
    return session.core.sign_broadcast(view.id, signature(key, "sw-auth-v1", raw))


def sign_stop(
    session: Session, view: BroadcastView, file: Path | None, phrase_file: Path | None
) -> BroadcastView:
    """Sign a stop and send it. A live key stops everything."""
    now = int(time.time())
    word = Stop(
        id=f"x-{secrets.token_hex(8)}",
        ref=view.id,
        ch=view.channel,
        by=session.person,
        iat=now,
        exp=now + LONGEST_STOP,
    )
    raw = encode_raw(word)
    session.hint(f"{HEADINGS[view.channel].partition(':')[0]}: stop {word.ref}, signed by {word.by}")
    key = open_own(session, USES[view.channel], file, phrase_file)
    made = signature(key, "sw-stop-v1", raw)
    return session.core.stop(view.id, StopShown(kid=made.kid, sig=made.sig, raw=raw))


def signature(key: Key, purpose: Purpose, raw: bytes) -> SignatureShown:
    """The finished signature."""
    return SignatureShown(kid=key.head.kid, sig=sign(key.private, to_sign(purpose, raw)))


def describe(authority: Authority) -> list[str]:
    """What an authority says, decoded from its bytes, for whoever signs it."""
    clock = "%Y-%m-%d %H:%M:%S"
    begin, end = (
        datetime.fromtimestamp(at).astimezone().strftime(clock)
        for at in (authority.not_before, authority.not_after)
    )
    lines = [
        HEADINGS[authority.ch],
        f"  authority {authority.id}, asked by {authority.by}",
        f"  holds from {begin} to {end}",
    ]
    if authority.zones:
        lines.append(f"  zones: {', '.join(authority.zones)}")
    if authority.lines:
        lines.append(f"  lines: {', '.join(authority.lines)}")
    if authority.text:
        lines.append(f"  text: {authority.text}")
    if authority.label:
        lines.append(f"  named: {authority.label}")
    lines += [f"  clip: {sha}" for sha in authority.clips]
    if authority.standing is not None:
        standing = authority.standing
        lines.append(
            f"  by itself at {standing.gateway}, trigger {standing.trigger}, when all of these hold:"
        )
        lines += [f"    {condition(each)}" for each in standing.conditions]
        lines.append(
            f"  at most {standing.most} times in {standing.per:g} s; stopped by: {standing.stop or 'nothing'}"
        )
    return lines


def condition(each: Condition) -> str:
    """One condition in words."""
    value = f" {each.value:g}" if each.kind in ("above", "below") else ""
    return f"{each.source} {each.kind}{value} (not older than {each.fresh:g} s)"


def decoded(to_sign: str) -> tuple[bytes, Authority]:
    """The bytes, and what they say."""
    try:
        raw = b64decode(to_sign, validate=True)
        return raw, decode_authority(raw)
    except (EnvelopeError, ValueError) as error:
        raise Refused(f"not signed: what is to be signed cannot be read: {error}") from None


def _brief(authority: Authority) -> str:
    return f"{authority.ch} {authority.id} for {', '.join(authority.zones or authority.lines)} asked by {authority.by}"
