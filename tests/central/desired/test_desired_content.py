"""What a gateway shall be, from settings, groups and clips; and under which revision."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.config import CentralSettings
from central.desired.content import MOST_BLOBS, ClipKnown, Town, content_for
from central.desired.revisions import HIGHEST, Standing, kept
from link.contract import documents as doc
from link.contract.envelope import unpack
from link.contract.firmware_job import FirmwareJob
from link.contract.ids import LineRef
from link.floor.messages import GroupSettings, Member

SHA = "ab" * 32
SETTINGS = {
    "state": "/nowhere",
    "run": "/nowhere",
    "api": {"tokens": "/nowhere"},
    "gateway": [{"id": "gw-a", "record": "all", "upload": "on-request", "profile": "thin", "rate": 900}],
    "group": [{"id": "valley", "label": "Valley"}],
    "link": {"spread": 7, "file_share": 0.2},
    "trigger": [
        {
            "id": "dam",
            "gateway": "gw-a",
            "channel": "drill",
            "clip": "flood",
            "lines": ["pa1"],
            "conditions": [{"kind": "above", "source": "level", "value": 3.2, "fresh": 60}],
            "stop": "key",
            "most": 2,
            "per": 600,
        }
    ],
}
VALLEY = GroupSettings("valley", (Member("gw-a/r1", 7, "North"), Member("gw-b/r1")), hang=3, timeout=30)


def clip(name: str, size: int = 1000, sha: str = "") -> ClipKnown:
    return ClipKnown(name, sha or f"{abs(hash(name)):064x}"[-64:], size, 1.5)


def content(*clips: ClipKnown, speakers: bool = True, hold_mb: int = 1, groups=(VALLEY,), wanted=(), seal=""):
    values = {**SETTINGS, "gateway": [{**SETTINGS["gateway"][0], "hold_mb": hold_mb}]}
    settings = CentralSettings.model_validate(values)
    town = Town(settings, groups, {each.name: each for each in clips})
    return content_for(settings.gateway[0], town, speakers, wanted, seal)


def test_policy_and_link_stand_as_the_settings_say():
    made = content(wanted=("r1",), seal="0f" * 32)
    assert (made.configuration.record, made.configuration.upload) == ("all", "on-request")
    assert (made.configuration.wanted, made.configuration.seal) == (("r1",), "0f" * 32)
    assert made.link == doc.LinkSettings(profile="thin", rate=900, spread=7, file_share=0.2)


def test_zones_are_read_once_for_a_whole_fleet(mocker):
    """A zone with a line of each of 10,000 sites was read anew for each of them: core was not ready in 30 s."""
    names = [f"gw-{n}" for n in range(100)]
    zones = [
        {"id": "valley", "lines": [f"{name}/pa1" for name in names]},
        {"id": "odd", "lines": ["gw-7/pa1"]},
    ]
    values = {
        **SETTINGS,
        "gateway": [{"id": name} for name in names],
        "zone": zones,
        "trigger": [],
        "group": [],
    }
    settings = CentralSettings.model_validate(values)
    parsed = mocker.spy(LineRef, "parse")
    town = Town(settings, (), {})
    made = [content_for(entry, town, speakers=True).configuration.zones for entry in settings.gateway]
    assert made[6] == {"valley": ("pa1",)}
    assert made[7] == {"valley": ("pa1",), "odd": ("pa1",)}
    assert parsed.call_count == len(names) + 1


def test_groups_hold_only_the_lines_of_this_gateway():
    elsewhere = GroupSettings("hills", (Member("gw-b/r2"),))
    (group,) = content(groups=(VALLEY, elsewhere)).configuration.groups
    assert (group.group, group.label, group.hang, group.timeout) == ("valley", "Valley", 3, 30)
    assert group.members == (doc.DesiredMember(line="r1", priority=7, label="North"),)


def test_a_member_that_only_listens_is_told_so_to_its_gateway():
    deaf = GroupSettings("hills", (Member("gw-a/r1", listen=True), Member("gw-a/r2")))
    (group,) = content(groups=(deaf,)).configuration.groups
    assert [(member.line, member.listen) for member in group.members] == [("r1", True), ("r2", False)]


def test_a_trigger_names_its_clip_by_hash_and_is_left_out_while_there_is_none():
    out = content()
    assert out.configuration.triggers == () and "no clip 'flood'" in out.left_out[0]
    made = content(clip("flood", 5000, SHA))
    (trigger,) = made.configuration.triggers
    assert (trigger.sha, trigger.size, trigger.seconds) == (SHA, 5000, 1.5)
    assert (trigger.stop, trigger.most, trigger.per) == ("key", 2, 600)
    assert trigger.conditions == (doc.Condition(kind="above", source="level", value=3.2, fresh=60),)
    assert made.left_out == ()


def test_clips_of_triggers_are_held_first_and_in_any_case_others_as_there_is_room():
    made = content(clip("flood", 5_000_000, SHA), clip("a", 600_000), clip("b", 600_000), clip("c", 400_000))
    assert [(blob.sha == SHA, blob.rank) for blob in made.blobs] == [(True, 1), (False, 5), (False, 5)]
    assert sum(blob.size for blob in made.blobs[1:]) == 1_000_000
    assert made.left_out == ("1 clips that are fetched when they are played: hold_mb is 1",)


def test_a_gateway_without_loudspeakers_holds_no_clips():
    assert content(clip("a"), speakers=False).blobs == ()


def test_the_same_content_keeps_its_revision_and_a_new_one_gets_the_next():
    first = Standing().next(content())
    assert first.rev == 1 and first.next(content()).rev == 1
    second = first.next(content(clip("flood", 5000, SHA)))
    assert second.rev == 2 and doc.decode_desired(second.payload).rev == 2
    assert kept(second.rev, second.payload).next(content(clip("flood", 5000, SHA))).rev == 2


def test_what_cannot_be_read_back_still_counts():
    assert kept(12, b"rubbish").next(content()).rev == 13


def test_a_revision_jumps_above_what_the_gateway_has_seen_unless_that_is_absurd():
    assert Standing(3, Standing().next(content()).payload).next(content(), seen=41).rev == 42
    assert Standing().next(content(), seen=HIGHEST + 1).rev == 1


def test_a_large_configuration_goes_as_a_file_of_its_hash():
    groups = tuple(
        GroupSettings(f"g{n}", tuple(Member(f"gw-a/r{n}-{m}", 5, "北" * 40) for m in range(3)))
        for n in range(64)
    )
    made = content(clip("flood", 5000, SHA), *(clip(f"c{n}") for n in range(300)), groups=groups)
    standing = Standing().next(made)
    document = doc.decode_desired(standing.payload)
    assert len(standing.payload) <= doc.LARGEST_DESIRED
    assert document.cfg is None and document.cfg_sha == standing.sha
    assert document.cfg_size == len(standing.file) and len(document.blobs) == MOST_BLOBS
    assert doc.Configuration.model_validate(unpack(standing.file)) == made.configuration
    assert standing.next(made) == standing


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), max_size=20))
def test_in_every_history_revisions_rise_with_the_content_and_are_above_what_was_seen(history):
    standing, told = Standing(), {}
    for which, seen in history:
        standing = standing.next(content(*(clip(f"c{n}") for n in range(which))), seen)
        assert standing.rev >= seen
        assert told.setdefault(standing.rev, standing.payload) == standing.payload
        assert standing.rev == max(told)


@pytest.mark.parametrize("count", [65, 70])
def test_more_groups_than_a_gateway_takes_are_named(count: int):
    groups = tuple(GroupSettings(f"g{n}", (Member(f"gw-a/r{n}"),)) for n in range(count))
    made = content(clip("flood", 5000, SHA), groups=groups)
    assert len(made.configuration.groups) == 64
    assert made.left_out == (f"{count - 64} groups: a gateway has 64 at most",)


def test_a_firmware_job_stands_in_the_document_and_takes_room_from_the_files():
    job = FirmwareJob(
        job="u-1", ver="2.0", url="https://c:8443/api/v1/blob/" + SHA, sha=SHA, size=200_000_000
    )
    settings = CentralSettings.model_validate({**SETTINGS, "trigger": []})
    clips = {f"c{n}": clip(f"c{n}") for n in range(MOST_BLOBS)}
    ring = bytes(1000)
    town = Town(settings, (VALLEY,), clips, ring, job=lambda gateway: job if gateway == "gw-a" else None)
    made = content_for(settings.gateway[0], town, speakers=True)
    bare = content_for(settings.gateway[0], replace(town, job=lambda gateway: None), speakers=True)
    assert made.fw == job and bare.fw is None and len(made.blobs) < len(bare.blobs)
    first = Standing().next(bare)
    second = first.next(made)
    assert second.rev == 2 and doc.decode_desired(second.payload).fw == job
    assert doc.decode_desired(second.next(bare).payload).fw is None
