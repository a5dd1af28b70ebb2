"""The written file, as text: what goes through, what is set, and that no name or path becomes a directive."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI

from central.api import machines
from central.api.limits import BUNDLE_MOST, JSON_MOST, PART_MOST, UPLOAD_MOST
from central.front.answers import ANSWERS
from central.front.errors import FrontError
from central.front.nginx_file import OURS, PASSED, STRICT, Front, configuration, write_front
from central.front_settings import FrontSettings
from tests.central.api.fake_desk import FakeDesk, app_of

SETTINGS = {"host": "127.0.0.1", "port": 8443, "names": ("localhost",)}


def front(folder: Path, **more: object) -> Front:
    files = {"certificate": folder / "api.pem", "key": folder / "api.key"}
    settings = FrontSettings.model_validate({**SETTINGS, **files, **more})
    own = folder / "front"
    return Front(
        own, settings, folder / "ca.pem", folder / "crl.pem", folder / "api.sock", own / "access.log"
    )


def block(text: str, head: str) -> str:
    """What stands in the braces behind `head`, one level deep."""
    start = text.index(head + " {")
    return text[start : text.index("\n        }", start)]


@pytest.fixture
def text(tmp_path: Path) -> str:
    return configuration(front(tmp_path))


def test_a_client_is_known_by_its_verified_certificate_only(text: str) -> None:
    for line in (
        "ssl_verify_client optional;",
        "ssl_session_cache off;",
        "ssl_session_tickets off;",
        "proxy_pass_request_headers off;",
        "proxy_set_header X-Spillway-Client-Verify $spillway_verify;",
        "proxy_set_header X-Spillway-Client-Name $spillway_name;",
        "underscores_in_headers off;",
    ):
        assert text.count(f" {line}\n") == 1, line
    assert re.search(r'ssl_client_certificate ".*/ca\.pem";', text)
    assert re.search(r'ssl_crl ".*/crl\.pem";', text)
    assert '"TLSv1.3 SUCCESS" SUCCESS;' in text and r"CN=(?<spillway_cn>[a-z0-9-]{3,32})\z" in text


def test_the_headers_that_the_api_believes_are_those_that_are_set_here() -> None:
    ours = {name.lower() for name in OURS}
    assert {machines.VERIFY, machines.NAME, machines.ADDRESS} <= ours
    assert not ours & {name.lower() for name in PASSED}


def test_every_header_that_a_route_takes_goes_through(tmp_path: Path) -> None:
    app: FastAPI = app_of(FakeDesk(tmp_path))
    taken = {
        parameter["name"].lower()
        for methods in app.openapi()["paths"].values()
        for route in methods.values()
        for parameter in route.get("parameters", ())
        if parameter["in"] == "header"
    }
    assert {"upload-offset", "upload-length"} <= taken
    assert taken <= {name.lower() for name in PASSED}


def test_no_location_sets_headers_of_its_own_towards_the_api(text: str) -> None:
    """One that did would drop all that stand above it, and with them what clears a client's word."""
    locations = text[text.index("location ") :]
    assert "proxy_set_header" not in locations and "proxy_pass_request_headers" not in locations
    assert locations.count("proxy_pass http://api;") == locations.count(
        'if ($spillway_host = "") { return 421; }'
    )


def test_the_limits_are_those_of_the_api(text: str) -> None:
    assert f"        client_max_body_size {JSON_MOST};" in text
    assert f"client_max_body_size {PART_MOST};" in block(text, "location /api/v1/up/")
    assert f"client_max_body_size {UPLOAD_MOST};" in block(text, "location = /api/v1/clips")
    assert f"client_max_body_size {BUNDLE_MOST};" in block(text, "location = /api/v1/bundles")
    for path in ("location /api/v1/up/", "location = /api/v1/clips", "location = /api/v1/bundles"):
        assert "proxy_request_buffering off;" in block(text, path)


def test_tries_of_secrets_are_limited_by_address(text: str) -> None:
    assert "limit_req_zone $spillway_tries zone=tries:1m rate=30r/m;" in text
    for path in STRICT:
        assert "limit_req zone=tries" in block(text, f"location = {path}")


def test_the_log_holds_neither_query_nor_headers(text: str) -> None:
    format = text[text.index("log_format") : text.index("access_log")]
    assert "$uri" in format
    assert not re.search(r"\$(request|request_uri|args|query_string|http_\w+)\b", format)


def test_browsers_are_told_to_insist_on_https_unless_it_is_a_bench(tmp_path: Path, text: str) -> None:
    assert 'Strict-Transport-Security "max-age=31536000" always;' in text
    assert "Strict-Transport-Security" not in configuration(front(tmp_path, hsts=0))
    assert "server_tokens off;" in text


def test_all_of_nginxs_own_files_lie_in_its_folder(tmp_path: Path, text: str) -> None:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    assert all(f'{kind}_temp_path "{tmp_path}/front/temp/{kind}";' in text for kind in kinds)
    assert f'pid "{tmp_path}/front/nginx.pid";' in text and "daemon off;" in text


def test_paths_with_spaces_and_braces_stay_one_word(tmp_path: Path) -> None:
    folder = tmp_path / "a b; {c} # d 水库"
    text = configuration(front(folder))
    assert f'ssl_certificate "{folder}/api.pem";' in text
    assert f'server "unix:{folder}/api.sock";' in text


@pytest.mark.parametrize("bad", ['a"b', "a\nb", "a\\b", "$pid", "a'b", "a\0b", "a\u2028b"])
def test_a_path_that_could_become_a_directive_is_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(FrontError, match="cannot stand in the front's file: choose a path without"):
        configuration(front(tmp_path / bad))


def test_a_relative_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrontError, match="absolute"):
        configuration(front(Path("here")))


BAD_NAMES = (
    'a"b',
    "a;b",
    "a b",
    "a\nb",
    "a\n",
    "$host",
    "a{",
    "~.*",
    "*.example.org",
    "Example.org",
    "",
    "a..b",
    "-a",
)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="neither a host name"):
        front(tmp_path, names=(name,))


@pytest.mark.parametrize("host", ["example.org", "", "127.0.0.1; evil", "0.0.0.0\n"])
def test_it_listens_at_addresses_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
        front(tmp_path, host=host)


def test_ipv6_stands_in_brackets(tmp_path: Path) -> None:
    text = configuration(front(tmp_path, host="::1", names=("::1", "centre.example")))
    assert "listen [::1]:8443 ssl default_server;" in text
    assert '"[::1]" "[::1]";' in text and '"centre.example" "centre.example";' in text


def test_the_file_and_its_folder_are_for_its_user_only(tmp_path: Path) -> None:
    made = front(tmp_path)
    path = write_front(made)
    assert path == write_front(made)  # again over the old one
    assert path.stat().st_mode & 0o777 == 0o600 and made.folder.stat().st_mode & 0o777 == 0o700
    assert path.read_text(encoding="utf-8") == configuration(made)
    assert [each.name for each in made.folder.iterdir() if each.suffix == ".new"] == []


def test_a_socket_path_that_the_kernel_cannot_hold_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrontError, match="at most 107 octets"):
        write_front(front(tmp_path / ("x" * 100)))
    assert not (tmp_path / ("x" * 100)).exists()


def test_every_error_of_nginx_is_answered_in_the_shape_of_the_api(text: str) -> None:
    for status, (sent, what, _) in ANSWERS.items():
        assert f"error_page {status} ={sent} /front/{status};" in text
        said = block(text, f"location = /front/{status}")
        assert f'return {sent} \'{{"what": ' in said and "internal;" in said, what
    assert "error_page 495 =403 /front/refused;" in text
