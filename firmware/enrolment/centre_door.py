"""Asks the centre for certificates over HTTPS. Only what the pinned authority vouches for is believed.

Traps: httpx reads proxies from the environment unless told not to; a context is made per client, because files change.
"""

from dataclasses import dataclass
from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from link.hosting.tls_contexts import FloorContext
from link.hosting.tls_words import tls_words

LARGEST_ANSWER = 256 * 1024
PATIENCE = 20.0


class Told(BaseModel):
    """What the centre says of a request. Forgiving: a newer centre may say more."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    state: Literal["pending", "refused", "approved"]
    fingerprint: str = ""
    certificate: str = Field(default="", max_length=LARGEST_ANSWER)
    ca: str = Field(default="", max_length=LARGEST_ANSWER)


@dataclass(frozen=True)
class AskError(Exception):
    """It did not work; `status` is what the centre answered, 0: nothing that can be understood."""

    what: str
    status: int = 0

    def __str__(self) -> str:
        return self.what

    @property
    def final(self) -> bool:
        """Whether the centre said no to this token: a person must do something."""
        return self.status in (401, 403, 409, 422)


class CentreDoor:
    """The centre at `url`, asked with `context`. All methods: AskError."""

    def __init__(self, url: str, context: FloorContext) -> None:
        self._url, self._context = url.rstrip("/"), context

    async def enrol(self, gateway: str, token: str, csr: str) -> Told:
        """Ask for the first certificate; the same again is answered as it stands."""
        return await self._ask("POST", "enrol", json={"gateway": gateway, "token": token, "csr": csr})

    async def standing(self, gateway: str, token: str) -> Told:
        """How it stands."""
        return await self._ask("GET", f"enrol/{gateway}", headers={"Authorization": f"Bearer {token}"})

    async def renew(self, csr: str) -> Told:
        """Ask for the next certificate, by the present one."""
        return await self._ask("POST", "renew", json={"csr": csr})

    async def _ask(self, verb: str, path: str, **more: object) -> Told:
        try:
            async with httpx.AsyncClient(verify=self._context, trust_env=False, timeout=PATIENCE) as client:
                answer = await client.request(verb, f"{self._url}/api/v1/{path}", **more)  # type: ignore[arg-type]
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = tls_words(error, "the centre") or error or type(error).__name__
            raise AskError(f"the centre at {self._url} cannot be asked: {why}") from None
        if not answer.is_success:
            raise AskError(_refusal(answer), answer.status_code)
        try:
            return Told.model_validate_json(answer.content)
        except ValidationError:
            raise AskError(f"{self._url} gives an answer that is none of ours: is this the centre?") from None


def _refusal(answer: httpx.Response) -> str:
    """The centre's words, as far as they are words."""
    try:
        body = answer.json()
        words = f"{body['what']} ({body['advice']})" if body.get("advice") else str(body["what"])
    except (ValueError, KeyError, TypeError, AttributeError):
        words = f"it answered {answer.status_code}"
    return f"the centre refuses: {words[:300]}"
