"""What a tour asks of the centre, as the town's two persons do: broadcasts, recordings, the journal.

In a secured town both sign with their own keys; in a plain one nothing is signed.
"""

import asyncio
import hashlib
import io
import time
import wave
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import numpy as np
from pydantic import TypeAdapter

from central.journal_models import VerdictView
from central.readmodels import (
    BroadcastView,
)
from central.recording_models import RecordingView
from scripts.town.listening import RATE_HZ, Samples
from scripts.town.signing import NotSigned, TownSigners
from scripts.town.trust import verify

PREFIX = "/api/v1"
ASK_EVERY = 0.1
RECORDINGS: TypeAdapter[tuple[RecordingView, ...]] = TypeAdapter(tuple[RecordingView, ...])


class DeskRefused(Exception):
    """The centre refused; the text holds its own words."""


class Desk:
    """One connection per person; use as `async with`, which raises KeyFileError.

    `keys`: folder of the persons' keys (Town.keys).
    """

    def __init__(
        self, api: str, tokens: dict[str, str], ca: Path | None = None, keys: Path | None = None
    ) -> None:
        tls = verify(ca)
        self._clients = {
            name: httpx.AsyncClient(
                base_url=api + PREFIX,
                headers={"Authorization": f"Bearer {token}"},
                timeout=20,
                trust_env=False,
                verify=tls,
            )
            for name, token in tokens.items()
        }
        self.asker, self.second = tuple(tokens)[:2]
        self._keys = keys
        self._signers: TownSigners | None = None

    async def __aenter__(self) -> Self:
        if (
            self._keys is not None
        ):  # in a thread: the town is watched in this one, and nothing is measured yet
            persons = (self.asker, self.second)
            self._signers = await asyncio.to_thread(TownSigners, self._keys, persons)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def _ask(self, person: str, method: str, path: str, **more: object) -> httpx.Response:
        try:
            answer = await self._clients[person].request(method, path, **more)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise DeskRefused(f"{method} {path}: {type(error).__name__}: {error}") from error
        if answer.is_error:
            raise DeskRefused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer

    async def warn(self, zone: str, text: str, voice: str, channel: str) -> BroadcastView:
        """The first person asks for a broadcast of a text, and signs it where broadcasts are signed. DeskRefused."""
        body = {"zones": [zone], "text": text, "voice": voice, "channel": channel}
        answer = await self._ask(self.asker, "POST", "/broadcasts", json=body)
        view = BroadcastView.model_validate_json(answer.content)
        if (view.zones, view.text, view.channel, view.by) != ((zone,), text, channel, self.asker):
            raise DeskRefused(f"the centre made something else of what was asked: {view.id}")
        return await self._sign(self.asker, view) if view.to_sign else view

    async def approve(self, id: str) -> None:
        """The second person looks at it and says yes, by a signature where there is something to sign. DeskRefused."""
        view = await self._look(self.second, id)
        if view.to_sign:
            await self._sign(self.second, view)
        else:
            await self._ask(self.second, "POST", f"/broadcasts/{id}/approve")

    async def _look(self, person: str, id: str) -> BroadcastView:
        answer = await self._ask(person, "GET", f"/broadcasts/{id}")
        return BroadcastView.model_validate_json(answer.content)

    async def _sign(self, person: str, view: BroadcastView) -> BroadcastView:
        try:
            shown = self._keyed(view).broadcast(person, view)
        except NotSigned as refused:
            raise DeskRefused(f"{person} did not sign: {refused}") from None
        body = shown.model_dump(mode="json")
        answer = await self._ask(person, "POST", f"/broadcasts/{view.id}/sign", json=body)
        return BroadcastView.model_validate_json(answer.content)

    def _keyed(self, view: BroadcastView) -> TownSigners:
        if self._signers is None:
            raise DeskRefused(f"broadcast {view.id} has to be signed, and there are no keys here")
        return self._signers

    async def until_over(self, id: str, patience: float) -> BroadcastView:
        """Wait until nothing will change any more, at most `patience` seconds."""
        until = time.monotonic() + patience
        while True:
            view = await self._look(self.asker, id)
            if view.over or time.monotonic() > until:
                return view
            await asyncio.sleep(ASK_EVERY)

    async def stop(self, id: str) -> None:
        """Stop a broadcast; a signed live one takes a signature again. DeskRefused."""
        view = await self._look(self.asker, id)
        more = {}
        if view.to_sign and not view.over and view.channel == "live":
            more = {"json": self._keyed(view).stop(self.asker, view).model_dump(mode="json")}
        await self._ask(self.asker, "POST", f"/broadcasts/{id}/stop", **more)

    async def clip(self, sha: str) -> Samples:
        """The sound of a clip. DeskRefused when it is not 16 kHz mono or its hash is another."""
        answer = await self._ask(self.asker, "GET", f"/blob/{sha}")
        if hashlib.sha256(answer.content).hexdigest() != sha:
            raise DeskRefused(f"the file of clip {sha[:12]} has another hash")
        sound = playable(answer.content)
        if sound is None:
            raise DeskRefused(f"clip {sha[:12]} is not a mono 16 kHz WAV")
        return sound

    async def recordings(self, kind: str, subject: str) -> tuple[RecordingView, ...]:
        """The newest of a kind and subject, newest first."""
        query = {"kind": kind, "subject": subject, "limit": 20}
        answer = await self._ask(self.asker, "GET", "/recordings", params=query)
        return RECORDINGS.validate_json(answer.content)

    async def recording(self, id: str) -> bytes:
        """The file of a recording. DeskRefused when it is missing."""
        return (await self._ask(self.asker, "GET", f"/recordings/{id}/audio")).content

    async def verify(self) -> VerdictView:
        """Have the journal checked."""
        answer = await self._ask(self.asker, "POST", "/journal/verify")
        return VerdictView.model_validate_json(answer.content)


def playable(file: bytes) -> Samples | None:
    """The sound of a WAV of 16 kHz mono 16 bit; None for anything else."""
    try:
        with wave.open(io.BytesIO(file), "rb") as wav:
            if (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) != (RATE_HZ, 1, 2):
                return None
            data = wav.readframes(wav.getnframes())
    except (wave.Error, EOFError):
        return None
    return np.frombuffer(data, "<i2").astype(np.float64) / 32768.0
