"""The only file of the firmware that speaks HTTP: fetches files from the centre by hash, sends recordings there.

Down: GET with Range and If-Range. Up: HEAD and PATCH of tus 1.0; a recording is there when HEAD says it is complete
under its hash. Secured, we show our certificate over TLS 1.3 and check the centre's; the files are read anew when
they change. Traps: loading certificates takes time, so the client is made in a thread; a body from a generator would
go chunked unless Content-Length is set; aiter_bytes with a size drops what it has gathered when the line breaks.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass

import httpx

from firmware.files.held import FilesError
from link.hosting.tls_contexts import TlsError, client_context
from link.hosting.tls_settings import TlsSettings
from link.hosting.tls_words import tls_words

REFUSALS = (400, 401, 403, 404, 405, 410, 413, 415, 422, 460, 507)
"""Answers that trying again soon does not change."""
REFUSED_WHY = "Spillway-Refused"
"""Response header of the front: why it does not believe our certificate."""
_RANGE = re.compile(r"^bytes (\d+)-\d+/(\d+)$")


@dataclass(frozen=True)
class Offer:
    """What the centre has of a recording: octets, and whether it is all there under its hash."""

    offset: int
    complete: bool


class CentreFiles:
    """The centre at `url`. Everything that goes wrong is a FilesError in people's words.

    `tls`: who we are and whom we believe; None in plain, where `token` says who we are. `floor`: see client_context.
    """

    def __init__(
        self,
        url: str,
        token: str,
        tls: TlsSettings | None = None,
        floor: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token and tls is None else {}
        self._tls, self._floor = tls, floor
        self._read: tuple[object, ...] = ()
        self._client: httpx.AsyncClient | None = None
        self._former: list[httpx.AsyncClient] = []
        self._making = asyncio.Lock()

    async def close(self) -> None:
        """Let go of the connections."""
        current = [self._client] if self._client is not None else []
        for client in (*current, *self._former):
            await client.aclose()
        self._client, self._former = None, []

    async def _asked(self) -> httpx.AsyncClient:
        async with self._making:
            told = self._files_now()
            if self._client is None or told != self._read:
                client = await asyncio.to_thread(self._made)
                if self._client is not None:
                    self._former.append(self._client)  # something may be under way there
                self._client, self._read = client, told
            return self._client

    def _files_now(self) -> tuple[object, ...]:
        """Changes when a file of ours was replaced."""
        if self._tls is None:
            return ()
        try:
            return tuple(
                path.stat().st_mtime_ns for path in (self._tls.ca, self._tls.certificate, self._tls.key)
            )
        except OSError as error:
            raise FilesError(f"{error.filename}: cannot be read ({error.strerror})") from None

    def _made(self) -> httpx.AsyncClient:
        if self._tls is None:
            verify = not self._url.startswith("http://")
            return httpx.AsyncClient(timeout=10, trust_env=False, verify=verify, headers=self._headers)
        if not self._url.startswith("https://"):
            raise FilesError(f"[centre] url is {self._url}: a secured gateway asks https:// only; correct it")
        try:
            context = client_context(self._tls, self._floor)
        except TlsError as error:
            raise FilesError(str(error)) from None
        return httpx.AsyncClient(timeout=10, trust_env=False, verify=context)

    async def get(
        self, sha: str, at: int, upto: int, size: int, url: str = ""
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        """The octets `at` to `upto` of a file of `size`, each piece with its place; from 0 if the centre says so.

        `url`: where it lies if not in the centre's own store.
        """
        headers = {"Range": f"bytes={at}-{upto - 1}", "If-Range": f'"{sha}"', "Accept-Encoding": "identity"}
        with _in_words():
            client = await self._asked()
            address = url or f"{self._url}/api/v1/blob/{sha}"
            async with client.stream("GET", address, headers=headers) as answer:
                answer.raise_for_status()
                place = _start(answer, at, size)
                async for piece in answer.aiter_bytes():
                    if place + len(piece) > size:
                        raise FilesError(f"longer than the {size} bytes that were announced", refused=True)
                    yield place, piece
                    place += len(piece)

    async def offer(self, sha: str) -> Offer:
        """How much of this recording the centre has."""
        with _in_words():
            client = await self._asked()
            answer = await client.head(f"{self._url}/api/v1/up/{sha}", headers={"Tus-Resumable": "1.0.0"})
            answer.raise_for_status()
        complete = answer.headers.get("Upload-Complete") == "?1" and answer.headers.get("ETag") == f'"{sha}"'
        return Offer(_offset(answer), complete)

    async def send(self, sha: str, size: int, at: int, length: int, pieces: AsyncIterator[bytes]) -> int:
        """Send `length` octets from the octet `at` on; how much the centre has then."""
        headers = {
            "Tus-Resumable": "1.0.0",
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(length),
            "Upload-Offset": str(at),
            "Upload-Length": str(size),
        }
        with _in_words():
            client = await self._asked()
            address = f"{self._url}/api/v1/up/{sha}"
            answer = await client.patch(address, headers=headers, content=pieces)
            answer.raise_for_status()
        return _offset(answer)


def _start(answer: httpx.Response, at: int, size: int) -> int:
    """Where the body of this answer begins."""
    if answer.status_code != 206:
        told = answer.headers.get("Content-Length", str(size))
        place, whole = 0, int(told) if told.isdigit() else size
    else:
        match = _RANGE.match(answer.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != at:
            raise FilesError("the centre sent another part than was asked for")
        place, whole = at, int(match[2])
    if whole != size:
        raise FilesError(f"the centre's file has {whole} bytes, {size} were announced", refused=True)
    return place


def _offset(answer: httpx.Response) -> int:
    told = answer.headers.get("Upload-Offset", "")
    if not told.isdigit():
        raise FilesError("the centre's answer names no Upload-Offset", refused=True)
    return int(told)


class _in_words:  # noqa: N801 - reads as what it does
    """The library's errors as FilesError."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, httpx.HTTPStatusError):  # the library's own words hold the address and a lecture
            code = error.response.status_code
            words = f"the centre answered {code} {error.response.reason_phrase}".strip()
            if (why := error.response.headers.get(REFUSED_WHY)) is not None:
                words = f"the centre does not believe our certificate: {why.removeprefix('FAILED:')[:200]}"
            raise FilesError(words, refused=code in REFUSALS) from None
        if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
            raise FilesError(tls_words(error, "the centre") or f"{type(error).__name__}: {error}") from None
