"""A gateway's check killed at any moment (kill -9), its commands brought again: no playing begins twice."""

import random
import subprocess
import sys
from pathlib import Path

from tests.firmware.authority import people as p

ROUNDS, PLAYS, AT_ONCE = 5, 40, 8


def commands() -> list[str]:
    made = []
    for number in range(PLAYS):
        name = f"b-{number}"
        doc = p.doc(p.authority(id=name))
        made.append(p.sent(p.play(p.clip(f"{name}.pa1"), n=number, auth=name, doc=doc, id=name)).hex())
    return made


def run(db: Path, orders: list[str], kill_after: int | None) -> list[str]:
    """What one life of the process said; killed when it has given so many answers, or let end."""
    words = [sys.executable, "-m", "tests.system.authority_child", str(db)]
    said: list[str] = []
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None and child.stdout is not None
        keys = f"{p.PAIRS['root'][1].hex()}\n{p.ring_signed(p.ring()).hex()}\n"
        child.stdin.write(keys + "\n".join(orders) + "\n")
        child.stdin.close()
        ready = False
        for line in child.stdout:
            ready = ready or line == "ready\n"
            said += [line] if line != "ready\n" else []
            if ready and kill_after is not None:
                if not kill_after:
                    child.kill()
                    break
                kill_after -= 1
    return said


def test_no_playing_begins_twice_whenever_the_process_is_killed(tmp_path: Path):
    db, orders, rng = tmp_path / "authority.db", commands(), random.Random(7)
    for _ in range(ROUNDS):
        rng.shuffle(orders)
        run(db, orders[:AT_ONCE], rng.randrange(AT_ONCE))
    last = run(db, orders, None)
    sounds = (tmp_path / "authority.sounds").read_text().split()
    assert len(sounds) == len(set(sounds)), "a playing began twice"
    answers = {line.split()[0]: line.split()[1:] for line in last}
    assert set(answers) == {f"b-{n}" for n in range(PLAYS)}
    begun_now = {name for name, said in answers.items() if said[0] == "accepted"}
    assert all(said[0] in ("accepted", "unknown") for said in answers.values()), answers
    assert {f"{name}.pa1" for name in begun_now} <= set(sounds)
    assert 0 < len(begun_now) < PLAYS, "some were taken in an earlier life"
