"""Times as people write them on the command line."""

from datetime import datetime

from central.cli.refusals import Misused


def moment_of(text: str | None, option: str) -> float | None:
    """Unix seconds of a local time like 2024-05-01T10:00. Misused."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError:
        raise Misused("is no time; write it like 2024-05-01T10:00", option) from None
