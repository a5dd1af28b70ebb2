"""The way to the centre: broker and file service. One MQTT 5 CONNECT and one question for a file that cannot exist.

The broker is not greeted while the gateway runs: the broker knows us by our name, and would throw the gateway out.
"""

import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator

from firmware.technician.finding import Finding, found, unchecked, well
from firmware.technician.patient import Patient
from link.bus.port import BusError
from link.bus.tls import TlsFiles, tls_context
from link.hosting.tls_contexts import TlsError, client_context
from link.hosting.tls_words import tls_words

REFUSED = (0x04, 0x05, 0x86, 0x87, 0x8A)
"""CONNACK: bad user name or password, not authorized, banned (MQTT 3.1.1 and 5)."""
NOBODY = "0" * 64
"""The hash of no file."""


def broker(patient: Patient) -> Iterator[Finding]:
    """Whether the broker is there and lets us in."""
    access = patient.settings.broker
    where = f"broker {access.host}:{access.port}"
    try:
        with socket.create_connection(
            (access.host, access.port), timeout=max(patient.patience, 0.5) * 3
        ) as sock:
            if patient.running("run"):
                yield well(where, "takes connections")
                yield unchecked(where, "name and password: the running gateway uses them; see its log")
                return
            name = access.username or patient.settings.gateway
            with _secured(patient, sock) as way:
                way.settimeout(patient.patience)
                way.sendall(connect_packet(patient.settings.gateway, name, access.password))
                answer = way.recv(64)
                way.sendall(b"\xe0\x00")
    except ssl.SSLError as error:
        yield found("broker-tls", where, getattr(error, "verify_message", "") or error.reason or str(error))
        return
    except BusError as error:
        yield found("broker-tls", where, str(error))
        return
    except TimeoutError:
        yield found("broker-unreachable", where, "no answer in time")
        return
    except OSError as error:
        yield found("broker-unreachable", where, str(error.strerror or error))
        return
    if len(answer) < 4 or answer[0] != 0x20:
        yield found("broker-not-mqtt", where, f"it answered {answer[:12]!r}")
    elif answer[3] in REFUSED:
        yield found("broker-refuses", where, f"user {name}: CONNACK reason 0x{answer[3]:02x}")
    elif answer[3]:
        yield found("broker-not-mqtt", where, f"CONNACK reason 0x{answer[3]:02x}")
    else:
        yield well(where, f"lets {name} in")


def _secured(patient: Patient, sock: socket.socket) -> socket.socket:
    """The same connection, over TLS where the settings say so."""
    tls = patient.settings.tls
    if tls is None:
        return sock
    context = tls_context(TlsFiles.of(tls))
    return context.wrap_socket(sock, server_hostname=patient.settings.broker.host)


def connect_packet(client_id: str, user: str, password: str) -> bytes:
    """MQTT 5 CONNECT: clean start, no will, keep-alive 10 s, session ends with the connection."""

    def field(text: str) -> bytes:
        data = text.encode()
        return len(data).to_bytes(2, "big") + data

    flags = 0x02 | 0x80 | (0x40 if password else 0)
    body = (
        field("MQTT") + bytes((5, flags)) + (10).to_bytes(2, "big") + b"\x00" + field(client_id) + field(user)
    )
    body += field(password) if password else b""
    length, size = b"", len(body)
    while True:
        size, digit = divmod(size, 128)
        length += bytes((digit | (0x80 if size else 0),))
        if not size:
            return b"\x10" + length + body


def centre(patient: Patient) -> Iterator[Finding]:
    """Whether clips could be fetched."""
    url, token = patient.settings.centre.url, patient.settings.centre.token
    where = f"centre {url}"
    tls = patient.settings.tls
    if tls is None and not token:
        yield found("centre-no-token", where, "[centre] token is empty")
        return
    if not url.startswith(("http://", "https://")):
        yield found("centre-unreachable", where, "not an address that begins with http:// or https://")
        return
    if tls is not None and not url.startswith("https://"):
        yield found("centre-tls", where, "a secured gateway asks https:// only")
        return
    shown = {"Authorization": f"Bearer {token}"} if tls is None else {}
    question = urllib.request.Request(f"{url}/api/v1/blob/{NOBODY}", headers=shown)
    why = ""
    try:
        secured = [urllib.request.HTTPSHandler(context=client_context(tls))] if tls is not None else []
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *secured)
        with opener.open(question, timeout=3 * max(patient.patience, 0.5)) as answer:
            code = answer.status
    except urllib.error.HTTPError as error:
        code, why = error.code, error.headers.get("Spillway-Refused", "").removeprefix("FAILED:")
        error.close()
    except TlsError as error:
        yield found("centre-tls", where, str(error))
        return
    except (OSError, ValueError) as error:
        cause = getattr(error, "reason", error)
        words = tls_words(cause, "the centre") if isinstance(cause, Exception) else ""
        yield found("centre-tls" if words else "centre-unreachable", where, words or str(cause))
        return
    if code in (401, 403) and tls is not None:
        yield found("centre-tls", where, f"it answered {code} to our certificate {why}".rstrip())
    elif code in (401, 403):
        yield found("centre-refuses", where, f"it answered {code} to this gateway's token")
    elif code in (200, 404):
        yield well(where, f"knows this gateway's {'token' if tls is None else 'certificate'}")
    else:
        yield found("centre-unreachable", where, f"it answered {code}")
