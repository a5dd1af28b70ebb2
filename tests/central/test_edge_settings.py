"""The [edge] table: what is refused, and in which words."""

from pathlib import Path
from typing import Any

import pytest

from central.config import load_central
from central.edge_settings import EdgeSettings, check_edge, nodes_of, way_of
from central.trigger_settings import TriggerSettings
from link.hosting.settings import SettingsError
from tests.central.test_config import TOWN, write

TLS: dict[str, Any] = {"tls_port": 5061, "certificate": "e.pem", "key": "e.key"}
TRUNK: dict[str, Any] = {"name": "pstn", "host": "192.0.2.1"}


def made(**values: Any) -> EdgeSettings:
    return EdgeSettings.model_validate({"host": "127.0.0.1", **values})


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    text = (
        TOWN + '[edge]\nhost = "127.0.0.1"\nnodes = ["127.0.0.1:5070"]\ntls_port = 5061\n'
        'certificate = "e.pem"\nkey = "e.key"\n[[edge.trunk]]\nname = "pstn"\nhost = "192.0.2.1"\n'
        'username = "us"\nsecret_file = "pstn.secret"\n'
    )
    settings = load_central(write(tmp_path, text))
    assert settings.edge is not None
    assert settings.edge.certificate == tmp_path / "e.pem"
    assert settings.edge.trunk[0].secret_file == tmp_path / "pstn.secret"
    assert settings.edge_folder == settings.state / "edge"
    assert load_central(write(tmp_path, TOWN)).edge is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"host": "0.0.0.0"}, "nobody can dial"),
        ({"host": "edge.example"}, "listens at an IPv4 address"),
        ({"name": "bad name"}, "neither a host name"),
        ({"udp_port": 0}, "both udp_port and tls_port are 0"),
        ({"tls_port": 5061}, "give certificate and key"),
        ({**TLS, "udp_port": 0}, "voice nodes speak UDP"),
        (
            {**TLS, "udp_port": 0, "node_transport": "tls", "node_port": 5063, "trunk": [TRUNK]},
            "'pstn' speaks UDP",
        ),
        ({**TLS, "node_transport": "tls"}, "give node_port"),
        ({**TLS, "node_transport": "tls", "node_port": 1, "host": "0.0.0.0", "name": "e"}, "give node_host"),
        ({"nodes": ["127.0.0.1"]}, "no HOST:PORT"),
        ({"nodes": ["127.0.0.1:70000"]}, "no HOST:PORT"),
        ({"realm": 'a"b'}, "realm"),
        ({"emergency": ["1"]}, "emergency"),
        ({"trunk": [TRUNK, TRUNK]}, "stands twice"),
        ({"trunk": [{**TRUNK, "username": "us"}]}, "belong together"),
        ({"trunk": [{**TRUNK, "host": "sip.example"}]}, "give `addresses`"),
        ({"trunk": [{**TRUNK, "host": "a;b"}]}, "neither a host name"),
        ({"trunk": [{**TRUNK, "name": 'p"'}]}, "name"),
    ],
)
def test_what_cannot_be_is_refused_in_words(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        made(**values)


def test_calls_go_to_the_named_nodes_or_to_the_one_of_the_table_voice() -> None:
    assert nodes_of(made(), "127.0.0.1", 5070) == ("127.0.0.1:5070",)
    assert nodes_of(made(nodes=["127.0.0.9:1"]), "127.0.0.1", 5070) == ("127.0.0.9:1",)
    assert made(name="e.example").dialled == "e.example" and made().dialled == "127.0.0.1"


@pytest.mark.parametrize(
    ("values", "voice", "said"),
    [
        ({}, ("127.0.0.1", 0), "set \\[voice\\] sip_port, or nodes"),
        ({}, ("127.0.0.1", 5060), "port 5060 is that of"),
        ({}, ("0.0.0.0", 5060), "port 5060 is that of"),
        ({}, ("127.0.0.1", 5070), "secured voice nodes speak TLS only"),
    ],
)
def test_it_has_to_fit_the_table_voice(values: dict[str, Any], voice: tuple[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_edge(made(**values), *voice, plain=False)
    check_edge(made(nodes=["192.0.2.9:5070"]), "127.0.0.1", 0, plain=True)
    check_edge(made(**TLS, node_transport="tls", node_port=5063), "127.0.0.1", 5070, plain=False)


def test_where_nodes_dial_and_where_calls_come_from() -> None:
    assert way_of(made()) == ("127.0.0.1:5060", "127.0.0.1")
    assert way_of(made(host="0.0.0.0", name="e.example", udp_port=5160)) == ("127.0.0.1:5160", "127.0.0.1")
    inside = made(**TLS, node_transport="tls", node_port=5063, node_host="192.0.2.4", name="e.example")
    assert way_of(inside) == ("e.example:5063", "192.0.2.4")


def test_the_whole_file_is_checked_with_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="set \\[voice\\] sip_port"):
        load_central(write(tmp_path, TOWN + '[edge]\nhost = "127.0.0.1"\n'))
    assert TriggerSettings.model_fields["most"].default == 3
