"""What a gateway shall be, made from the settings, the groups and the clips as they are now. Pure.

Says nothing of revisions: two documents of the same content are equal. What cannot be in a document is named.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from central.config import CentralSettings, GatewayEntry, ZoneSettings
from central.trigger_settings import TriggerSettings
from link.contract import documents as doc
from link.contract.firmware_job import FirmwareJob
from link.contract.ids import LineRef
from link.floor.messages import GroupSettings

MOST_GROUPS = 64
MOST_MEMBERS = 64
MOST_BLOBS = 150
"""Files a document names: with more it would not fit on its topic."""
MOST_ZONES = 64
OTHERS, BLOB, JOB = 2_500, 88, 700
"""Octets of a document without its files, the key ring and a firmware job, of one file in it, and of such a job."""
TRIGGER_RANK, CLIP_RANK = 1, 5
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class ClipKnown:
    """A clip of the store, by name. `size` in octets."""

    name: str
    sha: str
    size: int
    seconds: float


@dataclass(frozen=True)
class Content:
    """What stands in a gateway's document, and what had to be left out of it."""

    configuration: doc.Configuration
    blobs: tuple[doc.DesiredBlob, ...]
    link: doc.LinkSettings
    left_out: tuple[str, ...] = ()
    ring: bytes = b""
    fw: FirmwareJob | None = None


Standings = Callable[[str, doc.DesiredTrigger], tuple[bytes, str]]
"""The standing authority of a gateway's trigger as persons signed it, and what is lacking in words."""


@dataclass(frozen=True)
class Town:
    """What all documents are made from. `groups`: as operators have them now; `clips`: by name; `ring`: as signed."""

    settings: CentralSettings
    groups: tuple[GroupSettings, ...]
    clips: Mapping[str, ClipKnown]
    ring: bytes = b""
    standing: Standings = lambda gateway, trigger: (b"", "")
    job: Callable[[str], FirmwareJob | None] = lambda gateway: None

    @cached_property
    def zones_of(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """By gateway: its zones and their lines. Read once: one zone may hold a line of each of 10,000 sites."""
        return zones_by_gateway(self.settings.zone)


def content_for(
    entry: GatewayEntry, town: Town, speakers: bool, wanted: Sequence[str] = (), seal: str = ""
) -> Content:
    """The content for one gateway. `speakers`: it has loudspeaker lines; `wanted`: recordings asked of it."""
    labels = {group.id: group.label for group in town.settings.group}
    groups = tuple(_groups(entry.id, town.groups, labels))
    asked = [trigger for trigger in town.settings.trigger if trigger.gateway == entry.id]
    made = [trigger_for(each, town.clips[each.clip]) for each in asked if each.clip in town.clips]
    signed = [(each, *town.standing(entry.id, each)) for each in made]
    triggers = tuple(each.model_copy(update={"authority": document}) for each, document, _ in signed)
    out = [f"trigger {each.trigger}: {lacking}" for each, _, lacking in signed if lacking]
    out += [_without_clip(each) for each in asked if each.clip not in town.clips]
    out += _too_many("group", len(groups), MOST_GROUPS) + _too_many("trigger", len(triggers), 64)
    zones = tuple(town.zones_of.get(entry.id, {}).items())
    out += _too_many("zone", len(zones), MOST_ZONES)
    fw = town.job(entry.id)
    room = doc.LARGEST_DESIRED - OTHERS - len(town.ring) - (JOB if fw is not None else 0)
    most = min(MOST_BLOBS, room // BLOB)
    clips = town.clips.values() if speakers else ()
    blobs, spared = _blobs(triggers, clips, entry.hold_mb * MEGABYTE, most)
    if spared:
        out.append(f"{spared} clips that are fetched when they are played: hold_mb is {entry.hold_mb}")
    link = town.settings.link
    return Content(
        doc.Configuration(
            groups=groups[:MOST_GROUPS],
            triggers=triggers[:64],
            record=entry.record,
            upload=entry.upload,
            wanted=tuple(wanted)[:200],
            zones=dict(zones[:MOST_ZONES]),
            seal=seal,
        ),
        blobs,
        doc.LinkSettings(
            profile=entry.profile, rate=entry.rate, spread=link.spread, file_share=link.file_share
        ),
        tuple(out),
        town.ring,
        fw,
    )


def zones_by_gateway(zones: Iterable[ZoneSettings]) -> dict[str, dict[str, tuple[str, ...]]]:
    """For each gateway with lines in zones: these zones and its lines in them, in the order of the settings."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for zone in zones:
        for ref in map(LineRef.parse, zone.lines):
            lines = found.setdefault(ref.gateway, {})
            lines[zone.id] = (*lines.get(zone.id, ()), ref.line)
    return found


def _groups(
    gateway: str, groups: Iterable[GroupSettings], labels: Mapping[str, str]
) -> Iterable[doc.DesiredGroup]:
    for group in groups:
        members = [
            doc.DesiredMember(line=LineRef.parse(m.line).line, priority=m.priority, label=m.label)
            for m in group.members
            if LineRef.parse(m.line).gateway == gateway
        ]
        if members:
            yield doc.DesiredGroup(
                group=group.group,
                label=labels.get(group.group, ""),
                hang=group.hang,
                timeout=group.timeout,
                members=tuple(members[:MOST_MEMBERS]),
            )


def trigger_for(asked: TriggerSettings, clip: ClipKnown) -> doc.DesiredTrigger:
    """A trigger of the settings as its gateway gets it, not yet signed."""
    return doc.DesiredTrigger(
        trigger=asked.id,
        channel=asked.channel,
        conditions=tuple(doc.Condition(**condition.model_dump()) for condition in asked.conditions),
        lines=asked.lines,
        sha=clip.sha,
        size=clip.size,
        seconds=clip.seconds,
        priority=asked.priority,
        stop=asked.stop,
        most=asked.most,
        per=asked.per,
    )


def _blobs(
    triggers: tuple[doc.DesiredTrigger, ...], clips: Iterable[ClipKnown], room: int, most: int
) -> tuple[tuple[doc.DesiredBlob, ...], int]:
    """Files to hold, those of triggers first and in any case; and how many clips had no room."""
    blobs = {each.sha: doc.DesiredBlob(sha=each.sha, size=each.size, rank=TRIGGER_RANK) for each in triggers}
    spared = 0
    for clip in sorted(clips, key=lambda clip: clip.name):
        if clip.sha in blobs:
            continue
        if clip.size > room or len(blobs) >= most:
            spared += 1
            continue
        room -= clip.size
        blobs[clip.sha] = doc.DesiredBlob(sha=clip.sha, size=clip.size, rank=CLIP_RANK)
    return tuple(blobs.values()), spared


def _without_clip(trigger: TriggerSettings) -> str:
    return f"trigger {trigger.id}: there is no clip {trigger.clip!r} yet (spillway clip add)"


def _too_many(what: str, count: int, most: int) -> list[str]:
    return [f"{count - most} {what}s: a gateway has {most} at most"] if count > most else []
