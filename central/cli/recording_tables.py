"""Recordings as a table for people. See central/cli/tables.py."""

from rich.table import Table

from central.cli.tables import moment, sheet, word
from central.recording_models import RecordingView


def recordings(views: tuple[RecordingView, ...]) -> Table:
    """Recordings."""
    table = sheet("Recordings", "id", "kind", "of", "channel", "began", "length", "state", "heard")
    for view in views:
        length = "" if view.seconds is None else f"{view.seconds:.1f} s"
        began = moment(view.started_wall)
        row = (view.id, view.kind, view.subject, view.channel, began, length, word(view.state))
        table.add_row(*row, ", ".join(view.parties))
    return table
