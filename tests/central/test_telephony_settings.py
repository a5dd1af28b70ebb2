"""Telephones in the settings: what stands there is whole, or it is said what is wrong."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from central.config import CentralSettings
from central.telephony_settings import TelephonySettings

EDGE = {"edge": "127.0.0.1:5060", "edges": ["127.0.0.1"]}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"edge": "127.0.0.1:5060"}, "give both"),
        ({"edges": ["127.0.0.1"]}, "give both"),
        ({"edge": "x:1", "edges": ["edge.example"]}, "no IP address"),
        ({"internal": "["}, "no pattern"),
        ({"permit_for_all": "office"}, "telephony.permit"),
        ({"extension": [{"number": "2001", "permit": "office"}]}, "telephony.permit"),
        ({"extension": [{"number": "2001"}, {"number": "2001"}]}, "stands twice"),
        ({"route": [{"prefix": "9"}]}, "give trunk or line"),
        ({"route": [{"prefix": "9", "trunk": "t", "line": "gw-a/sat"}]}, "give trunk or line"),
        ({"extension": [{"number": "anna"}]}, "pattern"),
        ({"emergancy": ["110"]}, "emergancy"),
    ],
)
def test_what_is_wrong_is_said(more: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TelephonySettings.model_validate(more)


def test_nothing_is_a_centre_without_telephones() -> None:
    settings = TelephonySettings()
    assert (settings.edge, settings.edges) == ("", ())
    assert "110" in settings.emergency


def test_paths_are_relative_to_the_file() -> None:
    settings = TelephonySettings.model_validate({**EDGE, "hold_music": "music.wav"})
    assert settings.below(Path("/etc/spillway")).hold_music == Path("/etc/spillway/music.wav")
    assert TelephonySettings().below(Path("/etc")).hold_music is None


def centre(**more: object) -> CentralSettings:
    base = {"state": "/x", "run": "/x", "api": {"tokens": "/x"}, "plain": True, "gateway": [{"id": "gw-a"}]}
    return CentralSettings.model_validate({**base, **more})


def test_a_number_reaches_one_thing() -> None:
    group = {"id": "valley", "number": "700"}
    assert centre(group=[group]).group[0].number == "700"
    with pytest.raises(ValidationError, match="'700' is given twice"):
        centre(group=[group, {"id": "hills", "number": "700"}])
    with pytest.raises(ValidationError, match="'700' is given twice"):
        centre(group=[group], telephony={"extension": [{"number": "700"}]})


def test_a_route_leads_to_a_gateway_that_is_here() -> None:
    centre(telephony={"route": [{"prefix": "8", "line": "gw-a/sat"}]})
    with pytest.raises(ValidationError, match="there is no gateway 'gw-b'"):
        centre(telephony={"route": [{"prefix": "8", "line": "gw-b/sat"}]})


EDGE_TABLE = {"host": "127.0.0.1", "udp_port": 5160, "nodes": ["127.0.0.1:5070"]}


def test_a_trunk_is_one_that_the_edge_has() -> None:
    telephony = {"route": [{"prefix": "9", "trunk": "carrier"}]}
    trunk = {"name": "carrier", "host": "192.0.2.1"}
    assert centre(telephony=telephony, edge={**EDGE_TABLE, "trunk": [trunk]}).edge is not None
    with pytest.raises(ValidationError, match="names trunk 'carrier'; those of .*: none"):
        centre(telephony=telephony, edge=EDGE_TABLE)
    with pytest.raises(ValidationError, match="names trunk 'night'"):
        centre(telephony={"trunk": [{"name": "night", "rings": "2001"}]}, edge=EDGE_TABLE)


def test_our_own_edge_need_not_be_named_twice() -> None:
    assert centre(edge=EDGE_TABLE).way_to_edge == ("127.0.0.1:5160", ("127.0.0.1",))
    elsewhere = {"edge": "192.0.2.7:5060", "edges": ["192.0.2.7"]}
    assert centre(edge=EDGE_TABLE, telephony=elsewhere).way_to_edge == ("192.0.2.7:5060", ("192.0.2.7",))
    assert centre().way_to_edge == ("", ())
