"""Signing in, on a hand-turned clock: wrong answers, lock-out, codes used twice, sessions that end, invitations."""

import asyncio
from pathlib import Path

import pytest

from central.api.desk import DeskError
from central.api.people_requests import AcceptRequest, SignInRequest
from central.people.first import invite_first
from central.people.hashing import NOBODY, ThreadHashing
from central.people.lock_out import FIRST, FREE
from central.people.rights import Grant
from central.people.second_factor import code_at
from central.people_models import SignedInView
from central.sign_in import MOST_SESSIONS, MOST_WAITING
from tests.central.people.bench import PASSWORD, SEED, Bench, everything

OTHER = "five words that nobody expects"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.person("wang", *everything())
    made.person("guest", Grant("observer", "upper"), seed="")
    return made


def code(bench: Bench) -> str:
    return code_at(SEED, bench.clock.wall())


async def signs_in(
    bench: Bench, name: str = "wang", password: str = PASSWORD, code: str | None = None
) -> SignedInView:
    given = code_at(SEED, bench.clock.wall()) if code is None else code
    asked = SignInRequest(name=name, password=password, code=given)
    return await bench.desk.sign_in(asked, "192.0.2.7")


async def refused(bench: Bench, status: int, **more: str) -> str:
    with pytest.raises(DeskError) as told:
        await signs_in(bench, **more)
    assert told.value.status == status, told.value
    return f"{told.value.what} {told.value.advice}"


async def test_name_password_and_code_give_a_session(bench: Bench) -> None:
    view = await signs_in(bench)
    caller = bench.book.who(view.token)
    assert caller is not None and (caller.name, caller.credential, caller.signed_in) == (
        "wang",
        view.session,
        True,
    )
    assert caller.may("people.manage", "") and view.token not in repr(view)
    assert bench.book.who(view.token[:-1]) is None and bench.book.who("") is None
    (told,) = bench.told("signed-in")
    assert told == {"person": "wang", "session": view.session, "address": "192.0.2.7"}
    assert all(view.token not in str(entry) for entry in bench.ledger.entries)
    assert view.token not in str(bench.store.bearers)


async def test_every_wrong_answer_has_the_same_words(bench: Bench) -> None:
    bench.book.people["gone"] = bench.person("gone", *everything())
    await bench.book.keep(bench.book.people["gone"].__class__("gone", state="disabled"))
    words = {
        await refused(bench, 401, password=OTHER),
        await refused(bench, 401, name="nobody"),
        await refused(bench, 401, name="gone"),
        await refused(bench, 401, code="000000"),
        await refused(bench, 401, code=""),
    }
    assert len(words) == 1


async def test_an_unknown_name_costs_a_hash_like_a_known_one(bench: Bench) -> None:
    for name in ("wang", "nobody"):
        await refused(bench, 401, name=name, password=OTHER)
    assert bench.hashing.asked == [f"fast:{PASSWORD}", NOBODY]


async def test_real_hashes_are_made_beside_the_loop() -> None:
    hashing = ThreadHashing()
    try:
        kept = await hashing.make(PASSWORD)
        working = asyncio.ensure_future(hashing.fits(kept, PASSWORD))
        turns = 0
        while not working.done():
            await asyncio.sleep(0)
            turns += 1
        assert await working and turns > 100
        assert not await hashing.fits(NOBODY, PASSWORD)
    finally:
        hashing.close()


async def test_a_code_is_good_once(bench: Bench) -> None:
    used = code(bench)
    await signs_in(bench, code=used)
    await refused(bench, 401, code=used)
    await bench.clock.advance(30)
    await refused(bench, 401, code=used)
    await signs_in(bench)
    assert bench.store.rows["wang"].last_step == int(bench.clock.wall()) // 30, "also after a restart"


async def test_two_who_use_one_code_at_once_are_one_too_many(bench: Bench) -> None:
    both = await asyncio.gather(signs_in(bench), signs_in(bench), return_exceptions=True)
    assert sorted(type(each).__name__ for each in both) == ["DeskError", "SignedInView"]


@pytest.mark.parametrize("name", ["wang", "nobody"])
async def test_too_many_wrong_answers_lock_the_name_out_for_ever_longer(bench: Bench, name: str) -> None:
    for _ in range(FREE):
        await refused(bench, 401, name=name, password=OTHER)
    assert "try again in 30 s" in await refused(bench, 429, name=name)
    await bench.clock.advance(FIRST + 0.1)
    await refused(bench, 401, name=name, password=OTHER)
    assert "try again in 60 s" in await refused(bench, 429, name=name)
    assert len(bench.told("locked-out")) == 2
    assert {told["person"] for told in bench.told("locked-out")} == {name if name == "wang" else "(unknown)"}
    if name == "wang":
        assert bench.store.rows["wang"].lock.failures == FREE + 1, "also after a restart"
        await bench.clock.advance(60.1)
        await signs_in(bench)
        assert bench.store.rows["wang"].lock.failures == 0


async def test_answers_given_side_by_side_are_counted_one_by_one(bench: Bench) -> None:
    tries = [refused(bench, 401, password=OTHER) for _ in range(FREE)]
    await asyncio.gather(*tries)
    late = [signs_in(bench, password=OTHER) for _ in range(5)]
    results = await asyncio.gather(*late, return_exceptions=True)
    assert {getattr(each, "status", 0) for each in results} == {429}
    assert bench.book.people["wang"].lock.failures == FREE


async def test_who_waits_for_his_turn_is_refused_when_the_name_was_locked_meanwhile(bench: Bench) -> None:
    wrong = [signs_in(bench, password=OTHER) for _ in range(FREE)]
    results = await asyncio.gather(*wrong, signs_in(bench), return_exceptions=True)
    assert [getattr(each, "status", 0) for each in results] == [401] * FREE + [429]


async def test_what_a_stranger_typed_is_not_written_down(bench: Bench) -> None:
    await refused(bench, 401, name="my secret words!")
    assert "my secret" not in str(bench.ledger.entries)


async def test_too_many_at_once_are_turned_away(bench: Bench) -> None:
    crowd = [signs_in(bench, name=f"n{number}") for number in range(MOST_WAITING + 1)]
    results = await asyncio.gather(*crowd, return_exceptions=True)
    assert sorted(getattr(each, "status", 0) for each in results) == [401] * MOST_WAITING + [503]


async def test_strong_roles_need_a_second_factor_and_weak_ones_do_not(bench: Bench) -> None:
    await signs_in(bench, name="guest", code="")
    bench.person("zhao", Grant("dispatcher", "upper"), seed="")
    assert "spillway people totp zhao" in await refused(bench, 403, name="zhao", code="")
    await refused(bench, 401, name="zhao", password=OTHER, code="")


async def test_the_settings_may_leave_it_to_people(tmp_path: Path) -> None:
    bench = Bench(tmp_path, totp="optional")
    bench.person("zhao", *everything(), seed="")
    bench.person("wang", *everything())
    await signs_in(bench, name="zhao", code="")
    await refused(bench, 401, code="")


async def test_sessions_end_unused_and_in_any_case(bench: Bench) -> None:
    token = (await signs_in(bench)).token
    for _ in range(12):
        await bench.clock.advance(3599)
        caller = bench.book.who(token)
        assert caller is not None
    await bench.clock.advance(13)
    assert bench.book.who(token) is None, "twelve hours after the sign-in"
    await bench.clock.advance(60)
    token = (await signs_in(bench)).token
    await bench.clock.advance(3600)
    assert bench.book.who(token) is None, "an hour unused"
    await bench.book.sweep()
    assert bench.store.bearers == {}


async def test_the_oldest_session_ends_for_one_too_many(bench: Bench) -> None:
    tokens = [(await signs_in(bench, name="guest", code="")).token for _ in range(MOST_SESSIONS + 1)]
    assert [bench.book.who(token) is not None for token in tokens] == [False] + [True] * MOST_SESSIONS


async def test_a_full_disk_hinders_no_sign_in(bench: Bench) -> None:
    bench.store.full = True
    assert bench.book.who((await signs_in(bench)).token) is not None


async def test_sessions_outlive_a_restart(bench: Bench) -> None:
    token = (await signs_in(bench)).token
    bench.book.sessions, bench.book.people, bench.book._by_hash = {}, {}, {}
    assert bench.book.who(token) is None
    await bench.book.resume()
    assert bench.book.who(token) is not None


# ---- invitations -------------------------------------------------------------------------------------------


async def test_the_first_administrator_comes_in_by_a_file_that_is_good_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    code = invite_first(tmp_path, "zhao", bench.clock.wall() + 60)
    for name, invitation in (("zhao", code + "x"), ("li", code)):
        with pytest.raises(DeskError) as told:
            await bench.desk.accept(AcceptRequest(name=name, invitation=invitation, password=PASSWORD), "")
        assert told.value.status == 401
    asked = AcceptRequest(name="zhao", invitation=code, password=PASSWORD)
    view = await bench.desk.accept(asked, "")
    assert bench.book.managers() == ("zhao",) and list(tmp_path.iterdir()) == []
    signed_in = await bench.desk.sign_in(
        SignInRequest(name="zhao", password=PASSWORD, code=code_at(view.seed, bench.clock.wall())), ""
    )
    assert bench.book.who(signed_in.token) is not None
    with pytest.raises(DeskError, match="not known, or it was used"):
        await bench.desk.accept(asked, "")
    assert view.seed not in str(bench.ledger.entries) + repr(view) and code not in str(bench.ledger.entries)


async def test_an_old_invitation_is_none(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    code = invite_first(tmp_path, "zhao", bench.clock.wall() + 60)
    await bench.clock.advance(60)
    with pytest.raises(DeskError, match="not known"):
        await bench.desk.accept(AcceptRequest(name="zhao", invitation=code, password=PASSWORD), "")
    assert bench.book.people == {}


async def test_a_bad_password_leaves_the_invitation_good(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    code = invite_first(tmp_path, "zhao", bench.clock.wall() + 60)
    with pytest.raises(DeskError) as told:
        await bench.desk.accept(AcceptRequest(name="zhao", invitation=code, password="zhao"), "")
    assert told.value.status == 422 and "too short" in told.value.what
    await bench.desk.accept(AcceptRequest(name="zhao", invitation=code, password=PASSWORD), "")
    assert bench.book.people["zhao"].password == f"fast:{PASSWORD}"
