"""What the switchboard asks of journal, recordings and documents, whose doors come in from outside."""

from collections.abc import Mapping
from typing import Protocol

from central.store.arrivals import Parcel
from link.contract import neighbour as voice
from link.contract.facts import Birth, Heartbeat
from link.contract.wire import Wire


class Ledger(Protocol):
    """What the switchboard asks of the journal."""

    def append(self, kind: str, subject: str, payload: Mapping[str, object]) -> None:
        """Take one entry; never blocks."""


class Intake(Protocol):
    """What the switchboard asks of the ingest."""

    def take(self, arrival: Parcel) -> None:
        """A batch has come; never blocks."""

    def said(self, gateway: str, said: Birth | Heartbeat, boot: str) -> None:
        """A gateway was born, or told how its clock and outbox stand; never blocks."""


class Tapes(Protocol):
    """What the switchboard asks of the recordings."""

    def conversation(
        self, group: str, members: tuple[str, ...], on: bool, subjects: tuple[str, ...] = ()
    ) -> None:
        """A conversation began or ended; `subjects` are the groups in which it is heard."""

    def broadcast(self, broadcast: str, lines: tuple[str, ...], channel: str, on: bool) -> None:
        """A broadcast began or ended."""

    def call(self, call: str, leg: str, number: str) -> None:
        """A party of a telephone call stands: record it as long as the call lasts."""

    def call_over(self, call: str) -> None:
        """A telephone call has ended."""

    def talks(self, group: str, holder: str, talker: str) -> None:
        """A line has the floor of a group; `talker` is who speaks there, as far as is known."""

    def heard(self, fact: voice.RecordingBegan | voice.RecordingClosed) -> None:
        """The voice node began a file, or closed one."""

    def node_came(self, running: tuple[str, ...]) -> None:
        """The voice node is there and has these recordings running."""

    def told(self, gateway: str, fact: Wire) -> None:
        """A fact of a gateway's evidence; those of recordings concern them."""

    def of_owner(self, owner: str, kind: str, subject: str = "") -> str | None:
        """Id of a running recording of this owner and kind, and of this subject if one is given."""


class Documents(Protocol):
    """What the switchboard tells those who keep documents at the broker."""

    def connected(self, session: str) -> None:
        """The centre has a connection of this name: what is retained is said again."""

    def told(self, gateway: str, fact: object) -> None:
        """A gateway told a fact that is no evidence: its birth, what it has taken in."""

    def standing_of(self, gateway: str) -> tuple[int, tuple[str, ...]]:
        """Revision of its desired document (0: none), and what could not stand in it."""


class NoDocuments:
    """A centre that keeps no documents at the broker."""

    def connected(self, session: str) -> None:
        """See Documents."""

    def told(self, gateway: str, fact: object) -> None:
        """See Documents."""

    def standing_of(self, gateway: str) -> tuple[int, tuple[str, ...]]:
        """See Documents."""
        return 0, ()
