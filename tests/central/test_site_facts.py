"""What a card must say of a centre: the front's first name, the broker as gateways reach it, the root of the ring."""

from pathlib import Path

import pytest

from central.config import CentralSettings
from central.key_book import KeyBook
from central.site_facts import site_facts
from link.hosting.clock import HandClock
from tests.central.key_rig import MemoryKeyStore, Seats
from tests.flows.doors import FakeLedger

PLAIN = {"state": "/s", "run": "/r", "plain": True, "api": {"tokens": "/t"}}
FRONT = {"names": ["centre.example", "10.0.0.1"], "certificate": "/c", "key": "/k"}
SECURED = {**PLAIN, "plain": False, "realm": "valley", "front": FRONT}


@pytest.fixture
async def book(tmp_path: Path) -> KeyBook:
    path = tmp_path / "ring"
    path.write_bytes(Seats("wang", "li").signed_ring(1))
    made = KeyBook(path, MemoryKeyStore(), HandClock(), FakeLedger())
    assert made.look() == ""
    return made


def told(book: KeyBook, **more: object):
    return site_facts(CentralSettings.model_validate({**SECURED, **more}), book, "PEM")


async def test_the_centre_says_where_it_is_and_whom_to_believe(book: KeyBook):
    facts = told(book, broker={"host": "mqtt.example", "port": 8884})
    assert facts is not None and book.ring is not None
    assert (facts.realm, facts.url, facts.ca) == ("valley", "https://centre.example:8443", "PEM")
    assert (facts.broker, facts.broker_port) == ("mqtt.example", 8884)
    assert bytes.fromhex(facts.root) == book.ring.ring.root


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
async def test_a_broker_beside_core_is_reached_by_the_front_s_name(book: KeyBook, host: str):
    facts = told(book, broker={"host": host})
    assert facts is not None and facts.broker == "centre.example"


async def test_an_address_of_six_is_put_into_brackets(book: KeyBook):
    facts = told(book, front={**FRONT, "names": ["fd00::1"], "port": 443})
    assert facts is not None and facts.url == "https://[fd00::1]:443"


async def test_a_plain_centre_and_one_without_front_or_ring_say_nothing(book: KeyBook):
    assert site_facts(CentralSettings.model_validate(PLAIN), book, "PEM") is None
    assert told(book, plain=True) is None
    assert told(book, front=None) is None
    book.ring = None
    assert told(book) is None
