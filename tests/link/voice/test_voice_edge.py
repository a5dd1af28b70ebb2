"""What an edge says in an INVITE, and who is believed to be one."""

import pytest

from link.voice.edge import EdgeCall, Edges, NotTaken, read_call

PLAIN, SAVP = "m=audio 4000 RTP/AVP 8\r\n", "m=audio 4000 RTP/SAVP 8\r\n"
CALLER, KIND = "X-Spillway-Caller: 2001", "X-Spillway-Kind: phone"


def invite(*headers: str, uri: str = "sip:2002@10.0.0.1:5062", sdp: str = PLAIN) -> str:
    return "\r\n".join([f"INVITE {uri} SIP/2.0", "Via: SIP/2.0/UDP x", *headers]) + f"\r\n\r\nv=0\r\n{sdp}"


def test_a_call_of_a_phone() -> None:
    assert read_call(invite(CALLER, KIND)) == EdgeCall("2001", "phone", "2002", "", False, False)


def test_a_call_of_a_trunk_names_it() -> None:
    told = read_call(
        invite("x-spillway-caller: +86138", "X-Spillway-Kind: trunk", "X-Spillway-Trunk: carrier")
    )
    assert told == EdgeCall("+86138", "trunk", "2002", "carrier", False, False)
    assert read_call(invite("X-Spillway-Caller: 1", "X-Spillway-Kind: trunk")).code == 403


def test_a_number_may_be_written_with_percent() -> None:
    assert read_call(invite(CALLER, KIND, uri="sip:*8%23@node")).number == "*8#"


@pytest.mark.parametrize(
    ("headers", "uri", "code"),
    [
        ((KIND,), "sip:2002@x", 403),
        ((CALLER,), "sip:2002@x", 403),
        ((CALLER, "X-Spillway-Caller: 2009", KIND), "sip:2002@x", 403),
        (("X-Spillway-Caller: a b", KIND), "sip:2002@x", 403),
        ((CALLER, "X-Spillway-Kind: emperor"), "sip:2002@x", 403),
        ((CALLER, KIND), "sip:x", 404),
        ((CALLER, KIND), "sip:" + "1" * 41 + "@x", 404),
    ],
)
def test_what_is_no_call_is_refused(headers: tuple[str, ...], uri: str, code: int) -> None:
    told = read_call(invite(*headers, uri=uri))
    assert isinstance(told, NotTaken)
    assert told.code == code


@pytest.mark.parametrize(("sdp", "taken"), [(PLAIN, False), (SAVP, True), ("", True)])
def test_sound_that_must_be_encrypted_is(sdp: str, taken: bool) -> None:
    told = read_call(invite(CALLER, KIND, "X-Spillway-Srtp: required", sdp=sdp))
    assert isinstance(told, EdgeCall) == taken
    assert taken or told.code == 488


def test_only_the_edges_addresses_are_believed() -> None:
    edges = Edges(("10.0.0.5",), None)
    assert isinstance(edges.judge("10.0.0.5:5060", invite(CALLER, KIND)), EdgeCall)
    assert edges.judge("10.0.0.55:5060", invite(CALLER, KIND)) is None
    assert edges.judge("10.0.0.5:5060", invite(CALLER, KIND, "X-Spillway-Token: t")) is None


def test_over_tls_the_name_counts_too() -> None:
    names = {"10.0.0.5:5060": "edge", "10.0.0.5:5061": "gw-a"}
    edges = Edges(("10.0.0.5",), names.get)
    assert isinstance(edges.judge("10.0.0.5:5060", invite(CALLER, KIND)), EdgeCall)
    assert edges.judge("10.0.0.5:5061", invite(CALLER, KIND)) is None
    assert edges.judge("10.0.0.5:5062", invite(CALLER, KIND)) is None
