"""A secured town's files: everybody asks the front over https, nobody has a token beside his certificate."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from central.config import load_central
from central.front.reload import check
from firmware.config import load_gateway
from scripts.town.files import Places, Secrets, api_url, write_town, write_town_json
from scripts.town.plan import default_plan
from scripts.town.ports import Ports
from scripts.town.trust import trusted, verify

PLAN = default_plan()
PLAIN = replace(PLAN, plain=True)
PORTS = Ports(broker=11883, api=18443, rtp=12000, rigs={"gw-lake/hf": 14532}, detours={"gw-dam": (1, 19443)})


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    made = Places(tmp_path_factory.mktemp("a town"), Path("/tmp/spillway-none"))
    write_town(PLAN, made, PORTS, Secrets.fresh(PLAN))
    write_town_json(PLAN, made, PORTS, 4711)
    return made


def test_the_front_stands_where_the_api_was_and_core_behind_it(places: Places) -> None:
    central = load_central(places.central)
    assert central.front is not None and (central.front.host, central.front.port) == ("127.0.0.1", 18443)
    assert central.front.hsts == 0
    assert central.front_folder == places.front
    assert central.api_socket == Path("/tmp/spillway-none/central/api.sock")
    text = (places.front / "nginx.conf").read_text()
    assert 'server "unix:/tmp/spillway-none/central/api.sock";' in text
    assert f'access_log "{places.log("nginx")}" spillway;' in text


@pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="nginx is not installed")
def test_nginx_takes_the_written_file(places: Places) -> None:
    check(places.front)
    assert (places.front / "nginx.conf").exists()


def test_gateways_ask_over_https_with_their_certificate_also_by_a_detour(places: Places) -> None:
    for name, port in (("gw-north", 18443), ("gw-dam", 19443)):
        gateway = load_gateway(places.gateway(name))
        assert (gateway.centre.url, gateway.centre.token) == (f"https://127.0.0.1:{port}", "")
        assert gateway.tls is not None and gateway.tls.certificate == places.pki.certificate(name)


def test_the_note_names_the_authority(places: Places) -> None:
    note = json.loads(places.town.read_text())
    assert (note["api"], note["ca"]) == ("https://127.0.0.1:18443", str(places.pki.ca))
    assert places.ca(PLAN) == places.pki.ca and places.ca(PLAIN) is None
    assert places.signers(PLAN) == places.keys and places.signers(PLAIN) is None
    assert api_url(PLAIN, PORTS) == "http://127.0.0.1:18443"


def test_the_towns_programs_believe_its_authority_only(places: Places) -> None:
    context = trusted(places.pki.ca)
    assert context is not None and len(context.get_ca_certs()) == 1
    assert trusted(None) is None and verify(None) is False
