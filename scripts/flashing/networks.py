"""NetworkManager keyfiles for a gateway: its socket by DHCP or a fixed address, Wi-Fi, a 4G stick.

Format: man nm-settings-keyfile. A connection's UUID is made of its name, so that a card that is provisioned again
replaces what it had. **Wi-Fi and 4G are untried**: there is neither here.
"""

import uuid
from ipaddress import IPv4Address, IPv4Interface
from typing import Self

from pydantic import Field, model_validator

from link.hosting.settings import Settings

_SPACE = uuid.UUID("9a3c5d0e-8f1b-5c7e-9d2a-5b1c0f6e7a41")


class Ethernet(Settings):
    """The socket. Without an address: DHCP."""

    address: IPv4Interface | None = Field(default=None, description="with its network: 10.0.0.5/24")
    gateway: IPv4Address | None = None
    dns: tuple[IPv4Address, ...] = Field(default=(), max_length=3)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.address is None and (self.gateway or self.dns):
            raise ValueError(
                "gateway and dns stand with a fixed address only; with DHCP the network tells them"
            )
        if self.address is not None and self.address.network.prefixlen == 32:
            raise ValueError("address names no network: write it like 10.0.0.5/24")
        if self.address is not None and self.gateway is not None and self.gateway not in self.address.network:
            raise ValueError(
                f"gateway {self.gateway} is not in the network {self.address.network} of the address"
            )
        return self


class Wifi(Settings):
    """A wireless network with a pass-phrase (WPA). Untried."""

    ssid: str = Field(min_length=1, max_length=32)
    psk: str = Field(min_length=8, max_length=63, repr=False)


class Mobile(Settings):
    """A 4G stick by ModemManager. Untried."""

    apn: str = Field(min_length=1, max_length=64)
    pin: str = Field(default="", pattern=r"^(\d{4,8})?$", repr=False)
    user: str = ""
    password: str = Field(default="", repr=False)


def keyfiles(ethernet: Ethernet, wifi: Wifi | None, mobile: Mobile | None) -> dict[str, str]:
    """Text of each keyfile by its name. The socket comes before Wi-Fi, Wi-Fi before 4G."""
    files = {"ethernet.nmconnection": _file("ethernet", "ethernet", 100, "", _ipv4(ethernet))}
    if wifi is not None:
        body = f"[wifi]\nmode=infrastructure\nssid={_escaped(wifi.ssid)}\n\n"
        body += f"[wifi-security]\nkey-mgmt=wpa-psk\npsk={_escaped(wifi.psk)}\n\n"
        files["wifi.nmconnection"] = _file("wifi", "wifi", 50, body, "method=auto\nroute-metric=600\n")
    if mobile is not None:
        lines = [f"apn={_escaped(mobile.apn)}"]
        lines += [f"{key}={_escaped(value)}" for key, value in _login(mobile) if value]
        body = "[gsm]\n" + "\n".join(lines) + "\n\n"
        files["mobile.nmconnection"] = _file("mobile", "gsm", 10, body, "method=auto\nroute-metric=700\n")
    return files


def _file(name: str, kind: str, priority: int, body: str, ipv4: str) -> str:
    head = f"[connection]\nid={name}\nuuid={uuid.uuid5(_SPACE, name)}\ntype={kind}\n"
    head += f"autoconnect=true\nautoconnect-priority={priority}\nautoconnect-retries=0\n\n"
    return f"{head}{body}[ipv4]\n{ipv4}\n[ipv6]\nmethod=auto\n"


def _ipv4(ethernet: Ethernet) -> str:
    if ethernet.address is None:
        return "method=auto\nroute-metric=100\n"
    gateway = f",{ethernet.gateway}" if ethernet.gateway else ""
    dns = "".join(f"{each};" for each in ethernet.dns)
    told = f"dns={dns}\n" if dns else ""
    return f"method=manual\naddress1={ethernet.address.with_prefixlen}{gateway}\n{told}route-metric=100\n"


def _login(mobile: Mobile) -> tuple[tuple[str, str], ...]:
    return ("pin", mobile.pin), ("username", mobile.user), ("password", mobile.password)


def _escaped(text: str) -> str:
    """As GLib's key files want a string: no line of its own, spaces at the ends kept."""
    for plain, written in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, written)
    return f"\\s{text[1:]}" if text.startswith(" ") else text
