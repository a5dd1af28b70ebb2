"""Checks and desks for tests in which nothing is signed, and a store in memory that answers at once."""

from collections.abc import Callable

from firmware.authority.desk import AuthorityDesk
from firmware.authority.machine import Check
from firmware.authority.messages import Commit, Committed, WarrantChanged
from firmware.authority.nonces import Nonces
from firmware.authority.trust import Trust

SEED = bytes(16)
WARRANT = WarrantChanged(Trust("gw-a", plain=True), 0.0, 0.0, trusted=False)


class MemoryKeeper:
    """`jobs`: all that was to be written. With `broken` set nothing can be."""

    def __init__(self) -> None:
        self.jobs: list[object] = []
        self.broken = ""
        self.post: Callable[[object], object] = lambda event: None

    def ask(self, job: object) -> None:
        self.jobs.append(job)
        if isinstance(job, Commit):
            self.post(Committed(job.row.id, self.broken))


def plain_check(gateway: str = "gw-a") -> Check:
    return Check(Trust(gateway, plain=True), Nonces(SEED), ill="")


def plain_desk(gateway: str = "gw-a") -> AuthorityDesk:
    keeper = MemoryKeeper()
    desk = AuthorityDesk(plain_check(gateway), keeper)
    keeper.post = lambda event: desk.post(event)
    return desk
