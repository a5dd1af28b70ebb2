"""The checks of the tour: each says in plain words what must be true and judges it by what was emitted.

A check never asks the system under test how it is; it gets evidence and returns an outcome.
"""

from scripts.town.checks.check import Check, Outcome, Verdict
from scripts.town.checks.floor import FLOOR
from scripts.town.checks.guard import GUARD
from scripts.town.checks.records import RECORDS
from scripts.town.checks.speech import SPEECH
from scripts.town.checks.warning import DRILL, WARNING

BY_CHAPTER: dict[str, tuple[Check, ...]] = {
    "speech": SPEECH,
    "floor": FLOOR,
    "warning": WARNING,
    "drill": DRILL,
    "guard": GUARD,
    "records": RECORDS,
}
"""Every check, by the chapter of the tour that gives its evidence."""

__all__ = ["BY_CHAPTER", "Check", "Outcome", "Verdict"]
