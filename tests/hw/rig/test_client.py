"""hw.rig.client without a wire: whom it may reach, and what it advises. The wire: tests/system/test_rigctld.py."""

import errno

import pytest

from hw.rig.client import RigctldClient, advice, loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_machine_is_reached(host):
    assert loopback(host)
    assert RigctldClient("hf", lambda fact: None, host).address == f"{host}:4532"


@pytest.mark.parametrize("host", ["10.0.0.7", "0.0.0.0", "::", "rig.example", "127.0.0.1.example", ""])
def test_another_machine_only_where_the_configuration_says_so(host):
    with pytest.raises(ValueError, match="remote = true"):
        RigctldClient("hf", lambda fact: None, host)
    assert RigctldClient("hf", lambda fact: None, host, remote=True).host == host


def test_without_a_connection_nothing_is_kept_to_be_sent_later():
    client = RigctldClient("hf", lambda fact: None)
    assert not client.write(b"+\\get_freq\n")
    assert client.refused == 1
    client.reopen("no connection: nothing to do")
    assert not client.up


@pytest.mark.parametrize(
    ("code", "word"),
    [(errno.ECONNREFUSED, "start rigctld"), (errno.ETIMEDOUT, "network"), (errno.EACCES, "firewall")]
    + [(None, "its log")],
)
def test_each_fault_has_its_advice(code, word):
    assert word in advice(code, "127.0.0.1:4532")
