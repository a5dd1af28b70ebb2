import asyncio

from central.store import migrations
from central.store.database import Database
from central.store.enrolment import EnrolmentStore


async def test_a_token_is_spent_with_its_request_and_only_once(database: Database) -> None:
    store = EnrolmentStore(database)
    await store.add_token("gw-a", "h1", "li", 0, 1000)
    answers = await asyncio.gather(*(store.ask("gw-a", "h1", key, b"csr", 5) for key in ("k1", "k2")))
    assert sorted(verdict for verdict, _ in answers) == ["new", "spent"]
    winner = await store.get("gw-a")
    assert winner is not None and winner.state == "pending"
    assert await store.ask("gw-a", "h1", winner.fingerprint, b"csr", 9999) == ("same", winner)
    assert await store.by_token("gw-a", "h1") == winner
    assert await store.by_token("gw-a", "h2") is None
    assert await store.all() == [winner]


async def test_tokens_are_of_one_gateway_and_the_older_unused_one_goes(database: Database) -> None:
    store = EnrolmentStore(database)
    await store.add_token("gw-a", "h1", "li", 0, 1000)
    assert (await store.ask("gw-b", "h1", "k1", b"", 5))[0] == "unknown"
    await store.add_token("gw-a", "h2", "li", 0, 1000)
    assert (await store.ask("gw-a", "h1", "k1", b"", 5))[0] == "unknown"
    assert (await store.ask("gw-a", "h2", "k1", b"", 1001))[0] == "over"
    assert (await store.ask("gw-a", "h2", "k1", b"", 5))[0] == "new"
    assert await store.get("gw-b") is None


async def test_a_request_is_decided_once_and_a_new_one_takes_its_place(database: Database) -> None:
    store = EnrolmentStore(database)
    await store.add_token("gw-a", "h1", "li", 0, 1000)
    _, first = await store.ask("gw-a", "h1", "k1", b"csr", 5)
    assert first is not None
    done = await store.decide(first, "approved", "li", 7, b"PEM")
    assert done is not None
    assert (done.state, done.decided_by, done.decided_ms, done.certificate) == ("approved", "li", 7, b"PEM")
    assert await store.decide(first, "refused", "wang", 8) is None
    await store.add_token("gw-a", "h2", "li", 8, 1000)
    _, second = await store.ask("gw-a", "h2", "k2", b"csr", 9)
    assert second is not None and (second.state, second.certificate) == ("pending", None)
    assert await store.by_token("gw-a", "h1") is None
    assert (await store.ask("gw-a", "h1", "k1", b"csr", 10))[0] == "spent"


async def test_the_latest_renewal_is_kept(database: Database) -> None:
    store = EnrolmentStore(database)
    assert await store.renewed("gw-a") is None
    await store.keep_renewal("gw-a", "k1", b"one", 1)
    await store.keep_renewal("gw-a", "k2", b"two", 2)
    assert await store.renewed("gw-a") == ("k2", b"two", 2)


async def test_enrolment_came_with_a_migration_of_its_own() -> None:
    step = migrations.importlib.import_module("central.store.migrations.0006_enrolment")
    assert "create table enrolment_tokens" in step.STATEMENTS[0]
