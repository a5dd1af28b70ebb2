"""What a wiring sheet consists of: warnings, then sections of parts, each part a list of labelled facts. Plain data.

Pure; how it looks on paper is text's and drawing's.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """One part: what it is called, where it sits, and what there is to know and to do, in order."""

    name: str
    place: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Section:
    """Parts of one kind; `notes` hold for all of them."""

    title: str
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A whole sheet. `pins` are the used pins of the header: GPIO number -> (part, in | out)."""

    board: str
    kind: str
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]
    pins: dict[int, tuple[str, str]] = field(default_factory=dict)

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        return {
            "board": self.board,
            "kind": self.kind,
            "warnings": list(self.warnings),
            "sections": [
                {
                    "title": section.title,
                    "notes": list(section.notes),
                    "parts": [
                        {"name": entry.name, "place": entry.place, **dict(entry.facts)}
                        for entry in section.entries
                    ],
                }
                for section in self.sections
            ],
        }
