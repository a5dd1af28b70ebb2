"""Writes the nginx configuration of the front. Starts nothing.

What makes a client's word about itself worthless: no header goes on to the API unless it stands in PASSED, and what the
API believes (OURS) is set here from the connection alone. Every request has a connection of its own to the API, so that
one cannot hide behind another.

Traps: a `proxy_set_header` or `add_header` in a location drops all of those above it, so they stand above only;
a resumed TLS session is not held against the list of revoked certificates, so there are none; `return` after
`error_page` keeps the status of the latter; a named location cannot answer a request whose line was not understood;
nginx takes `ssl_protocols` from the first server of a port, so one name cannot ask for more than another.
"""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from central.api.limits import BUNDLE_MOST, JSON_MOST, PART_MOST, UPLOAD_MOST
from central.front.answers import ANSWERS, REFUSED, WHY, body
from central.front.errors import FrontError
from central.front_settings import FrontSettings

FILE = "nginx.conf"
PID = "nginx.pid"
LONGEST_SOCKET = 107
"""Octets of a Unix socket's path."""
FILE_MODE, FOLDER_MODE = 0o600, 0o700

PASSED = (
    *("Accept", "Authorization", "Content-Type", "If-None-Match", "If-Range", "Range", "User-Agent"),
    *("Tus-Resumable", "Upload-Length", "Upload-Offset"),
    *("Sec-WebSocket-Extensions", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol", "Sec-WebSocket-Version"),
)
"""Headers of a client that reach the API; all others end here. Content-Length nginx writes by itself."""
OURS = {
    "Host": "$spillway_host",
    "Connection": "$spillway_connection",
    "Upgrade": "$spillway_upgrade",
    "X-Real-IP": "$remote_addr",
    "X-Spillway-Client-Verify": "$spillway_verify",
    "X-Spillway-Client-Name": "$spillway_name",
}
"""Headers that the front writes itself, whatever the client sent under these names."""

STRICT = ("/api/v1/sign-in", "/api/v1/invitation", "/api/v1/enrol")
"""Paths where secrets may be guessed: few POSTs a minute from one address."""

_SECURITY = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
)


@dataclass(frozen=True)
class Front:
    """One nginx: `folder` is its own; `api` is the API's Unix socket; `log` takes a line for each request."""

    folder: Path
    settings: FrontSettings
    ca: Path
    crl: Path
    api: Path
    log: Path


def write_front(front: Front) -> Path:
    """Write its files into its folder, made if missing; the path for `nginx -c`. FrontError, OSError."""
    if len(os.fsencode(front.api)) > LONGEST_SOCKET:
        raise FrontError(
            f"{front.api}: a socket's path has at most {LONGEST_SOCKET} octets; shorten [central] run"
        )
    text = configuration(front)
    front.folder.mkdir(parents=True, exist_ok=True)
    front.folder.chmod(FOLDER_MODE)
    (front.folder / "temp").mkdir(mode=FOLDER_MODE, exist_ok=True)
    path = front.folder / FILE
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.touch(mode=FILE_MODE, exist_ok=False)
    new.write_text(text, encoding="utf-8")
    new.replace(path)
    return path


def configuration(front: Front) -> str:
    """The whole text. FrontError for a path that cannot stand in it."""
    settings, folder = front.settings, front.folder
    temp = [
        f"{kind}_temp_path {_path(folder / 'temp' / kind)};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    ]
    http = [
        *temp,
        "server_tokens off;",
        "default_type application/json;",
        "log_format spillway '$time_iso8601 $remote_addr $request_method \"$uri\" $status '",
        "    '$request_length $bytes_sent $request_time '",
        "    '$ssl_protocol $ssl_client_verify \"$spillway_name\"';",
        f"access_log {_path(front.log)} spillway;",
        *_limits(),
        *_maps(settings.names),
        "upstream api {",
        f"    server {_quoted('unix:' + _plain(front.api))};",
        "}",
        "server {",
        *_indented(_server(front)),
        "}",
    ]
    lines = [
        "# Written by `central front write`; changes are lost.",
        *_user(),
        "daemon off;",
        "worker_processes 2;",
        "worker_shutdown_timeout 5s;",
        f"pid {_path(folder / PID)};",
        "error_log stderr warn;",
        "events {",
        "    worker_connections 4096;",
        "}",
        "http {",
        *_indented(http),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _user() -> list[str]:
    """The user that writes this file serves: who starts nginx as root would get one that cannot reach the API."""
    return [f"user {pwd.getpwuid(0).pw_name};"] if os.geteuid() == 0 else []


def _limits() -> list[str]:
    return [
        "large_client_header_buffers 4 8k;",
        "client_header_timeout 10s;",
        "client_body_timeout 40s;",  # the API gives up after 30 s and says so
        "send_timeout 60s;",
        "keepalive_timeout 65s;",
        "reset_timedout_connection on;",
        "gzip off;",
        "ignore_invalid_headers on;",
        "underscores_in_headers off;",
        "map $request_method $spillway_tries {",
        '    default "";',
        "    POST $binary_remote_addr;",
        "}",
        "limit_req_zone $spillway_tries zone=tries:1m rate=30r/m;",
        "limit_req_status 429;",
    ]


def _maps(names: tuple[str, ...]) -> list[str]:
    """What is known of the other side. A certificate counts over TLS 1.3 only; a name only in our one shape."""
    hosts = [_quoted(f"[{name}]" if ":" in name else name) for name in names]
    return [
        "map $host $spillway_host {",
        '    default "";',
        *(f"    {host} {host};" for host in hosts),
        "}",
        "map $http_upgrade $spillway_upgrade {",
        '    default "";',
        '    "~*^websocket$" websocket;',
        "}",
        "map $spillway_upgrade $spillway_connection {",
        "    default close;",
        "    websocket upgrade;",
        "}",
        'map "$ssl_protocol $ssl_client_verify" $spillway_verify {',
        "    default NONE;",
        '    "TLSv1.3 SUCCESS" SUCCESS;',
        "}",
        'map "$spillway_verify $ssl_client_s_dn" $spillway_name {',
        '    default "";',
        r'    "~^SUCCESS CN=(?<spillway_cn>[a-z0-9-]{3,32})\z" $spillway_cn;',
        "}",
    ]


def _server(front: Front) -> list[str]:
    settings = front.settings
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return [
        f"listen {host}:{settings.port} ssl default_server;",
        "server_name _;",
        f"ssl_certificate {_path(settings.certificate)};",
        f"ssl_certificate_key {_path(settings.key)};",
        f"ssl_client_certificate {_path(front.ca)};",
        f"ssl_crl {_path(front.crl)};",
        "ssl_verify_client optional;",
        "ssl_verify_depth 2;",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;",
        "ssl_prefer_server_ciphers on;",
        "ssl_session_cache off;",
        "ssl_session_tickets off;",
        *_headers(settings.hsts),
        *_proxy(),
        *_places(),
        *_own_answers(settings.hsts),
    ]


def _headers(hsts: int) -> list[str]:
    """Of every answer."""
    wanted = [*_SECURITY, *([("Strict-Transport-Security", f"max-age={hsts}")] if hsts else [])]
    return [f"add_header {name} {_quoted(value)} always;" for name, value in wanted]


def _proxy() -> list[str]:
    return [
        "proxy_http_version 1.1;",
        "proxy_pass_request_headers off;",
        *(f"proxy_set_header {name} $http_{name.lower().replace('-', '_')};" for name in PASSED),
        *(f"proxy_set_header {name} {value};" for name, value in OURS.items()),
        "proxy_redirect off;",
        "proxy_max_temp_file_size 0;",
        "proxy_connect_timeout 5s;",
        "proxy_send_timeout 60s;",
        "proxy_read_timeout 120s;",
        "proxy_next_upstream off;",
        f"client_max_body_size {JSON_MOST};",
    ]


def _places() -> list[str]:
    """Locations that lead to the API: those with limits of their own, and all others."""
    unbuffered = "proxy_request_buffering off;"
    tries = "limit_req zone=tries burst=10 nodelay;"
    return [
        *_location("/api/v1/up/", f"client_max_body_size {PART_MOST};", unbuffered),
        *_location("= /api/v1/clips", f"client_max_body_size {UPLOAD_MOST};", unbuffered),
        *_location("= /api/v1/bundles", f"client_max_body_size {BUNDLE_MOST};", unbuffered),
        *_location("= /api/v1/live", "proxy_read_timeout 90s;", "proxy_buffering off;"),
        *_location("= /api/v1/journal/verify", "proxy_read_timeout 1h;"),
        *(line for path in STRICT for line in _location(f"= {path}", tries)),
        *_location("/"),
    ]


def _location(path: str, *own: str) -> list[str]:
    lines = ['if ($spillway_host = "") { return 421; }', *own, "proxy_pass http://api;"]
    return [f"location {path} {{", *_indented(lines), "}"]


def _own_answers(hsts: int) -> list[str]:
    """Errors of nginx itself, in words; a certificate that was not believed is a 403 that says why."""
    lines = [f"error_page 495 =403 {REFUSED};"]
    for status, (sent, _, _) in ANSWERS.items():
        lines.append(f"error_page {status} ={sent} /front/{status};")
    for status, (sent, what, advice) in ANSWERS.items():
        lines += [f"location = /front/{status} {{", "    internal;"]
        lines += [f"    return {sent} {_text(body(what, advice))};", "}"]
    refused = body(
        "this certificate is not believed: $ssl_client_verify",
        "use the one that the centre issued last; central ca renews and issues them",
    )
    lines += [f"location = {REFUSED} {{", "    internal;", *_indented(_headers(hsts))]
    return [
        *lines,
        f"    add_header {WHY} $ssl_client_verify always;",
        f"    return 403 {_text(refused)};",
        "}",
    ]


def _path(path: Path) -> str:
    return _quoted(_plain(path))


def _plain(path: Path) -> str:
    """A path as it may stand in the file. nginx would take `$` for the beginning of a variable."""
    told = str(path)
    if not path.is_absolute():
        raise FrontError(f"{told!r}: nginx needs absolute paths")
    if not told.isprintable() or any(sign in told for sign in "\"\\$'"):
        raise FrontError(f"{told!r} cannot stand in the front's file: choose a path without quotes, \\ and $")
    return told


def _quoted(text: str) -> str:
    return f'"{text}"'


def _text(text: str) -> str:
    """JSON of ours as a word of nginx; what stands behind a `$` in it is filled in."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
