from central.store import entries
from central.store.chain import GENESIS
from central.store.database import Database, Sql


def fill(sql: Sql, count: int) -> None:
    entries.insert(sql, [entries.waiting(n * 1000, "k", f"s{n}", f'{{"n":{n}}}') for n in range(count)])


async def test_head_and_links(database: Database) -> None:
    assert await database.read(entries.head) == (0, GENESIS)
    await database.write(lambda sql: fill(sql, 5))
    links = await database.read(lambda sql: entries.links_after(sql, 2, 2))
    assert [link.seq for link in links] == [3, 4]
    assert await database.read(lambda sql: entries.link_at(sql, 4)) == links[-1]
    assert await database.read(lambda sql: entries.link_at(sql, 6)) is None


async def test_equal_payloads_have_unequal_hashes(database: Database) -> None:
    """Else an erased telephone number could be guessed by trying them all."""
    await database.write(
        lambda sql: entries.insert(sql, [entries.waiting(0, "k", "s", '{"number":"110"}') for _ in range(2)])
    )
    first, second = await database.read(lambda sql: entries.links_after(sql, 0, 9))
    assert first.payload_sha256 != second.payload_sha256


async def test_erasure_goes_by_age_and_kind_and_in_slices(database: Database) -> None:
    await database.write(lambda sql: fill(sql, 10))
    assert await database.write(lambda sql: entries.erase(sql, 99_000, 8_000, "why", (), 5)) == 5
    assert await database.write(lambda sql: entries.erase(sql, 99_000, 8_000, "why", (), 5)) == 3
    assert await database.write(lambda sql: entries.erase(sql, 99_000, 8_000, "why", (), 5)) == 0
    assert await database.write(lambda sql: entries.erase(sql, 99_000, 10**6, "why", ("other",), 5)) == 0
    found = await database.read(lambda sql: entries.tail(sql, 99, None))
    assert [entry.seq for entry in found if entry.payload is not None] == [9, 10, 11, 12]


async def test_a_damaged_payload_is_shown_as_such(database: Database) -> None:
    await database.write(lambda sql: entries.insert(sql, [entries.waiting(0, "k", "s", "{torn")]))
    (entry,) = await database.read(lambda sql: entries.tail(sql, 1, None))
    assert entry.payload == {"damaged": "{torn"}
