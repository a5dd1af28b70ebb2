"""Voice node: a recording that does not close well is repaired or reported, and holds up nobody."""

import asyncio
import hashlib

import pytest

from link.contract import neighbour as say
from tests.central.voice.test_node import A, B, Rig, bridge, frames, rig, word

__all__ = ["rig"]


async def test_a_file_that_its_recorder_could_not_close_is_repaired(rig: Rig):
    a = await rig.radio(A)
    await rig.obey(say.StartRecording(recording="g-1", path="g-1.wav", legs=(A,)))
    await rig.talk(a, word(1))
    port, path = rig.node.tapings.running["g-1"].port, rig.folder / "g-1.wav"
    close = rig.engine.close

    async def cut_short(which: int) -> None:
        await close(which)
        if which == port:
            whole = path.read_bytes()
            path.write_bytes(whole[:4] + bytes(4) + whole[8:40] + bytes(4) + whole[44:])

    rig.engine.close = cut_short  # type: ignore[method-assign]
    await rig.obey(say.StopRecording(recording="g-1"))
    closed = await rig.closed()
    assert closed.state == "repaired"
    assert frames(path) == [word(1)]
    assert closed.sha == hashlib.sha256(path.read_bytes()).hexdigest()


async def test_a_recording_that_is_slow_to_close_holds_up_no_order(rig: Rig):
    a, b = await rig.radio(A), await rig.radio(B)
    await rig.obey(say.StartRecording(recording="g-1", path="g-1.wav", legs=(A,)))
    close, shut = rig.engine.close, asyncio.Event()

    async def slow(which: int) -> None:
        await shut.wait()
        await close(which)

    rig.engine.close = slow  # type: ignore[method-assign]
    async with asyncio.timeout(1):
        await rig.obey(say.StopRecording(recording="g-1"), bridge((A,), (B,)))
    await rig.talk(a, word(1))
    assert b.heard == [word(1)]
    shut.set()
    assert (await rig.closed()).state == "closed"


async def test_a_recording_on_a_disk_that_filled_up_is_told_as_failed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
):
    await rig.obey(say.StartRecording(recording="g-1", path="g-1.wav", legs=()))
    monkeypatch.setattr("central.voice.tapings.free_bytes", lambda folder: 4096)
    await rig.obey(say.StopRecording(recording="g-1"))
    closed = await rig.closed()
    assert closed.state == "failed"
    assert "is full: its end may be missing; make room" in closed.why
    assert (rig.folder / "g-1.wav").exists(), "what there is is kept"
