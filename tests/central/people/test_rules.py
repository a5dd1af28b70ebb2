"""Passwords, lock-out, the length of a session, codes that are good once, the file of initial people."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.people.bearers import SESSION, digest, new_id, new_secret
from central.people.first import forget_first, invite_first, read_first
from central.people.initial import load_people
from central.people.lasting import Lasting
from central.people.lock_out import FIRST, FREE, MOST, LockOut
from central.people.records import Invitation, PersonRow
from central.people.rules import LONGEST, SHORTEST, password_fault
from central.people.second_factor import STEP, code_at, new_seed, step_of, uri
from link.hosting.settings import SettingsError

GOOD = "four words nobody expects"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("tiny", "too short"),
        ("x" * (LONGEST + 1), "too long"),
        ("wang-liangyu", "little more than the name"),
        ("Password-1234", "tried first"),
        ("aaaaaaaaaaaaaaaa", "repeats"),
        ("abababababababab", "repeats"),
        ("123412341234", "repeats"),
    ],
)
def test_a_bad_password_is_refused_and_never_repeated(password: str, words: str) -> None:
    fault = password_fault(password, "wang")
    assert fault is not None and words in fault and password not in fault


@given(st.text(max_size=SHORTEST - 1))
def test_no_short_password_is_taken(password: str) -> None:
    assert password_fault(password, "wang") is not None


def test_a_good_password_is_taken_in_any_script() -> None:
    for password in (GOOD, "四个没有人会想到的词语在这里", "xK9#mQ2$vL5!pR"):
        assert password_fault(password, "wang") is None


@given(st.lists(st.floats(0, 3 * MOST), max_size=30))
def test_lock_outs_begin_after_some_failures_grow_and_have_a_limit(pauses: list[float]) -> None:
    lock, now, longest = LockOut(), NOW, 0.0
    for number, pause in enumerate(pauses, 1):
        lock = lock.failed(now)
        assert lock.failures == number
        assert (lock.waits(now) > 0) == (number >= FREE)
        assert longest <= lock.waits(now) <= MOST or number < FREE
        longest = lock.waits(now)
        now += pause


def test_the_first_lock_out_and_its_end() -> None:
    lock = LockOut()
    for _ in range(FREE):
        lock = lock.failed(NOW)
    assert lock.waits(NOW) == FIRST and lock.waits(NOW + FIRST) == 0
    assert lock.failed(NOW + FIRST).waits(NOW + FIRST) == 2 * FIRST
    assert lock.waits(NOW - 10 * MOST) == MOST, "a clock that was set back locks nobody out for ever"


def test_a_session_ends_unused_and_in_any_case() -> None:
    lasting = Lasting(idle=60, most=300)
    assert not lasting.over(NOW, NOW, NOW + 59) and lasting.over(NOW, NOW, NOW + 60)
    assert not lasting.over(NOW, NOW + 250, NOW + 299) and lasting.over(NOW, NOW + 299, NOW + 300)
    assert lasting.over(NOW, NOW, NOW - 61), "the clock was set back"


def test_a_code_is_good_once_and_for_its_moment() -> None:
    code = code_at(SEED, NOW)
    step = step_of(SEED, code, NOW, 0)
    assert step == int(NOW) // STEP
    assert step_of(SEED, code, NOW, step) is None
    assert step_of(SEED, code, NOW + STEP, 0) == step and step_of(SEED, code, NOW + 2 * STEP, 0) is None
    assert step_of(SEED, code_at(SEED, NOW - STEP), NOW, step) is None, "older than the one that was used"
    for wrong in ("", "000000", "12345", code + "0", "١٢٣٤٥٦"):
        assert wrong == code or step_of(SEED, wrong, NOW, 0) is None
    assert new_seed() != new_seed() and "secret=" + SEED in uri(SEED, "wang")


def test_secrets_are_random_and_kept_as_hashes() -> None:
    one, other = new_secret(SESSION), new_secret(SESSION)
    assert one != other and one.startswith("ses_") and len(one) > 40
    assert digest(one) != digest(other) and one not in digest(one)
    assert new_id("s").startswith("s-")
    row = PersonRow("wang", password="hash", seed=SEED, invitation=Invitation("account", digest(one), NOW))
    assert SEED not in repr(row) and "hash" not in repr(row) and digest(one) not in repr(row)


def test_the_first_administrator_is_invited_by_a_file(tmp_path: Path) -> None:
    assert read_first(tmp_path) is None
    code = invite_first(tmp_path, "wang", NOW)
    kept = tmp_path / "first-administrator.json"
    assert kept.stat().st_mode & 0o777 == 0o600 and code not in kept.read_text()
    assert read_first(tmp_path) == ("wang", Invitation("account", digest(code), NOW))
    kept.write_text("{")
    assert read_first(tmp_path) is None
    forget_first(tmp_path)
    assert list(tmp_path.iterdir()) == []


def people_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "people.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


ROW = (
    f'[[person]]\nname = "wang"\ntoken = "wang-token-0123456789"\npassword = "{GOOD}"\nroles = ["observer"]\n'
)


def test_the_file_of_initial_people_is_read(tmp_path: Path) -> None:
    (person,) = load_people(people_file(tmp_path, ROW)).person
    assert (person.name, person.roles, person.area, person.totp) == ("wang", ("observer",), "", "")
    assert GOOD not in repr(person) and "wang-token" not in repr(person)


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        (ROW, 0o640, "others may read it"),
        (ROW + ROW, 0o600, "named twice"),
        (ROW + ROW.replace('"wang"', '"li"'), 0o600, "share a token"),
        (ROW.replace("wang-token-0123456789", "tiny-secret"), 0o600, "token of wang cannot be used"),
        (ROW.replace(GOOD, "tiny-secret"), 0o600, "too short"),
        (ROW.replace("observer", "king"), 0o600, "roles"),
    ],
)
def test_a_file_of_people_that_cannot_be_used_is_explained_without_secrets(
    tmp_path: Path, text: str, mode: int, words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as told:
        load_people(people_file(tmp_path, text, mode))
    assert "tiny-secret" not in str(told.value) and GOOD not in str(told.value)
