"""People on a real store: the file of initial people is taken in once; the first administrator's command."""

import asyncio
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from central import people_commands
from central.api.gate import Gate
from central.config import CentralSettings
from central.initial_people import take_initial
from central.people.first import read_first
from central.people.rights import Grant
from central.store.database import Database
from central.wiring_people import People, wire_people
from link.hosting.clock import HandClock, settle_loop
from link.hosting.settings import SettingsError
from tests.central.people.bench import PASSWORD, SEED, FastHashing
from tests.flows.doors import FakeLedger

FILE = f"""
[[person]]
name = "wang"
token = "wang-token-0123456789"
password = "{PASSWORD}"
totp = "{SEED}"
roles = ["supervisor"]
area = "hills"
[[person]]
name = "li"
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "core.db")
    yield opened
    opened.close()


def wired(folder: Path, database: Database, area: str = "hills") -> People:
    path = folder / "people.toml"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(FILE)
    values = {
        "state": folder,
        "run": folder,
        "api": {"tokens": folder},
        "people": {"initial": path},
        "area": [{"id": area, "kind": "city"}],
    }
    settings = CentralSettings.model_validate(values)
    return wire_people(settings, database, HandClock(), FakeLedger(), lambda: None, FastHashing())


async def test_initial_people_are_taken_in_once(tmp_path: Path, database: Database) -> None:
    people = wired(tmp_path, database)
    await people.resume()
    gate: Gate = people.book
    caller = gate.who("wang-token-0123456789")
    assert caller is not None and caller.rights.grants == (Grant("supervisor", "hills"),)
    await asyncio.gather(*people.book._writes)
    await people.book.keep(people.book.people["li"].__class__("li", state="removed"))
    (tmp_path / "people.toml").write_text(FILE.replace("wang", "zhao"))
    again = wired(tmp_path, database)
    await again.resume()
    assert list(again.book.people) == ["li", "wang"] and again.book.people["li"].state == "removed"
    assert again.book.people["wang"].password == f"fast:{PASSWORD}" and again.book.people["wang"].seed == SEED
    assert again.book.who("wang-token-0123456789") is not None
    await asyncio.gather(*again.book._writes)


async def test_an_initial_person_at_an_area_that_is_not_there_is_refused(
    tmp_path: Path, database: Database
) -> None:
    people = wired(tmp_path, database, area="elsewhere")
    with pytest.raises(SettingsError, match="area 'hills', which is not here"):
        await take_initial(people.book, people.sign_in, tmp_path / "people.toml")
    assert people.book.people == {}


async def test_what_has_ended_is_swept_away(tmp_path: Path, database: Database) -> None:
    people = wired(tmp_path, database)
    await people.resume()
    sweeping = asyncio.create_task(people.run())
    await people.book.keep(people.book.people["wang"].__class__("wang", state="disabled"))
    await people.book.clock.advance(3600)  # type: ignore[attr-defined]
    async with asyncio.timeout(5):
        while people.book.tokens:
            await asyncio.sleep(0)
    await settle_loop()
    assert people.book.tokens == {}
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)


def test_the_first_administrator_is_invited_on_the_machine_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "central.toml"
    config.write_text('plain = true\nstate = "state"\nrun = "run"\n[api]\ntokens = "t"\n')
    assert people_commands.main(["people", "first", "zhao", "--config", str(config)]) == 0
    shown = capsys.readouterr().out
    code = next(word for word in shown.split() if word.startswith("inv_"))
    kept = read_first(tmp_path / "state")
    assert (
        kept is not None
        and kept[0] == "zhao"
        and code not in (tmp_path / "state" / "first-administrator.json").read_text()
    )
    assert "spillway people accept zhao" in shown
    assert people_commands.main(["people", "first", "Zhao!", "--config", str(config)]) == 2
    assert people_commands.main(["people", "first", "zhao", "--config", str(tmp_path / "none.toml")]) == 2
    (tmp_path / "state" / "first-administrator.json").unlink()
    (tmp_path / "state" / "first-administrator.json.part").mkdir()
    assert people_commands.main(["people", "first", "zhao", "--config", str(config)]) == 1
    assert tomllib.loads(config.read_text())["state"] == "state"
