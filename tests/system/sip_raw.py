"""A SIP speaker of a few lines over UDP or TLS: says exactly what a test wants said, also what no telephone says."""

import re
import secrets
import socket
import ssl
import time
from dataclasses import dataclass, field
from hashlib import md5, sha256

REALM = "spillway"


@dataclass(frozen=True)
class Message:
    """What came: the first line, headers (small letters, in order), body, and from where."""

    first: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""
    source: tuple[str, int] = ("", 0)

    @property
    def status(self) -> int:
        """Of an answer; 0 for a request."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else 0

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name.lower()]

    def get(self, name: str) -> str:
        return (self.all(name) or [""])[0]


def parse(data: bytes, source: tuple[str, int] = ("", 0)) -> Message:
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    first, *rest = head.split("\r\n")
    pairs = (line.partition(":") for line in rest)
    return Message(first, tuple((k.strip().lower(), v.strip()) for k, _, v in pairs), body, source)


@dataclass
class Speaker:
    """One socket. `edge`: where it sends to. `user` and `secret` answer a digest."""

    edge: tuple[str, int]
    host: str = "127.0.0.1"
    user: str = "201"
    secret: str = ""
    tls: ssl.SSLContext | None = None
    claims: str = ""
    """Where it says that it is, as a telephone behind a NAT does."""
    sock: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        if self.tls is None:
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.bind((self.host, 0))
        else:
            plain = socket.create_connection(self.edge, 3.0, (self.host, 0))
            self.sock = self.tls.wrap_socket(plain)
        self.sock.settimeout(3.0)
        self.port = int(self.sock.getsockname()[1])
        self._waiting = b""

    def close(self) -> None:
        self.sock.close()

    @property
    def via(self) -> str:
        kind = "UDP" if self.tls is None else "TLS"
        return f"SIP/2.0/{kind} {self.host}:{self.port};rport;branch=z9hG4bK{secrets.token_hex(8)}"

    @property
    def contact(self) -> str:
        place = self.claims or f"{self.host}:{self.port}"
        return f"<sip:{self.user}@{place}{'' if self.tls is None else ';transport=tls'}>"

    def request(
        self,
        method: str,
        to: str,
        *more: str,
        user: str | None = None,
        body: str = "",
        cseq: int = 1,
        call: str = "",
    ) -> str:
        """The text of a request outside of a call; `to` is the user of its address."""
        user = self.user if user is None else user
        address = f"sip:{to}@{self.edge[0]}" if to else f"sip:{self.edge[0]}"
        target = to or user
        kind = ["Content-Type: application/sdp"] if body else []
        head = [
            f"{method} {address} SIP/2.0",
            f"Via: {self.via}",
            f"From: <sip:{user}@{self.edge[0]}>;tag={secrets.token_hex(4)}",
            f"To: <sip:{target}@{self.edge[0]}>",
            f"Call-ID: {call or secrets.token_hex(8)}",
            f"CSeq: {cseq} {method}",
            f"Contact: {self.contact}",
            "Max-Forwards: 70",
            *more,
            *kind,
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(head) + "\r\n\r\n" + body

    def send(self, text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        if self.tls is None:
            self.sock.sendto(data, self.edge)
        else:
            self.sock.sendall(data)

    def receive(self, wait: float = 3.0) -> Message | None:
        """The next message; None when nothing comes."""
        self.sock.settimeout(wait)
        try:
            if self.tls is None:
                data, source = self.sock.recvfrom(65535)
                return parse(data, source) if data.strip() else self.receive(wait)
            while b"\r\n\r\n" not in self._waiting.lstrip():
                data = self.sock.recv(65535)
                if not data:
                    return None
                self._waiting += data
        except (TimeoutError, ConnectionError):
            return None
        head, _, rest = self._waiting.lstrip().partition(b"\r\n\r\n")
        length = int((re.search(rb"(?i)content-length: *(\d+)", head) or [b"", b"0"])[1])
        self._waiting = rest[length:]
        return parse(head + b"\r\n\r\n" + rest[:length], self.edge)

    def final(self, wait: float = 3.0) -> Message:
        """The next final answer; AssertionError when none comes."""
        end = time.monotonic() + wait
        while True:
            found = self.receive(max(0.01, end - time.monotonic()))
            assert found is not None and time.monotonic() < end, "no answer came"
            if found.status >= 200:
                return found

    def ask(self, method: str, to: str, *more: str, user: str | None = None, body: str = "") -> Message:
        """Send, answer one challenge with `secret`, return the final answer."""
        call, sent = secrets.token_hex(8), (method, to)
        self.send(self.request(*sent, *more, user=user, body=body, call=call))
        found = self.final()
        if found.status not in (401, 407) or not self.secret:
            return found
        if method == "INVITE":
            self.ack(found, to)
        shown = self.digest(found, method, f"sip:{to}@{self.edge[0]}" if to else f"sip:{self.edge[0]}")
        self.send(self.request(*sent, shown, *more, user=user, body=body, cseq=2, call=call))
        return self.final()

    def ack(self, answer: Message, to: str) -> None:
        """What follows a refused INVITE."""
        names = ("via", "from", "to", "call-id")
        copied = "".join(f"{name.title()}: {answer.get(name)}\r\n" for name in names)
        number = answer.get("cseq").split()[0]
        self.send(
            f"ACK sip:{to}@{self.edge[0]} SIP/2.0\r\n{copied}CSeq: {number} ACK\r\nMax-Forwards: 70\r\n"
            "Content-Length: 0\r\n\r\n"
        )

    def digest(self, challenge: Message, method: str, uri: str) -> str:
        """The header that answers a challenge with our secret."""
        asked = challenge.get("www-authenticate") or challenge.get("proxy-authenticate")
        words = dict(re.findall(r'(\w+)="?([^",]+)"?', asked))
        make = sha256 if words.get("algorithm") == "SHA-256" else md5
        hashed = lambda text: make(text.encode()).hexdigest()  # noqa: E731
        first, second = hashed(f"{self.user}:{words['realm']}:{self.secret}"), hashed(f"{method}:{uri}")
        own = secrets.token_hex(4)
        answer = hashed(f"{first}:{words['nonce']}:00000001:{own}:auth:{second}")
        name = "Authorization" if challenge.status == 401 else "Proxy-Authorization"
        return (
            f'{name}: Digest username="{self.user}", realm="{words["realm"]}", nonce="{words["nonce"]}", uri="{uri}", '
            f'response="{answer}", algorithm={words.get("algorithm", "MD5")}, qop=auth, nc=00000001, cnonce="{own}"'
        )

    def answer(self, request: Message, status: int, *more: str, body: str = "") -> None:
        """Answer a request where it came from."""
        copied = [f"Via: {each}" for each in request.all("via")]
        copied += [f"Record-Route: {each}" for each in request.all("record-route")]
        copied += [f"{name}: {request.get(name)}" for name in ("From", "Call-ID", "CSeq")]
        tag = "" if status == 100 or ";tag=" in request.get("to") else f";tag={secrets.token_hex(4)}"
        kind = ["Content-Type: application/sdp"] if body else []
        lines = [f"SIP/2.0 {status} x", *copied, f"To: {request.get('to')}{tag}", f"Contact: {self.contact}"]
        text = "\r\n".join([*lines, *more, *kind, f"Content-Length: {len(body)}"]) + "\r\n\r\n" + body
        if self.tls is None:
            self.sock.sendto(text.encode(), request.source)
        else:
            self.sock.sendall(text.encode())

    def wanted(self, method: str, wait: float = 3.0) -> Message:
        """The next request of this kind; what the edge asks by itself meanwhile (OPTIONS) is answered."""
        end = time.monotonic() + wait
        while True:
            found = self.receive(max(0.01, end - time.monotonic()))
            assert found is not None and time.monotonic() < end, f"no {method} came"
            if found.first.startswith("OPTIONS "):
                self.answer(found, 200)
            elif found.first.startswith(f"{method} "):
                return found


def ack(speaker: Speaker, answer: Message) -> str:
    """Make a call stand; the text of the BYE that ends it. Route and target are those that the answer names."""
    target = re.search(r"<([^>]+)>", answer.get("contact"))[1]  # type: ignore[index]
    routes = "".join(f"Route: {each}\r\n" for each in reversed(answer.all("record-route")))
    copied = "".join(f"{name}: {answer.get(name)}\r\n" for name in ("From", "To", "Call-ID"))
    number = answer.get("cseq").split()[0]

    def text(method: str, cseq: int) -> str:
        return (
            f"{method} {target} SIP/2.0\r\nVia: {speaker.via}\r\n{routes}{copied}CSeq: {cseq} {method}\r\n"
            "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )

    speaker.send(text("ACK", int(number)))
    return text("BYE", int(number) + 1)
