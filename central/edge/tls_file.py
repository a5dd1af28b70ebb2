"""The text of tls.cfg: whom the edge shows itself as, and whom it believes, by address and port."""

from pathlib import Path

from central.edge.errors import EdgeError
from central.edge_settings import EdgeSettings

PUBLIC_ROOTS = "/etc/ssl/certs/ca-certificates.crt"
"""What a trunk's certificate is believed by."""
STRONG = "ECDHE+AESGCM:ECDHE+CHACHA20"


def tls_text(settings: EdgeSettings, ca: Path | None, crl: Path | None) -> str:
    """The whole file. EdgeError when voice nodes come by TLS and nobody is named to believe them by."""
    own = [f"certificate = {_quoted(settings.certificate)}", f"private_key = {_quoted(settings.key)}"]
    method = ["method = TLSv1.2+", f"cipher_list = {STRONG}"]
    lines = ["# Written by `central edge config`; changes are lost.", "[server:default]", *method, *own]
    lines += ["verify_certificate = no", "require_certificate = no", ""]
    if settings.node_transport == "tls":
        if ca is None or crl is None:
            raise EdgeError(
                "node_transport is tls: [tls] has to name ca and crl, by which nodes are believed"
            )
        believed = [
            f"ca_list = {_quoted(ca)}",
            f"crl = {_quoted(crl)}",
            "verify_certificate = yes",
            "require_certificate = yes",
        ]
        lines += [f"[server:{settings.node_address}:{settings.node_port}]", *method, *own, *believed, ""]
        lines += ["[client:default]", *method, *own, *believed, ""]
    else:
        lines += ["[client:default]", *method, "verify_certificate = no", "require_certificate = no", ""]
    for trunk in settings.trunk:
        if trunk.transport == "tls":
            for address in trunk.sources:
                known = [f"ca_list = {PUBLIC_ROOTS}", "verify_certificate = yes", "require_certificate = yes"]
                lines += [
                    f"[client:{address}:{trunk.port}]",
                    *method,
                    f"server_name = {trunk.host}",
                    *known,
                    "",
                ]
    return "\n".join(lines)


def _quoted(path: Path | None) -> str:
    """In quotes: a path may hold a space. EdgeError for what would break the file."""
    text = str(path)
    if set(text) & set('"\\') or not text.isprintable():
        raise EdgeError(f"{text!r} cannot stand in the edge's files: choose a path without \" and \\")
    return f'"{text}"'
