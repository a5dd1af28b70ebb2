"""Commands of other packages (the bench): typer apps named by entry points of the group `spillway.commands`.

The centre never imports them by name; an installation without them has fewer commands.
"""

import logging
from importlib.metadata import EntryPoint, entry_points

import typer

log = logging.getLogger(__name__)

GROUP = "spillway.commands"


def add_commands(app: typer.Typer, found: tuple[EntryPoint, ...] | None = None) -> tuple[str, ...]:
    """Hang every plug-in that can be loaded into `app`; the names of these."""
    points = tuple(entry_points(group=GROUP)) if found is None else found
    added: dict[str, None] = {}
    for point in points:
        if point.name in added:
            continue
        try:
            plugin = point.load()
        except (ImportError, AttributeError) as error:
            log.warning("command=%s not available reason=%s", point.name, error)
            continue
        if isinstance(plugin, typer.Typer):
            app.add_typer(plugin, name=point.name)
            added[point.name] = None
        else:
            log.warning("command=%s not available reason=%s is no typer app", point.name, point.value)
    return tuple(added)
