"""The first frame on a stream door, both ways: who speaks. Pure: bytes to name and back."""

import json
import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_LARGEST = 256


class BadHello(Exception):
    """The first frame does not say who speaks."""


def check_name(name: str) -> str:
    """The name itself; ValueError unless it may be a peer's name."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"peer name {name[:80]!r}: letters, digits and . _ : / - only, at most 64")
    return name


def hello(name: str) -> bytes:
    """The payload of the first frame."""
    return json.dumps({"spillway": 1, "name": name}, separators=(",", ":")).encode()


def name_in(payload: bytes) -> str:
    """The name in a first frame. BadHello."""
    if len(payload) > _LARGEST:
        raise BadHello(f"first frame of {len(payload)} bytes is no hello")
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadHello("first frame is not a hello") from error
    if not isinstance(said, dict) or said.get("spillway") != 1 or not isinstance(said.get("name"), str):
        raise BadHello("first frame is a hello of another version")
    if not _NAME.fullmatch(said["name"]):
        raise BadHello(f"hello with the name {said['name'][:80]!r}")
    return str(said["name"])
