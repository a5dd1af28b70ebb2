"""One child process: its sound, its last words, its end."""

import os
import select

import pytest

from hw.sound.child import Child


def wait_end(child: Child) -> None:
    assert select.select([child.pidfd], [], [], 10)[0]


def test_its_sound_comes_through_the_descriptor() -> None:
    child = Child(("sh", "-c", "printf hello"), "capture")
    got = b""
    while part := os.read(child.sound, 100):
        got += part
    wait_end(child)
    assert got == b"hello"
    assert child.epitaph() == "sh ended with code 0"
    child.close()


def test_its_last_words_are_kept() -> None:
    child = Child(("sh", "-c", "echo no such device >&2; exit 3"), "capture")
    wait_end(child)
    assert child.epitaph() == "sh ended with code 3: no such device"
    child.close()


def test_a_chatty_child_does_not_block_and_only_its_end_is_kept() -> None:
    child = Child(
        ("sh", "-c", "i=0; while [ $i -lt 4000 ]; do echo underrun $i >&2; i=$((i+1)); done"), "capture"
    )
    while not select.select([child.pidfd], [], [], 0)[0]:
        select.select([child.errors, child.pidfd], [], [])
        child.listen()
    assert child.epitaph().endswith("underrun 3999")
    child.close()


def test_kill_ends_it_by_its_pid_and_reaps_it() -> None:
    child = Child(("sleep", "100"), "capture")
    child.kill()
    wait_end(child)
    assert child.epitaph() == "sleep killed by signal 9"
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)
    child.kill()
    child.close()


def test_a_playback_child_reads_the_given_descriptor() -> None:
    read, write = os.pipe()
    child = Child(("sh", "-c", "cat >&2"), "playback", stdin=read)
    os.close(read)
    os.write(write, b"sound")
    os.close(write)
    wait_end(child)
    assert "sound" in child.epitaph()
    child.close()


def test_a_missing_program_is_said_by_name() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-recorder: program not found"):
        Child(("no-such-recorder",), "capture")
