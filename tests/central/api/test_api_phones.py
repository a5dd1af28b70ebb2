"""Telephones over HTTP: a secret is shown when it is made and never again; who is removed is out of the edge's book."""

import sqlite3
from pathlib import Path

import httpx
import pytest

from central.api import phones
from central.api.phone_requests import PhoneAdded
from central.api.phones_desk import PhonesDesk
from central.phone_book import LENGTH, hashed
from central.phone_models import NewPhoneView, PhoneView
from central.store import edge_book
from tests.central.api.fake_desk import FakeDesk
from tests.central.api.fake_phones import fake_phones


def at_the_edge(folder: Path) -> dict[str, tuple[str, str, str]]:
    book = sqlite3.connect(folder / "edge" / edge_book.BOOK)
    try:
        return {row[0]: row[1:] for row in book.execute("select * from subscriber")}
    finally:
        book.close()


async def test_a_telephone_is_added_and_its_secret_shown_once(
    api: httpx.AsyncClient, desk: FakeDesk, tmp_path: Path
) -> None:
    asked = {"number": "8001", "label": "Gate", "owner": "li", "permission": "local"}
    answer = await api.post("phones", json=asked)
    assert answer.status_code == 201, answer.text
    made = NewPhoneView.model_validate(answer.json())
    assert (made.server, made.udp_port, made.tls_port, made.by) == ("127.0.0.1", 5060, 5061, "wang")
    assert len(made.secret) == LENGTH and made.security == "secured"
    assert at_the_edge(tmp_path)["8001"] == (*hashed("8001", "spillway", made.secret), "secured")
    for path in ("phones", "phones/8001"):
        assert made.secret not in (await api.get(path)).text
    listed = [PhoneView.model_validate(each).number for each in (await api.get("phones")).json()]
    assert listed == ["201", "8001"], "shorter numbers first"
    assert made.secret not in str(desk.phones._book._ledger.entries)


async def test_a_new_secret_voids_the_old_one(api: httpx.AsyncClient, tmp_path: Path) -> None:
    first = (await api.post("phones/201/secret")).json()["secret"]
    second = (await api.post("phones/201/secret")).json()["secret"]
    assert first != second
    assert at_the_edge(tmp_path)["201"][0] == hashed("201", "spillway", second)[0]
    assert (await api.get("phones/201")).json()["by"] == "wang"


async def test_a_removed_telephone_is_out_also_when_the_disk_is_full(
    api: httpx.AsyncClient, desk: FakeDesk, tmp_path: Path
) -> None:
    await api.post("phones", json={"number": "300"})
    desk.phones._book._store.down = True  # type: ignore[attr-defined]
    answer = await api.delete("phones/300")
    assert (answer.status_code, answer.json()["what"]) == (503, "the disk is full")
    assert set(at_the_edge(tmp_path)) == {"201"}
    assert (await api.get("phones/300")).status_code == 404
    desk.phones._book._store.down = False  # type: ignore[attr-defined]
    assert (await api.delete("phones/201")).json()["number"] == "201"
    assert at_the_edge(tmp_path) == {}
    assert desk.phones._book._ledger.kinds()[-2:] == ["phone.removed", "phone.removed"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"number": "201"}, 409, "there is a telephone 201"),
        ({"number": "119"}, 409, "119 is an emergency number"),
        ({"number": "300", "owner": "nobody"}, 404, "there is no person 'nobody'"),
        ({"number": "2"}, 422, "number"),
        ({"number": "123456789"}, 422, "number"),
        ({"number": "20a"}, 422, "number"),
        ({"number": "300", "permission": "Two Words"}, 422, "permission"),
        ({"number": "300", "secret": "mine"}, 422, "unknown field 'secret'"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(
    api: httpx.AsyncClient, body: dict[str, str], status: int, said: str
) -> None:
    answer = await api.post("phones", json=body)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["what"]


async def test_without_an_edge_there_are_no_telephones(
    api: httpx.AsyncClient, desk: FakeDesk, tmp_path: Path
) -> None:
    desk.phones = fake_phones(tmp_path / "none", None)
    answer = await api.post("phones", json={"number": "300"})
    assert (answer.status_code, answer.json()["what"]) == (409, "there is no [edge] table")
    assert not (await api.get("phones/201")).json()["works"]


def test_the_desk_has_all_that_the_routes_ask_for(desk: FakeDesk) -> None:
    asked = [name for name in vars(PhonesDesk) if not name.startswith("_")]
    assert all(callable(getattr(desk.phones, name)) for name in asked) and "new_secret" in asked
    assert phones.router.tags == ["telephones"]
    assert PhoneAdded(number="20").permission == "internal"
