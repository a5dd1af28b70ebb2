"""The edge's files: what they say, that kamailio takes them, and what never gets into them."""

import re
import stat
from pathlib import Path
from typing import Any

import pytest

from central.edge import kamailio_file, tls_file
from central.edge.errors import EdgeError
from central.edge.kamailio_file import Edge, configuration, write_edge
from central.edge.program import check, command, forget, program
from central.edge_settings import EdgeSettings
from central.store.edge_book import prepare

NODES = ("127.0.0.1:5070", "127.0.0.2:5070")
TRUNK = {"name": "pstn", "host": "192.0.2.1", "addresses": ["192.0.2.1", "192.0.2.2"]}


def made(folder: Path, **values: Any) -> Edge:
    settings = EdgeSettings.model_validate({"host": "127.0.0.1", "udp_port": 5160, **values})
    return Edge(folder, settings, NODES, folder / "ca.pem", folder / "crl.pem")


def tls(folder: Path) -> dict[str, Any]:
    own = {"tls_port": 5161, "certificate": folder / "edge.pem", "key": folder / "edge.key"}
    return {**own, "node_transport": "tls", "node_port": 5162}


@pytest.mark.parametrize("kind", ["plain", "tls", "trunk", "bare"])
def test_kamailio_takes_them(tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a-trunk-s-password\n")
    trunk = {**TRUNK, "username": "us", "secret_file": secret, "security": "srtp"}
    given = {"plain": {}, "tls": tls(tmp_path), "trunk": {"trunk": [trunk]}, "bare": {"emergency": []}}[kind]
    write_edge(made(tmp_path, **given))
    prepare(tmp_path)
    check(tmp_path)
    names = {"kamailio.cfg", "dispatcher.list"} | ({"tls.cfg"} if kind == "tls" else set())
    written = {path.name for path in tmp_path.iterdir()} - {"secret", "telephones.db", "location.db"}
    assert written == names
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in names} == {0o640}
    assert not re.search("@[A-Z_]+@", (tmp_path / "kamailio.cfg").read_text())
    assert command(tmp_path)[0] == program() and str(tmp_path / "kamailio.cfg") in command(tmp_path)


def test_what_kamailio_refuses_is_said_in_its_words(tmp_path: Path) -> None:
    path = write_edge(made(tmp_path))
    path.write_text(path.read_text().replace("force_rport();", "no_such_thing();"))
    with pytest.raises(EdgeError, match="no_such_thing"):
        check(tmp_path)


def test_no_edge_is_told_of_nobody(tmp_path: Path) -> None:
    assert not forget(tmp_path, "201")


def test_nodes_are_asked_in_their_order(tmp_path: Path) -> None:
    write_edge(made(tmp_path))
    lines = (tmp_path / "dispatcher.list").read_text().splitlines()[1:]
    assert lines == ["1 sip:127.0.0.1:5070;transport=udp 0 2", "1 sip:127.0.0.2:5070;transport=udp 0 1"]


def test_trunks_are_known_by_address_and_transport(tmp_path: Path) -> None:
    text = configuration(made(tmp_path, trunk=[TRUNK]))
    assert 'if ($proto == "udp" && ($si == "192.0.2.1" || $si == "192.0.2.2")) {' in text
    assert '$du = "sip:192.0.2.1:5060;transport=udp";' in text


def test_one_transport_shuts_what_it_does_not_need(tmp_path: Path) -> None:
    plain, both = configuration(made(tmp_path)), configuration(made(tmp_path, **tls(tmp_path)))
    assert "disable_tcp=yes" in plain and "tls" not in plain.split("request_route")[0]
    assert [line for line in both.splitlines() if line.startswith("listen=")] == [
        "listen=udp:127.0.0.1:5160",
        "listen=tls:127.0.0.1:5161",
        "listen=tls:127.0.0.1:5162",
    ]
    assert 'listen=udp:0.0.0.0:5160 advertise "e.example":5160' in configuration(
        made(tmp_path, host="0.0.0.0", name="e.example")
    )


def test_nodes_have_to_show_a_certificate_and_telephones_need_none(tmp_path: Path) -> None:
    edge = made(tmp_path, **tls(tmp_path))
    sections = {}
    for part in tls_file.tls_text(edge.settings, edge.ca, edge.crl).split("[")[1:]:
        name, _, body = part.partition("]")
        sections[name] = body
    assert "require_certificate = yes" in sections["server:127.0.0.1:5162"]
    assert f'crl = "{edge.crl}"' in sections["server:127.0.0.1:5162"]
    assert "verify_certificate = yes" in sections["client:default"]
    assert "require_certificate = no" in sections["server:default"]
    with pytest.raises(EdgeError, match="choose a path without"):
        tls_file.tls_text(edge.settings, Path('/c"a'), edge.crl)
    with pytest.raises(EdgeError, match="ca and crl"):
        tls_file.tls_text(edge.settings, None, None)


@pytest.mark.parametrize("secret", ["", 'a"b', "a$b", "a\\b", "é", "x" * 200])
def test_a_password_that_would_break_the_file_is_refused(tmp_path: Path, secret: str) -> None:
    path = tmp_path / "secret"
    path.write_text(secret + "\n")
    with pytest.raises(EdgeError, match="the trunk's password"):
        configuration(made(tmp_path, trunk=[{**TRUNK, "username": "us", "secret_file": path}]))


@pytest.mark.parametrize("folder", ["/e;f", '/e"f', "/e$f", "/e'f", "relative"])
def test_a_path_that_would_break_the_file_is_refused(folder: str) -> None:
    with pytest.raises(EdgeError, match="choose an absolute path"):
        configuration(made(Path(folder)))


def test_a_folder_that_is_too_deep_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * kamailio_file.LONGEST_FOLDER)
    with pytest.raises(EdgeError, match="at most 100 octets"):
        write_edge(made(deep))
    assert not deep.exists()
