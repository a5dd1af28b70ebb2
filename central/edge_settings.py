"""The `[edge]` table of the centre's settings: where the edge (kamailio) listens, its nodes and trunks.

Telephones do not stand here: core keeps them, see `spillway phone`.
"""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from link.hosting.settings import Settings

HOST = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?\Z")
"""A host name or an IPv4 address, as it may stand in the edge's files."""
NODE = re.compile(r"(?P<host>[a-zA-Z0-9.-]{1,253}):(?P<port>[0-9]{1,5})\Z")

Transport = Literal["udp", "tls"]
Digest = Literal["MD5", "SHA-256"]
Dialled = Annotated[str, Field(pattern=r"^[0-9]{2,8}$")]


class EdgeTrunk(Settings):
    """A SIP trunk to a telephone company or another exchange. It is answered from its addresses only."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,23}$", description="what the voice node calls it")
    host: str = Field(min_length=1, max_length=253, description="where its calls are sent")
    port: int = Field(default=5060, ge=1, le=65535)
    transport: Transport = "udp"
    addresses: tuple[str, ...] = Field(default=(), max_length=32, description="where its calls come from")
    username: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9_.+@-]*$")
    secret_file: Path | None = Field(default=None, description="first line: the password to `username`")
    security: Literal["plain", "srtp"] = Field(default="plain", description="srtp: no call without it")

    @field_validator("host")
    @classmethod
    def _host(cls, host: str) -> str:
        if not HOST.match(host):
            raise ValueError(f"{host!r} is neither a host name nor an IPv4 address")
        return host

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.username) != (self.secret_file is not None):
            raise ValueError(f"trunk {self.name!r}: username and secret_file belong together")
        for address in self.sources:
            _ipv4(address, f"trunk {self.name!r}: give `addresses`, from which its calls come")
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """IPv4 addresses from which its calls come."""
        return self.addresses or (self.host,)


class EdgeSettings(Settings):
    """Paths are relative to the settings file. Without this table there are no telephones."""

    host: str = Field(default="0.0.0.0", description="IPv4 address to listen at; 0.0.0.0 for all")
    name: str = Field(default="", max_length=253, description="what telephones dial; `host` when left out")
    udp_port: int = Field(default=5060, ge=0, le=65535, description="0: nobody speaks UDP")
    tls_port: int = Field(default=0, ge=0, le=65535, description="0: no telephone speaks TLS")
    certificate: Path | None = Field(default=None, description="the edge's own, and what lies between")
    key: Path | None = Field(default=None, description="the private key to it")
    realm: str = Field(default="spillway", min_length=1, max_length=64, pattern=r"^[A-Za-z0-9.-]+$")
    digest: Digest = Field(default="MD5", description="how telephones are asked for their secret")
    nodes: tuple[str, ...] = Field(default=(), max_length=32, description="voice nodes, HOST:PORT")
    node_transport: Transport = "udp"
    node_host: str = Field(default="", description="IPv4 address for it; `host` when left out")
    node_port: int = Field(default=0, ge=0, le=65535, description="where voice nodes come by TLS")
    emergency: tuple[Dialled, ...] = Field(default=("110", "119", "120", "122"), max_length=32)
    tries: int = Field(default=10, ge=1, le=1000, description="wrong secrets until an address has to wait")
    lock: int = Field(default=60, ge=1, le=86400, description="seconds that it waits after the last one")
    flood: int = Field(default=100, ge=10, le=10_000, description="requests in 2 s from one address")
    expires: int = Field(default=600, ge=60, le=7200, description="the longest registration")
    trunk: tuple[EdgeTrunk, ...] = Field(default=(), max_length=100)

    @field_validator("host")
    @classmethod
    def _address(cls, host: str) -> str:
        return _ipv4(host, "the edge listens at an IPv4 address")

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if name and not HOST.match(name):
            raise ValueError(f"{name!r} is neither a host name nor an IPv4 address")
        return name

    @field_validator("nodes")
    @classmethod
    def _nodes(cls, nodes: tuple[str, ...]) -> tuple[str, ...]:
        for node in nodes:
            found = NODE.match(node)
            if not found or not 1 <= int(found["port"]) <= 65535:
                raise ValueError(f"{node!r} is no HOST:PORT")
        return nodes

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.host == "0.0.0.0" and not self.name:
            raise ValueError("host is 0.0.0.0, which nobody can dial: set name to what telephones dial")
        if not self.udp_port and not self.tls_port:
            raise ValueError("both udp_port and tls_port are 0: no telephone could come; give one")
        udp = [trunk.name for trunk in self.trunk if trunk.transport == "udp"]
        if not self.udp_port and (udp or self.node_transport == "udp"):
            who = f"trunk {udp[0]!r} speaks" if udp else "voice nodes speak"
            raise ValueError(f"udp_port is 0, but {who} UDP; give it, or let them come by TLS")
        if self.speaks_tls and (self.certificate is None or self.key is None):
            raise ValueError("TLS is wanted: give certificate and key of the edge")
        if self.node_transport == "tls" and not self.node_port:
            raise ValueError("node_transport is tls: give node_port, at which the voice nodes come")
        if self.node_transport == "tls" and _ipv4(self.node_address, "give node_host") == "0.0.0.0":
            raise ValueError(
                "node_transport is tls and host is 0.0.0.0: give node_host, one address of this host"
            )
        names = [trunk.name for trunk in self.trunk]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"trunk {name!r} stands twice; give each its own name")
        return self

    @property
    def speaks_tls(self) -> bool:
        """Whether anybody comes or is called by TLS."""
        trunks = any(trunk.transport == "tls" for trunk in self.trunk)
        return bool(self.tls_port) or self.node_transport == "tls" or trunks

    @property
    def dialled(self) -> str:
        """The host by which telephones and nodes dial the edge."""
        return self.name or self.host

    @property
    def node_address(self) -> str:
        """The IPv4 address at which voice nodes come by TLS."""
        return self.node_host or self.host

    def below(self, home: Path) -> "EdgeSettings":
        """The same with absolute paths."""
        pair = {"certificate": self.certificate, "key": self.key}
        own: dict[str, object] = {name: path and home / path for name, path in pair.items()}
        trunks = (
            trunk.model_copy(update={"secret_file": trunk.secret_file and home / trunk.secret_file})
            for trunk in self.trunk
        )
        return self.model_copy(update={**own, "trunk": tuple(trunks)})


def way_of(edge: EdgeSettings) -> tuple[str, str]:
    """(HOST:PORT at which voice nodes dial it, the address that its calls come from)."""
    if edge.node_transport == "tls":
        return f"{edge.dialled}:{edge.node_port}", edge.node_address
    here = "127.0.0.1" if edge.host == "0.0.0.0" else edge.host
    return f"{here}:{edge.udp_port}", here


def nodes_of(edge: EdgeSettings, voice_host: str, voice_port: int) -> tuple[str, ...]:
    """Where calls go, HOST:PORT each: those that are named, else the node of `[voice]`."""
    return edge.nodes or (f"{voice_host}:{voice_port}",)


def check_edge(edge: EdgeSettings, voice_host: str, voice_port: int, plain: bool) -> None:
    """What has to fit the other tables, of `[voice]` host and sip_port. ValueError."""
    if not edge.nodes and not voice_port:
        raise ValueError("[edge] has to know where calls go: set [voice] sip_port, or nodes")
    ports = {edge.udp_port, edge.tls_port, edge.node_port} - {0}
    shared = edge.host == voice_host or "0.0.0.0" in (edge.host, voice_host)
    if voice_port in ports and shared:
        raise ValueError(f"port {voice_port} is that of [voice] and of [edge]; give one of them another")
    if not plain and edge.node_transport == "udp":
        raise ValueError(
            'secured voice nodes speak TLS only: set [edge] node_transport = "tls" and node_port'
        )


def _ipv4(text: str, what: str) -> str:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        raise ValueError(f"{text!r} is no IPv4 address: {what}") from None
    return text
