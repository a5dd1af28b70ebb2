from datetime import UTC, datetime

import pytest

from firmware.enrolment.centre_door import AskError, Told
from link.certs.authority import Authority, Issue, new_authority
from link.certs.requests import read_csr

NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Centre:
    """Stands in for the centre's door: a person who decides, an authority, and verbs for trouble."""

    def __init__(self):
        self.authority = Authority(*new_authority("spillway-test", NOW))
        self.state = "pending"
        self.trouble: list[Exception] = []
        self.calls: list[str] = []
        self.csr = ""
        self.now = NOW
        self.shown: list[object] = []

    def told(self, csr, state):
        asked = read_csr(csr.encode())
        if state != "approved":
            return Told(state=state, fingerprint=asked.fingerprint)
        pem = self.authority.issue(Issue(asked.name, asked.public_key), self.now)
        return Told(state=state, certificate=pem.decode(), ca=self.authority.pem.decode())

    def heard(self, call):
        self.calls.append(call)
        if self.trouble and (error := self.trouble.pop(0)) is not None:
            raise error

    async def enrol(self, gateway, token, csr):
        self.heard("enrol")
        self.csr = csr
        return self.told(csr, self.state)

    async def standing(self, gateway, token):
        self.heard("standing")
        return self.told(self.csr, self.state)

    async def renew(self, csr):
        self.heard("renew")
        return self.told(csr, "approved")


@pytest.fixture
def threads_at_once(monkeypatch):
    """What is given to a thread is done at once, so that a hand clock is enough."""

    async def here(work, *args):
        return work(*args)

    monkeypatch.setattr("asyncio.to_thread", here)


@pytest.fixture
def centre():
    return Centre()


def lost():
    return AskError("the centre cannot be asked: connection refused")
