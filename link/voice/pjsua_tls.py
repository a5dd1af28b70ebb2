"""TLS and SRTP of the pjsua2 engine: its transport, its account's media, and who is at each connection.

Part of the pjsua2 door; everything here runs in the pj thread. Traps: the default protocol set still holds TLS 1.0;
`verifyServer`, `verifyClient` and `requireClientCert` are all off by default; a bad file shows at the first
connection only (`peers` reads them before); the library knows no list of revoked certificates; at a resumed session it
checks no certificate at all; the server's name is compared with the host of the dialled address, so a name must not be
replaced by its address; a TLS transport listens even where nobody shall call (there the screen turns all away); the
state callback swallows exceptions, so every way out of it that is not approval shuts the connection; an SDES key
is offered to whoever holds the connection, so nothing may be sent before approval, and shutting the transport inside
its CONNECTED callback does drop what waits to be sent.
"""

import ctypes
import sys
import time
from collections.abc import Callable
from typing import Any

import pjsua2 as pj

from link.voice.peers import Peers
from link.voice.pjsua_ports import log, log_failure
from link.voice.port import VoiceSettings, VoiceTls
from link.voice.screen import Screen
from link.voice.tls_words import failed_handshake, flaw, of_end, of_server

SUITES = ("AES_256_CM_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_80")
"""Of SRTP, offered in this order."""
NEGOTIATE_MOST_MS = 10_000
TROUBLE_FOR = 5.0
"""Seconds for which trouble with a connection explains why a leg could not be dialled."""
ENDED = (pj.PJSIP_TP_STATE_DISCONNECTED, pj.PJSIP_TP_STATE_SHUTDOWN, pj.PJSIP_TP_STATE_DESTROY)


class Watched(pj.Endpoint):  # type: ignore[misc]
    """The library's endpoint; `changed` hears of every state of a connection."""

    def __init__(self, changed: Callable[[Any], None]) -> None:
        super().__init__()
        self._changed = changed

    def onTransportState(self, prm: Any) -> None:
        """A connection came, changed or went."""
        try:
            self._changed(prm)
        except Exception:  # noqa: BLE001 - a callback's edge
            log_failure("callback-failed name=onTransportState")
            shut(int(prm.hnd))


class Connections:
    """The TLS connections of one engine. `screen` is told of those that we end because of their certificate."""

    def __init__(self, peers: Peers, screen: Screen) -> None:
        self._peers = peers
        self._screen = screen
        self._accepted_at = ""
        self._believed: set[int] = set()
        self._trouble = (0.0, "")

    def listens(self, port: int) -> None:
        """Connections whose own end has this port were not dialled by us."""
        self._accepted_at = f":{port}"

    def changed(self, prm: Any) -> None:
        """See `Watched`."""
        if str(prm.type).upper() != "TLS":
            return
        connection = int(prm.hnd)
        if prm.state == pj.PJSIP_TP_STATE_CONNECTED:
            self._came(connection, prm)
        elif prm.state in ENDED:
            if prm.state == pj.PJSIP_TP_STATE_DISCONNECTED:
                self._broke(connection, prm)
            self._believed.discard(connection)
            self._peers.gone(connection)

    def library_said(self, line: str) -> None:
        """A line of the library's log: who has no certificate comes no further than the handshake."""
        failed = failed_handshake(line)
        if failed is not None:
            self._screen.refuse(failed[0], f"TLS: {failed[1]}")

    def trouble(self) -> str:
        """Why a leg that just failed could not be dialled, as far as connections tell; else ""."""
        at, text = self._trouble
        return text if time.monotonic() - at < TROUBLE_FOR else ""

    def _came(self, connection: int, prm: Any) -> None:
        info = prm.tlsInfo
        remote = info.remoteCertInfo
        address = str(info.remoteAddr)
        pem = "" if info.isEmpty() or remote.isEmpty() else str(remote.raw)
        what = (
            self._peers.came(connection, address, pem.encode()) if info.verifyStatus == 0 else "is not good"
        )
        if not what:
            self._believed.add(connection)
            return
        shut(connection)
        self._not_believed(info, address, what, "it must be issued anew")

    def _broke(self, connection: int, prm: Any) -> None:
        info = prm.tlsInfo
        if not info.isEmpty() and info.verifyStatus:
            self._not_believed(info, str(info.remoteAddr), *flaw(int(info.verifyStatus)))
        elif prm.lastError:
            text = error_of(int(prm.lastError))
            log.info("event=tls-ended error=%s", text)
            self._trouble = (time.monotonic(), of_end(text, connection in self._believed))

    def _not_believed(self, info: Any, address: str, what: str, advice: str) -> None:
        if str(info.localAddr).endswith(self._accepted_at):
            self._screen.refuse(address, f"its certificate {what}")
        else:
            self._trouble = (time.monotonic(), of_server(what, advice))


def shut(connection: int) -> None:
    """End a connection; nothing more is sent on it. pjsua2 takes no bare handle, the C library in it does."""
    library = ctypes.CDLL(str(sys.modules["_pjsua2"].__file__))
    library.pjsip_transport_shutdown(ctypes.c_void_p(connection))


def error_of(status: int) -> str:
    """The library's words for a status."""
    return str(pj.Endpoint.instance().utilStrError(status))


def transport_config(settings: VoiceSettings, tls: VoiceTls) -> Any:
    """TLS 1.3, both ends with a certificate of our authority."""
    config = pj.TransportConfig()
    config.port = settings.sip_port
    config.boundAddress = "" if settings.bind_host == "0.0.0.0" else settings.bind_host
    ours = config.tlsConfig
    ours.CaListFile, ours.certFile, ours.privKeyFile = str(tls.ca), str(tls.certificate), str(tls.key)
    ours.method, ours.proto = pj.PJSIP_TLSV1_3_METHOD, pj.PJ_SSL_SOCK_PROTO_TLS1_3
    ours.verifyServer = ours.verifyClient = ours.requireClientCert = True
    ours.enableRenegotiation = False
    ours.msecTimeout = NEGOTIATE_MOST_MS
    return config


def demand_srtp(media: Any) -> None:
    """Make an account's media SRTP or nothing, keys by SDES inside the TLS connection."""
    media.srtpUse = pj.PJMEDIA_SRTP_MANDATORY
    media.srtpSecureSignaling = 1
    suites = pj.SrtpCryptoVector()
    for name in SUITES:
        suite = pj.SrtpCrypto()
        suite.name = name
        suites.append(suite)
    keyings = pj.IntVector()
    keyings.append(pj.PJMEDIA_SRTP_KEYING_SDES)
    media.srtpOpt.cryptos, media.srtpOpt.keyings = suites, keyings
