"""Breaking the outbox on purpose, to prove that a chaos run notices: the gateway deletes what the broker has taken."""

import sys

NAMES = ("delete-on-puback",)


def words(name: str) -> tuple[str, ...]:
    """What stands before the command line of a gateway that is broken in this way."""
    return (sys.executable, "-m", "scripts.town.sabotage_inside", "--on", name, "--")
