"""A SIP client of our own for attacks: it says what we like, over TLS with any certificate or over UDP."""

import contextlib
import os
import socket
import ssl
from pathlib import Path

from link.voice.port import VoiceTls

PLAIN_OFFER = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9998 RTP/AVP 9 8\r\n"
)
SRTP_OFFER = PLAIN_OFFER.replace("RTP/AVP", "RTP/SAVP") + (
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"
)
WEAK_OFFER = SRTP_OFFER.replace("SHA1_80", "SHA1_32")


def invite(port: int, token: str, offer: str, way: str = "TLS") -> bytes:
    """An INVITE with `token` to the node at `port`."""
    lines = [
        f"INVITE sip:line@127.0.0.1:{port};transport={way.lower()} SIP/2.0",
        f"Via: SIP/2.0/{way} 127.0.0.1:9;branch=z9hG4bK{os.urandom(6).hex()};rport",
        f"From: <sip:x@127.0.0.1>;tag={os.urandom(4).hex()}",
        f"To: <sip:line@127.0.0.1:{port}>",
        f"Call-ID: {os.urandom(8).hex()}",
        "CSeq: 1 INVITE",
        f"Contact: <sip:x@127.0.0.1:9;transport={way.lower()}>",
        "Max-Forwards: 70",
        *([f"X-Spillway-Token: {token}"] if token else []),
        "Content-Type: application/sdp",
        f"Content-Length: {len(offer)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + offer).encode()


class Stranger:
    """TLS connections to one port with the certificate of `tls`, or without any; it believes everybody."""

    def __init__(self, port: int, tls: VoiceTls | None) -> None:
        self._port = port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE
        if tls is not None:
            self._context.load_cert_chain(tls.certificate, tls.key)
        self.session: ssl.SSLSession | None = None
        self.resumed = False

    def say(self, message: bytes, resume: bool = False) -> str:
        """One message over a new connection; the last status line of the answer, or how the connection ended."""
        raw = socket.create_connection(("127.0.0.1", self._port), timeout=3)
        try:
            with self._context.wrap_socket(raw, session=self.session if resume else None) as tls:
                tls.settimeout(3)
                tls.sendall(message)
                answers = ""
                with contextlib.suppress(TimeoutError):
                    while data := tls.recv(65535):
                        answers += data.decode(errors="replace")
                        if " 100 " not in answers.splitlines()[0] or answers.count("SIP/2.0 ") > 1:
                            break
                self.session, self.resumed = tls.session, bool(tls.session_reused)
        except OSError as error:
            return f"ended: {error}"
        finally:
            raw.close()
        lines = [line for line in answers.splitlines() if line.startswith("SIP/2.0 ") and " 100 " not in line]
        return lines[-1] if lines else "closed"


def tcp_ports_towards(pid: int, port: int) -> list[int]:
    """Own ports of the connections that process `pid` has to `port`."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            name = str(link.readlink())
            if name.startswith("socket:["):
                inodes.add(name[8:-1])
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    mine = [row for row in rows if row[9] in inodes and row[3] == "01"]
    return [int(row[1].partition(":")[2], 16) for row in mine if int(row[2].partition(":")[2], 16) == port]
