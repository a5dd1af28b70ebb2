"""Ports: a taken one is named, a block is free as a whole."""

import random
import socket

import pytest

from scripts.town import ports
from scripts.town.ports import HOST, PortError, claim_tcp_port, free_tcp_port, free_udp_block


def test_a_port_in_use_is_named_with_what_it_is_for() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortError, match=rf"port {port} for the API .*in use.*: choose another"):
            claim_tcp_port(port, "the API", "choose another")


def test_a_wanted_port_that_is_free_is_given() -> None:
    port = free_tcp_port()
    assert claim_tcp_port(port, "the API", "") == port
    assert claim_tcp_port(0, "the API", "") > 0


def test_a_block_avoids_ports_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    first = free_udp_block(20)
    monkeypatch.setattr(ports, "LOWEST", first)
    monkeypatch.setattr(ports, "HIGHEST", first + 20)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((HOST, first + 9))
        for seed in range(20):
            got = free_udp_block(4, random.Random(seed))
            assert got % 2 == first % 2
            assert not got <= first + 9 < got + 4


def test_no_block_left_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    first = free_udp_block(4)
    monkeypatch.setattr(ports, "LOWEST", first)
    monkeypatch.setattr(ports, "HIGHEST", first + 6)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((HOST, first + 3))
        with pytest.raises(PortError, match="no 5 neighbouring UDP ports"):
            free_udp_block(5)
