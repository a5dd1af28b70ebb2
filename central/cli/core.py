"""The door to the API: the only file of the command line that knows httpx; live_channel.py knows websockets.

Trap: the library takes a proxy from the environment by itself, which would carry a token away from this machine.
"""

import json
import ssl
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from central.api.changes import CHANGE, NO_RIGHT, TOO_MANY, Change
from central.api.field_requests import FieldOrder
from central.api.key_requests import SignatureShown, StopShown
from central.api.patch_requests import PatchRequest, TemporaryGroup
from central.api.requests import BroadcastRequest, GroupChange
from central.cli.live_channel import Ended, NotTaken, texts
from central.cli.refusals import Misused, Refused, Unreachable
from central.cli.where import Access
from central.enrolment_models import EnrolmentView, TokenView
from central.field_models import LineFieldView, OrderView, SiteView, TextView
from central.group_models import PatchView
from central.journal_models import EntryView, VerdictView
from central.link_models import EventView, QuarantineView
from central.readmodels import (
    BroadcastView,
    ClipView,
    GroupView,
    TownView,
)
from central.recording_models import RecordingView
from link.hosting.tls_contexts import TlsError, client_context
from link.hosting.tls_words import tls_words

V = TypeVar("V")

PATIENCE = 60.0
"""Seconds of silence after which an answer is given up; speaking a long text takes some."""
PREFIX = "/api/v1"


class LiveLost(Exception):
    """The live channel broke; the text says how. It may be opened again."""


class Core:
    """The centre, asked as one person, or as nobody yet. Raises Refused, Unreachable or Misused, and nothing else."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._headers = {"Authorization": f"Bearer {access.token}"} if access.token else {}
        self._tls = _context(access)
        self._http = httpx.Client(
            base_url=f"{access.api}{PREFIX}/",
            headers=self._headers,
            timeout=httpx.Timeout(PATIENCE, connect=3.0),
            trust_env=False,
            verify=self._tls or False,  # without TLS there is nothing to verify
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    # -- look --

    def town(self) -> TownView:
        """Everything at a glance."""
        return self.ask(TownView, "GET", "status")

    def groups(self) -> tuple[GroupView, ...]:
        """All talk groups."""
        return self.ask(tuple[GroupView, ...], "GET", "groups")

    def group(self, group: str) -> GroupView:
        """One talk group."""
        return self.ask(GroupView, "GET", f"groups/{part(group)}")

    def broadcasts(self, limit: int) -> tuple[BroadcastView, ...]:
        """The newest broadcasts."""
        return self.ask(tuple[BroadcastView, ...], "GET", "broadcasts", params={"limit": limit})

    def broadcast(self, id: str) -> BroadcastView:
        """One broadcast."""
        return self.ask(BroadcastView, "GET", f"broadcasts/{part(id)}")

    def clips(self) -> tuple[ClipView, ...]:
        """All named clips."""
        return self.ask(tuple[ClipView, ...], "GET", "clips")

    def recordings(self, wanted: Mapping[str, Any]) -> tuple[RecordingView, ...]:
        """The newest recordings that match; `wanted` as the route's filters."""
        given = {name: value for name, value in wanted.items() if value is not None}
        return self.ask(tuple[RecordingView, ...], "GET", "recordings", params=given)

    def recording(self, id: str) -> RecordingView:
        """One recording."""
        return self.ask(RecordingView, "GET", f"recordings/{part(id)}")

    def journal(self, n: int, kind: str | None) -> tuple[EntryView, ...]:
        """The last entries of the journal."""
        wanted = {"n": n} | ({"kind": kind} if kind else {})
        return self.ask(tuple[EntryView, ...], "GET", "journal", params=wanted)

    def events(self, gateway: str | None, limit: int) -> tuple[EventView, ...]:
        """The newest events of gateways."""
        params = {"limit": limit} | ({"gateway": gateway} if gateway else {})
        return self.ask(tuple[EventView, ...], "GET", "events", params=params)

    def quarantine(self, gateway: str | None, limit: int) -> tuple[QuarantineView, ...]:
        """What nobody understood."""
        params = {"limit": limit} | ({"gateway": gateway} if gateway else {})
        return self.ask(tuple[QuarantineView, ...], "GET", "quarantine", params=params)

    def quarantine_raw(self, entry: int) -> bytes:
        """The bytes of one entry of it."""
        return b"".join(self._download(f"quarantine/{entry}/raw"))

    def sites(self) -> tuple[SiteView, ...]:
        """The field of every gateway."""
        return self.ask(tuple[SiteView, ...], "GET", "sites")

    def line(self, line: str) -> LineFieldView:
        """One line with what its terminal told."""
        return self.ask(LineFieldView, "GET", f"lines/{part(line)}")

    def texts(self, limit: int, line: str | None) -> tuple[TextView, ...]:
        """The newest texts."""
        params = {"limit": limit} | ({"line": line} if line else {})
        return self.ask(tuple[TextView, ...], "GET", "texts", params=params)

    def order(self, id: str) -> OrderView:
        """One order to the field."""
        return self.ask(OrderView, "GET", f"orders/{part(id)}")

    # -- ask --

    def give(self, order: FieldOrder) -> OrderView:
        """Order something in the field."""
        body = order.model_dump(mode="json", exclude_none=True)
        return self.ask(OrderView, "POST", "orders", json=body)

    def set_group(self, group: str, change: GroupChange) -> GroupView:
        """Change a talk group."""
        body = change.model_dump(mode="json", exclude_unset=True)
        return self.ask(GroupView, "PATCH", f"groups/{part(group)}", json=body)

    def patches(self) -> tuple[PatchView, ...]:
        """Patches and temporary groups that stand."""
        return self.ask(tuple[PatchView, ...], "GET", "patches")

    def make_patch(self, asked: PatchRequest | TemporaryGroup) -> PatchView:
        """Join groups and lines, or lines in a temporary group."""
        body = asked.model_dump(mode="json", exclude_none=True)
        return self.ask(
            PatchView, "POST", "patches" if isinstance(asked, PatchRequest) else "groups", json=body
        )

    def end_patch(self, id: str) -> PatchView:
        """End a patch or temporary group."""
        return self.ask(PatchView, "DELETE", f"patches/{part(id)}")

    def start_broadcast(self, request: BroadcastRequest) -> BroadcastView:
        """Ask for a broadcast."""
        body = request.model_dump(mode="json", exclude_none=True)
        return self.ask(BroadcastView, "POST", "broadcasts", json=body)

    def approve(self, id: str) -> BroadcastView:
        """Approve a live broadcast."""
        return self.ask(BroadcastView, "POST", f"broadcasts/{part(id)}/approve")

    def sign_broadcast(self, id: str, shown: SignatureShown) -> BroadcastView:
        """Sign a broadcast: one's own, or another's as approval."""
        body = shown.model_dump(mode="json")
        return self.ask(BroadcastView, "POST", f"broadcasts/{part(id)}/sign", json=body)

    def stop(self, id: str, shown: StopShown | None = None) -> BroadcastView:
        """Stop a broadcast."""
        body = None if shown is None else shown.model_dump(mode="json")
        return self.ask(BroadcastView, "POST", f"broadcasts/{part(id)}/stop", json=body)

    def verify(self) -> VerdictView:
        """Check the whole journal; takes as long as it takes."""
        return self.ask(VerdictView, "POST", "journal/verify", timeout=None)

    # -- gateways --

    def new_token(self, gateway: str) -> TokenView:
        """An enrolment token."""
        return self.ask(TokenView, "POST", "enrolments", json={"gateway": gateway})

    def enrolments(self) -> tuple[EnrolmentView, ...]:
        """Requests of gateways for a certificate."""
        return self.ask(tuple[EnrolmentView, ...], "GET", "enrolments")

    def approve_enrolment(self, gateway: str, fingerprint: str) -> EnrolmentView:
        """Issue what was asked for."""
        body = {"fingerprint": fingerprint}
        return self.ask(EnrolmentView, "POST", f"enrolments/{part(gateway)}/approve", json=body)

    def refuse_enrolment(self, gateway: str) -> EnrolmentView:
        """Refuse what was asked for."""
        return self.ask(EnrolmentView, "POST", f"enrolments/{part(gateway)}/refuse")

    # -- files --

    def send_clip(self, path: Path, name: str | None) -> ClipView:
        """Send a WAV in."""
        params = {"name": name} if name else {}
        headers = {"Content-Type": "audio/wav"}
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Misused(f"cannot be read: {error.strerror}", str(path)) from None
        return self.ask(ClipView, "POST", "clips", params=params, headers=headers, content=content)

    def want_recording(self, id: str) -> RecordingView:
        """Have a recording brought from its gateway."""
        return self.ask(RecordingView, "POST", f"recordings/{part(id)}/want")

    def fetch_recording(self, recording: RecordingView, path: Path) -> int:
        """Write the sound of a recording to `path`, checked against its hash; how many bytes."""
        begun = path.with_name(path.name + ".part")
        digest, size = sha256(), 0
        try:
            with begun.open("wb") as file:
                for chunk in self._download(f"recordings/{part(recording.id)}/audio"):
                    digest.update(chunk)
                    size += file.write(chunk)
            if recording.sha is not None and digest.hexdigest() != recording.sha:
                raise Refused(
                    "the sound that came is not the one that was recorded (its SHA-256 differs)",
                    recording.id,
                    "fetch it again; if it stays so, look at the file in the recordings folder",
                )
            begun.replace(path)
        except OSError as error:
            raise Misused(f"cannot be written: {error.strerror}", str(path)) from None
        finally:
            begun.unlink(missing_ok=True)
        return size

    def save(self, path: str, body: object, target: Path) -> int:
        """Write what the centre makes for this request to `target`; how many bytes."""
        begun, size = target.with_name(target.name + ".part"), 0
        try:
            with begun.open("wb") as file:
                for chunk in self._download(path, "POST", json=body, timeout=None):
                    size += file.write(chunk)
            begun.replace(target)
        except OSError as error:
            raise Misused(f"cannot be written: {error.strerror}", str(target)) from None
        finally:
            begun.unlink(missing_ok=True)
        return size

    # -- listen --

    def live(self, silence: float | None = None) -> Iterator[Change | None]:
        """The town, then every change; None after each `silence` seconds without one. LiveLost at its end."""
        address = f"ws{self.access.api.removeprefix('http')}{PREFIX}/live"
        try:
            for text in texts(address, self._headers, self._tls, silence):
                yield None if text is None else CHANGE.validate_json(text)
        except Ended as ended:
            if ended.code in (NO_RIGHT, TOO_MANY):
                raise Refused(str(ended), address) from None
            raise LiveLost(str(ended)) from None
        except NotTaken as error:
            raise Refused(f"the live channel was refused: {error}", address) from None
        except (OSError, TimeoutError) as error:
            raise self._unreachable(error) from None
        except ValidationError as error:
            raise self._strange(address, error) from None

    # -- below --

    def ask(self, kind: type[V], method: str, path: str, **more: Any) -> V:
        """What the centre answers to this request below /api/v1, as a `kind`."""
        try:
            answer = self._http.request(method, path, **more)
        except httpx.TimeoutException:
            raise Unreachable("the centre does not answer", self.access.api, "look at its log") from None
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None
        if not answer.is_success:
            raise _refused(answer.status_code, answer.content, path)
        try:
            return TypeAdapter(kind).validate_json(answer.content)
        except ValidationError as error:
            raise self._strange(path, error) from None

    def _download(self, path: str, method: str = "GET", **more: Any) -> Iterator[bytes]:
        try:
            with self._http.stream(method, path, **more) as answer:
                if not answer.is_success:
                    raise _refused(answer.status_code, answer.read(), path)
                yield from answer.iter_bytes()
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> Unreachable:
        why = str(error) or type(error).__name__
        advice = "is the town running? start it with scripts/run, or check --api"
        if words := tls_words(error, "the centre"):
            why, advice = words, "check --api and --ca; never go on without this check"
        return Unreachable(f"the centre cannot be reached: {why}", self.access.api, advice)

    def _strange(self, where: str, error: ValidationError) -> Refused:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        return Refused(
            f"the answer is not understood: {field}: {first['msg']}",
            where,
            "is the centre of another version? use the `spillway` that was installed with it",
        )


def _context(access: Access) -> ssl.SSLContext | None:
    """How the centre is recognised; None for http. Misused."""
    if not access.api.startswith("https://"):
        return None
    if access.ca is None:
        return ssl.create_default_context()
    try:
        return client_context(access.ca)
    except TlsError as error:
        raise Misused(str(error), "--ca") from None


def part(name: str) -> str:
    """One part of a path; an id with a slash must not become another path."""
    return quote(name, safe="")


def _refused(status: int, content: bytes, path: str) -> Refused:
    try:
        body: Mapping[str, str] = json.loads(content)
        return Refused(str(body["what"]), str(body.get("where", path)), str(body.get("advice", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Refused(f"the centre answered {status}", path)
