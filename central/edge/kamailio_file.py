"""Writes the files of the edge: kamailio.cfg, tls.cfg, dispatcher.list. Starts nothing.

What each request meets stands in routes.cfg beside this file; here are its surroundings: where it listens, whom it
knows by address, how much it takes.

Traps: kamailio checks no host name in certificates, so a node is shown by a certificate of our own authority and a
trunk by one for its address; tls.cfg finds a section by address and port, and has no word for all addresses at one
port, so nodes come at one address that is named.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from central.edge.errors import EdgeError
from central.edge.tls_file import tls_text
from central.edge_settings import EdgeSettings, EdgeTrunk
from central.store.edge_book import BOOK, LOCATION

FILE, TLS_FILE, NODES_FILE = "kamailio.cfg", "tls.cfg", "dispatcher.list"
CONTROL = "control.fifo"
"""Where core tells the running edge who is gone."""
REPLY = "control-reply"
"""Where the edge answers."""
LONGEST_FOLDER = 100
"""Octets: kamailio keeps 128 for the path of a pipe."""
FILE_MODE, FOLDER_MODE = 0o640, 0o2770
SHARED_MODE = 0o660
USER_TIMES = 3
"""A number waits after so many times the wrong secrets of an address: who knows a number must not shut it easily."""
LONGEST_SECRET = 128

MODULES = (
    *("jsonrpcs", "kex", "corex", "tm", "tmx", "sl", "rr", "pv", "maxfwd", "textops", "textopsx", "siputils"),
    *("xlog", "sanity", "usrloc", "registrar", "db_sqlite", "sqlops", "auth", "auth_db", "pike", "htable"),
    *("dispatcher", "nathelper", "uac"),
)

Parameter = tuple[str, str, str | int]
FIXED: tuple[Parameter, ...] = (
    ("jsonrpcs", "transport", 2),
    ("jsonrpcs", "fifo_mode", SHARED_MODE),
    ("tm", "failure_reply_mode", 3),
    ("tm", "fr_timer", 5000),
    ("tm", "fr_inv_timer", 180000),
    ("tm", "auto_inv_100_reason", "Trying"),
    ("rr", "enable_full_lr", 0),
    ("rr", "append_fromtag", 1),
    ("registrar", "max_contacts", 10),
    ("registrar", "min_expires", 60),
    ("registrar", "received_avp", "$avp(received)"),
    ("registrar", "append_branches", 1),
    ("nathelper", "received_avp", "$avp(received)"),
    ("nathelper", "natping_interval", 30),
    ("nathelper", "ping_nated_only", 1),
    ("nathelper", "natping_processes", 1),
    ("nathelper", "sipping_bflag", 7),
    ("usrloc", "db_mode", 1),
    ("usrloc", "use_domain", 0),
    ("usrloc", "nat_bflag", 6),
    ("usrloc", "handle_lost_tcp", 1),
    ("usrloc", "timer_interval", 30),
    ("auth_db", "calculate_ha1", 0),
    ("auth_db", "use_domain", 0),
    ("auth_db", "load_credentials", "$avp(security)=security"),
    ("auth_db", "version_table", 0),
    ("auth", "nonce_expire", 300),
    ("auth", "nonce_count", 1),
    ("pike", "sampling_time_unit", 2),
    ("pike", "remove_latency", 4),
    ("htable", "htable", "known=>size=12;autoexpire=7200;"),
    ("dispatcher", "flags", 2),
    ("dispatcher", "ds_ping_interval", 2),
    ("dispatcher", "ds_ping_method", "OPTIONS"),
    ("dispatcher", "ds_probing_mode", 1),
    ("dispatcher", "ds_probing_threshold", 2),
    ("dispatcher", "ds_inactive_threshold", 1),
    ("dispatcher", "ds_ping_reply_codes", "class=2;class=4"),
    ("uac", "auth_realm_avp", "$avp(trunk_realm)"),
    ("uac", "auth_username_avp", "$avp(trunk_user)"),
    ("uac", "auth_password_avp", "$avp(trunk_secret)"),
    ("uac", "restore_mode", "none"),
)
"""Parameters of modules that no setting changes: module, name, value."""


@dataclass(frozen=True)
class Edge:
    """One kamailio: `folder` is its own; `nodes` are HOST:PORT; `ca` and `crl` believe the voice nodes."""

    folder: Path
    settings: EdgeSettings
    nodes: tuple[str, ...]
    ca: Path | None = None
    crl: Path | None = None


def write_edge(edge: Edge) -> Path:
    """Write its files into its folder, made if missing; the path for `kamailio -f`. EdgeError, OSError."""
    if len(os.fsencode(edge.folder)) > LONGEST_FOLDER:
        raise EdgeError(
            f"{edge.folder}: the edge's folder has at most {LONGEST_FOLDER} octets; shorten `state`"
        )
    texts = {FILE: configuration(edge), NODES_FILE: _nodes(edge)}
    if edge.settings.speaks_tls:
        texts[TLS_FILE] = tls_text(edge.settings, edge.ca, edge.crl)
    if not edge.folder.exists():
        edge.folder.mkdir(parents=True)
        edge.folder.chmod(FOLDER_MODE)  # on a host of its own the installation makes it, for the edge's group
    for name, text in texts.items():
        path = edge.folder / name
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        new.touch(mode=FILE_MODE, exist_ok=False)
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    return edge.folder / FILE


def configuration(edge: Edge) -> str:
    """The whole of kamailio.cfg. EdgeError for what cannot stand in it, OSError for a secret that cannot be read."""
    settings = edge.settings
    modules = [*MODULES, *(["tls"] if settings.speaks_tls else [])]
    routes = (Path(__file__).parent / "routes.cfg").read_text(encoding="utf-8")
    emergency = "^(" + "|".join(settings.emergency) + ")$" if settings.emergency else "^none$"
    filled = {
        "WHO": _who(settings),
        "TRUNKS": "\n".join(_to_trunk(trunk) for trunk in settings.trunk),
        "EMERGENCY": emergency,
        "REALM": settings.realm,
        "TRIES": str(settings.tries),
        "USER_TRIES": str(settings.tries * USER_TIMES),
        "LOCK": str(settings.lock),
    }
    for word, value in filled.items():
        routes = routes.replace(f"@{word}@", value)
    lines = [
        "#!KAMAILIO",
        "# Written by `central edge config`; changes are lost.",
        *_globals(settings),
        *(f'loadmodule "{module}.so"' for module in modules),
        *_parameters(edge),
        "",
    ]
    return "\n".join(lines) + routes


def _globals(settings: EdgeSettings) -> list[str]:
    name = f' advertise "{settings.name}":' if settings.name else ""
    listens = [("udp", settings.host, settings.udp_port), ("tls", settings.host, settings.tls_port)]
    if settings.node_transport == "tls":
        listens.append(("tls", settings.node_address, settings.node_port))
    return [
        "debug=1",
        "log_stderror=yes",
        'log_prefix="{$mt $hdr(CSeq) $ci} "',
        "children=4",
        "tcp_children=4",
        f"disable_tcp={'no' if settings.speaks_tls else 'yes'}",
        *(["enable_tls=yes"] if settings.speaks_tls else []),
        "tcp_accept_no_cl=yes",
        "tcp_connection_lifetime=3605",
        "tcp_max_connections=4096",
        "auto_aliases=no",
        "dns=no",
        "rev_dns=no",
        "use_dns_cache=yes",
        "server_signature=no",
        'user_agent_header="User-Agent: spillway-edge"',
        *(f"listen={kind}:{host}:{port}{name and f'{name}{port}'}" for kind, host, port in listens if port),
    ]


def _parameters(edge: Edge) -> list[str]:
    """Parameters of the modules."""
    settings, folder = edge.settings, edge.folder
    column = "ha1" if settings.digest == "MD5" else "ha1_sha256"
    book, location = f"sqlite:///{_path(folder / BOOK)}", f"sqlite:///{_path(folder / LOCATION)}"
    wanted: list[Parameter] = [
        *FIXED,
        ("jsonrpcs", "fifo_name", _path(folder / CONTROL)),
        ("jsonrpcs", "fifo_reply_dir", f"{_path(folder)}/"),
        ("registrar", "max_expires", settings.expires),
        ("registrar", "default_expires", settings.expires),
        ("nathelper", "sipping_from", f"sip:edge@{settings.dialled}"),
        ("usrloc", "db_url", location),
        ("sqlops", "sqlcon", f"edge=>{book}"),
        ("auth_db", "db_url", book),
        ("auth_db", "password_column", column),
        ("auth", "algorithm", "" if settings.digest == "MD5" else "SHA-256"),
        ("pike", "reqs_density_per_unit", settings.flood),
        ("htable", "htable", f"wrong=>size=10;autoexpire={settings.lock};initval=0;"),
        ("dispatcher", "list_file", _path(folder / NODES_FILE)),
        ("dispatcher", "ds_ping_from", f"sip:edge@{settings.dialled}"),
    ]
    if settings.speaks_tls:
        wanted.append(("tls", "config", _path(folder / TLS_FILE)))
    return [
        f'modparam("{module}", "{name}", {value if isinstance(value, int) else _quoted(value)})'
        for module, name, value in wanted
    ]


def _who(settings: EdgeSettings) -> str:
    """Voice nodes: on this machine by address and port, elsewhere by certificate. Trunks by address and transport."""
    if settings.node_transport == "tls":
        test = f'$proto == "tls" && $Rp == {settings.node_port} && $tls_peer_verified == 1'
    else:
        test = '$proto == "udp" && ds_is_from_list("1", "0")'
    lines = [f"if ({test}) {{", '\t$var(who) = "node";', "\treturn;", "}"]
    if settings.node_transport == "tls":
        lines += [f"if ($Rp == {settings.node_port}) {{", "\texit;", "}"]
    for trunk in settings.trunk:
        from_there = " || ".join(f'$si == "{address}"' for address in trunk.sources)
        lines += [
            f'if ($proto == "{trunk.transport}" && ({from_there})) {{',
            '\t$var(who) = "trunk";',
            f'\t$var(trunk) = "{trunk.name}";',
            f"\t$var(srtp) = {int(trunk.security == 'srtp')};",
            "\treturn;",
            "}",
        ]
    return "\n".join(f"\t{line}" for line in lines)


def _to_trunk(trunk: EdgeTrunk) -> str:
    """How a call leaves by it."""
    secret = _secret(trunk)
    lines = [
        f'if ($hdr(X-Spillway-Trunk) == "{trunk.name}") {{',
        f'\t$rd = "{trunk.host}";',
        f"\t$rp = {trunk.port};",
        f'\t$du = "sip:{trunk.host}:{trunk.port};transport={trunk.transport}";',
        f'\t$avp(trunk_user) = "{trunk.username}";',
        f"\t$avp(trunk_secret) = {_quoted(secret)};",
        '\t$avp(trunk_realm) = "";',
        f"\t$var(srtp) = {int(trunk.security == 'srtp')};",
        "}",
    ]
    return "\n".join(f"\t{line}" for line in lines)


def _secret(trunk: EdgeTrunk) -> str:
    if trunk.secret_file is None:
        return ""
    secret = (trunk.secret_file.read_text(encoding="utf-8").splitlines() or [""])[0].strip()
    good = secret.isascii() and secret.isprintable() and not set(secret) & set('"\\$') and secret
    if not good or len(secret) > LONGEST_SECRET:
        raise EdgeError(
            f"{trunk.secret_file}: the first line has to be the trunk's password, 1 to {LONGEST_SECRET} printable "
            'ASCII characters without ", $ and \\; ask the telephone company for another'
        )
    return secret


def _nodes(edge: Edge) -> str:
    """dispatcher.list: group, address, flags, priority (the first node first)."""
    kind = edge.settings.node_transport
    lines = (
        f"1 sip:{node};transport={kind} 0 {len(edge.nodes) - place}" for place, node in enumerate(edge.nodes)
    )
    return "# Written by `central edge config`; changes are lost.\n" + "\n".join(lines) + "\n"


def _path(path: Path) -> str:
    text = str(path)
    if not path.is_absolute() or set(text) & set("\"\\$;'") or not text.isprintable():
        raise EdgeError(
            f"{text!r} cannot stand in the edge's files: choose an absolute path without \" \\ $ ; '"
        )
    return text


def _quoted(text: str) -> str:
    return f'"{text}"'
