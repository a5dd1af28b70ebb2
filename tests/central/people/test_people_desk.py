"""Who may do what to whom; that a leaver is gone at once; that everything stands in the journal."""

import asyncio
from pathlib import Path

import pytest

from central.api.caller import Caller
from central.api.people_requests import (
    AcceptRequest,
    PasswordChange,
    PersonAdded,
    PersonChange,
    SignInRequest,
    TokenAsked,
)
from central.api.refusal import DeskError
from central.people.rights import Grant
from central.people.second_factor import code_at
from tests.central.people.bench import PASSWORD, SEED, Bench, everything

OTHER = "five words that nobody expects"
MAYOR = "mayor-token-0123456789"
ADMIN = Grant("administrator")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.person("wang", ADMIN, token="wang-token-0123456789")
    made.person("mayor", Grant("administrator", "upper"), token=MAYOR)
    made.person("zhao", Grant("dispatcher", "north-dam"), token="zhao-token-0123456789")
    made.person("qian", Grant("dispatcher", "south-dam"), token="qian-token-0123456789")
    return made


def as_(bench: Bench, name: str) -> Caller:
    caller = bench.book.who(f"{name}-token-0123456789")
    assert caller is not None
    return caller


async def session_of(bench: Bench, name: str) -> Caller:
    await bench.clock.advance(30)
    code = code_at(SEED, bench.clock.wall())
    view = await bench.desk.sign_in(SignInRequest(name=name, password=PASSWORD, code=code), "")
    caller = bench.book.who(view.token)
    assert caller is not None
    return caller


def change(**fields: object) -> PersonChange:
    return PersonChange.model_validate(fields)


def role(name: str, area: str = "") -> list[dict[str, str]]:
    return [{"role": name, "area": area}]


async def says_no(work: object, status: int, words: str) -> None:
    with pytest.raises(DeskError) as told:
        await work  # type: ignore[misc]
    assert told.value.status == status and words in f"{told.value.what} {told.value.advice}", told.value


async def test_a_new_person_sets_his_own_password_and_signs_in(bench: Bench) -> None:
    grants = role("supervisor", "upper")
    asked = PersonAdded.model_validate({"name": "sun", "label": "Sun Li", "grants": grants})
    invited = await bench.desk.add(as_(bench, "wang"), asked)
    assert bench.desk.person(as_(bench, "wang"), "sun").invited
    accepted = await bench.desk.accept(
        AcceptRequest(name="sun", invitation=invited.code, password=OTHER), "192.0.2.9"
    )
    code = code_at(accepted.seed, bench.clock.wall())
    view = await bench.desk.sign_in(SignInRequest(name="sun", password=OTHER, code=code), "")
    caller = bench.book.who(view.token)
    assert (
        caller is not None
        and caller.may("broadcast.approve", "north-dam")
        and not caller.may("look", "lower")
    )
    kinds = [kind for kind in bench.ledger.kinds() if kind.startswith("people.")]
    assert kinds == ["people.added", "people.invited", "people.invitation-used", "people.signed-in"]
    for secret in (invited.code, accepted.seed, OTHER, view.token):
        assert secret not in str(bench.ledger.entries)
    await says_no(bench.desk.add(as_(bench, "wang"), asked), 409, "sun is here")


async def test_one_manages_below_his_area_only(bench: Bench) -> None:
    mayor = as_(bench, "mayor")
    assert [view.name for view in bench.desk.people(mayor)] == ["mayor", "zhao"]
    await bench.desk.change(mayor, "zhao", change(grant=role("observer", "upper"), label="Zhao"))
    for work in (
        bench.desk.change(mayor, "qian", change(enabled=False)),
        bench.desk.change(mayor, "wang", change(label="x")),
        bench.desk.change(mayor, "zhao", change(grant=role("observer"))),
        bench.desk.change(mayor, "mayor", change(grant=role("administrator"))),
        bench.desk.change(mayor, "qian", change(revoke=role("dispatcher", "south-dam"))),
        bench.desk.remove(mayor, "wang"),
        bench.desk.invite(mayor, "wang", "account"),
        bench.desk.invite(mayor, "qian", "second-factor"),
        bench.desk.unlock(mayor, "qian"),
        bench.desk.end_token(mayor, "qian", "t-qian"),
        bench.desk.add(mayor, PersonAdded.model_validate({"name": "x", "grants": role("observer", "lower")})),
    ):
        await says_no(work, 403, "'people.manage'")
    with pytest.raises(DeskError, match="people.manage"):
        bench.desk.person(mayor, "qian")
    assert len(bench.told("refused")) == 12
    assert bench.told("refused")[0] == {"person": "mayor", "function": "people.manage", "area": "south-dam"}


async def test_who_manages_nobody_sees_himself_only(bench: Bench) -> None:
    zhao = as_(bench, "zhao")
    assert bench.desk.person(zhao, "zhao").name == "zhao"
    for work in (
        bench.desk.change(zhao, "zhao", change(label="King")),
        bench.desk.change(zhao, "zhao", change(grant=role("administrator", "north-dam"))),
        bench.desk.remove(zhao, "qian"),
        bench.desk.end_session(zhao, "wang", "s-1"),
    ):
        await says_no(work, 403, "'people.manage'")
    with pytest.raises(DeskError) as unknown:
        bench.desk.person(zhao, "nobody")
    with pytest.raises(DeskError) as known:
        bench.desk.person(zhao, "qian")
    assert (unknown.value.status, unknown.value.what) == (known.value.status, known.value.what)


async def leave(bench: Bench, how: str) -> None:
    wang = as_(bench, "wang")
    match how:
        case "disabled":
            await bench.desk.change(wang, "zhao", change(enabled=False))
        case "removed":
            await bench.desk.remove(wang, "zhao")
        case "invited anew":
            await bench.desk.invite(wang, "zhao", "account")


@pytest.mark.parametrize("how", ["disabled", "removed", "invited anew"])
async def test_a_leaver_is_out_everywhere_at_once(bench: Bench, how: str) -> None:
    left: list[str] = []
    bench.book.left.append(left.append)
    program, session = as_(bench, "zhao"), await session_of(bench, "zhao")
    channels = [asyncio.ensure_future(bench.book.until_ended(each)) for each in (program, session)]
    others = asyncio.ensure_future(bench.book.until_ended(as_(bench, "qian")))
    await asyncio.sleep(0)
    await leave(bench, how)
    await asyncio.wait_for(asyncio.gather(*channels), 1)
    assert not others.done()
    others.cancel()
    assert bench.book.who("zhao-token-0123456789") is None and bench.book.all_of("zhao") == ()
    assert not bench.book.rights("zhao").anywhere("look") or how == "invited anew"
    await bench.clock.advance(60)
    code = code_at(SEED, bench.clock.wall())
    await says_no(
        bench.desk.sign_in(SignInRequest(name="zhao", password=PASSWORD, code=code), ""), 401, "wrong"
    )
    assert left == ([] if how == "invited anew" else ["zhao"])
    assert "zhao" not in {row.person for row in bench.store.bearers.values()}, "also after a restart"


async def test_a_leaver_is_out_although_the_disk_is_full(bench: Bench) -> None:
    bench.store.full = True
    await says_no(bench.desk.remove(as_(bench, "wang"), "zhao"), 503, "not on disk")
    assert bench.book.who("zhao-token-0123456789") is None


async def test_a_name_is_never_given_again(bench: Bench) -> None:
    await leave(bench, "removed")
    wang = as_(bench, "wang")
    await says_no(bench.desk.add(wang, PersonAdded(name="zhao")), 409, "not given again")
    for work in (
        bench.desk.change(wang, "zhao", change(enabled=True)),
        bench.desk.invite(wang, "zhao", "account"),
        bench.desk.remove(wang, "zhao"),
    ):
        await says_no(work, 404, "was removed")


async def test_a_role_that_is_taken_is_gone_at_once_also_for_who_listens(bench: Bench) -> None:
    zhao = as_(bench, "zhao")
    channel = asyncio.ensure_future(bench.book.until_ended(zhao))
    await asyncio.sleep(0)
    await bench.desk.change(as_(bench, "wang"), "zhao", change(revoke=role("dispatcher", "north-dam")))
    await asyncio.wait_for(channel, 1)
    assert not as_(bench, "zhao").rights.functions
    again = change(revoke=role("dispatcher", "north-dam"))
    await says_no(bench.desk.change(as_(bench, "wang"), "zhao", again), 404, "has not the role")


async def test_somebody_is_always_left_who_manages_people(bench: Bench) -> None:
    wang = as_(bench, "wang")
    for work in (
        bench.desk.remove(wang, "wang"),
        bench.desk.change(wang, "wang", change(enabled=False)),
        bench.desk.change(wang, "wang", change(revoke=role("administrator"))),
    ):
        await says_no(work, 409, "nobody would be left")
    await bench.desk.change(wang, "zhao", change(grant=role("administrator")))
    await bench.desk.remove(wang, "wang")
    assert bench.book.managers() == ("zhao",)


async def test_an_area_that_is_not_there_is_named(bench: Bench) -> None:
    asked = change(grant=role("observer", "uper"))
    await says_no(bench.desk.change(as_(bench, "wang"), "zhao", asked), 404, "did you mean 'upper'")
    await says_no(bench.desk.change(as_(bench, "wang"), "zao", change(label="x")), 404, "did you mean 'zhao'")


async def test_one_changes_his_own_password_and_his_other_sessions_end(bench: Bench) -> None:
    first, second = await session_of(bench, "zhao"), await session_of(bench, "zhao")
    await says_no(
        bench.desk.change_password(second, "zhao", PasswordChange(old=OTHER, new=OTHER)), 401, "wrong"
    )
    await says_no(
        bench.desk.change_password(second, "zhao", PasswordChange(old=PASSWORD, new="zhao")), 422, "short"
    )
    asked = PasswordChange(old=PASSWORD, new=OTHER)
    await says_no(bench.desk.change_password(as_(bench, "zhao"), "zhao", asked), 403, "signed in")
    await says_no(bench.desk.change_password(second, "qian", asked), 403, "signed in")
    await bench.desk.change_password(second, "zhao", asked)
    assert [each.id for each in bench.desk.sessions(second, "zhao")] == [second.credential]
    assert first.credential not in bench.book.sessions
    assert bench.book.people["zhao"].password == f"fast:{OTHER}"


async def test_a_token_is_made_in_a_session_for_oneself_and_ends(bench: Bench) -> None:
    zhao = await session_of(bench, "zhao")
    asked = TokenAsked(label="display", days=1)
    view = await bench.desk.add_token(zhao, "zhao", asked)
    program = bench.book.who(view.token)
    assert program is not None and not program.signed_in and view.token not in repr(view)
    await says_no(bench.desk.add_token(program, "zhao", asked), 403, "signed in")
    await says_no(bench.desk.add_token(await session_of(bench, "wang"), "zhao", asked), 403, "in whose name")
    assert view.token not in str(bench.ledger.entries) + str(bench.store.bearers)
    assert [each.id for each in bench.desk.tokens(zhao, "zhao")] == ["t-zhao", view.id]
    await bench.desk.end_token(as_(bench, "mayor"), "zhao", view.id)
    assert bench.book.who(view.token) is None
    await says_no(bench.desk.end_token(zhao, "zhao", "t-qian"), 404, "has no token")
    later = await bench.desk.add_token(zhao, "zhao", asked)
    await bench.clock.advance(86_400)
    assert bench.book.who(later.token) is None


async def test_a_session_is_ended_by_its_owner_and_by_who_manages_him(bench: Bench) -> None:
    zhao = await session_of(bench, "zhao")
    assert [each.person for each in bench.desk.sessions(as_(bench, "mayor"), None)] == ["zhao"]
    qian = await session_of(bench, "qian")
    assert [each.person for each in bench.desk.sessions(as_(bench, "mayor"), None)] == ["zhao"]
    await says_no(bench.desk.end_session(as_(bench, "mayor"), "zhao", qian.credential), 404, "has no session")
    await bench.desk.end_session(as_(bench, "mayor"), "zhao", zhao.credential)
    assert zhao.credential not in bench.book.sessions
    await bench.desk.sign_out(qian)
    assert qian.credential not in bench.book.sessions
    await says_no(bench.desk.sign_out(as_(bench, "qian")), 409, "no session")
    assert [told["by"] for told in bench.told("session-ended")] == ["mayor", "qian"]


async def test_a_new_second_factor_needs_the_present_password(bench: Bench) -> None:
    invited = await bench.desk.invite(as_(bench, "mayor"), "zhao", "second-factor")
    wrong = AcceptRequest(name="zhao", invitation=invited.code, password=OTHER)
    await says_no(bench.desk.accept(wrong, ""), 401, "wrong")
    view = await bench.desk.accept(wrong.model_copy(update={"password": PASSWORD}), "")
    assert view.seed and view.seed != SEED and bench.book.people["zhao"].seed == view.seed


async def test_a_lock_out_is_ended_by_who_manages_people(bench: Bench) -> None:
    wrong = SignInRequest(name="zhao", password=OTHER, code="")
    for _ in range(5):
        await says_no(bench.desk.sign_in(wrong, ""), 401, "wrong")
    assert bench.desk.person(as_(bench, "mayor"), "zhao").locked == 30
    await bench.desk.unlock(as_(bench, "mayor"), "zhao")
    await says_no(bench.desk.sign_in(wrong, ""), 401, "wrong")
    assert bench.told("unlocked") == [{"person": "zhao", "by": "mayor"}]


async def test_roles_and_areas_are_told(bench: Bench) -> None:
    view = bench.desk.access()
    assert {each.role: each.functions for each in view.roles}["observer"] == ("look",)
    assert ("north-dam", "upper") in {(each.id, each.within) for each in view.areas}


async def test_uses_reach_the_disk_now_and_then(bench: Bench) -> None:
    as_(bench, "zhao")
    await asyncio.gather(*bench.book._writes)
    first = bench.store.bearers["t-zhao"].used
    for seconds, noted in ((59, first), (1, bench.clock.wall() + 60)):
        await bench.clock.advance(seconds)
        as_(bench, "zhao")
        await asyncio.gather(*bench.book._writes)
        assert bench.store.bearers["t-zhao"].used == noted
    assert everything()[0] == Grant("supervisor")
