"""The kamailio of a town: only in a secured one that asks for it; its files are what kamailio takes."""

import tempfile
from dataclasses import replace
from pathlib import Path

from central.config import load_central
from central.edge.program import check
from central.edge_settings import nodes_of
from scripts.town.edge_file import told
from scripts.town.files import Places, Secrets, write_town
from scripts.town.plan import default_plan
from scripts.town.ports import EdgePorts, Ports
from scripts.town.stages import stages
from scripts.town.town import Town

PLAN = default_plan()
EDGE = EdgePorts(15060, 15061, 15062, 15063)
PORTS = Ports(11883, 18443, 12000, {"gw-lake/hf": 14532}, edge=EDGE)


def test_its_files_are_what_kamailio_takes() -> None:
    with tempfile.TemporaryDirectory(prefix="t ") as folder:  # a town's folder may have a space in it
        places = Places(Path(folder), Path("/tmp/spillway-none"))
        write_town(PLAN, places, PORTS, Secrets.fresh(PLAN))
        central = load_central(places.central)
        assert central.edge is not None and central.edge_folder == places.edge
        assert (central.edge.udp_port, central.edge.tls_port) == (15060, 15061)
        assert nodes_of(central.edge, central.voice.host, central.voice.sip_port) == ("127.0.0.1:15062",)
        assert central.way_to_edge == ("127.0.0.1:15063", ("127.0.0.1",))
        assert central.edge.certificate == places.pki.certificate("edge")
        check(places.edge)


def test_it_starts_with_the_voice_node_and_is_ready_when_its_port_answers() -> None:
    places = Places(Path("/town"), Path("/run/t"))
    made = stages(PLAN, places, PORTS, {})
    assert [unit.name for unit in made[2]] == ["voice", "nginx", "kamailio"]
    assert (made[2][2].port, made[2][2].watchdog) == (15061, None)
    assert "/town/state/central/edge/kamailio.cfg" in made[2][2].argv
    assert "kamailio" not in {u.name for s in stages(PLAN, places, replace(PORTS, edge=None), {}) for u in s}


def test_a_plain_town_and_one_that_asks_for_none_have_none(tmp_path: Path) -> None:
    for plan in (replace(PLAN, plain=True), replace(PLAN, telephony=False)):
        with_none = Town.create(tmp_path / str(plan.plain), plan)
        try:
            assert with_none.ports.edge is None and "kamailio" not in with_none.units
        finally:
            with_none._lock.close()
            with_none.places.run.joinpath("notify").rmdir()
            with_none.places.run.rmdir()


def test_people_are_told_where_telephones_register() -> None:
    assert told(EDGE).startswith("telephones register at 127.0.0.1:15060 (UDP) or 127.0.0.1:15061 (TLS)")
    ports = EdgePorts.free()
    assert len({ports.tls, ports.node, ports.inside}) == 3
