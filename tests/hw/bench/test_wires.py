"""Pins between gateways and devices: polarity, edges only when there is one."""

from hw.bench.wires import Wires


def test_levels_go_by_polarity_and_only_changes_are_told() -> None:
    told: list[tuple[tuple[str, int], int, int]] = []
    driven: list[tuple[bool, int]] = []
    wires = Wires(lambda *edge: told.append(edge))
    wires.output(("g", 1), False, lambda on, at: driven.append((on, at)))
    move = wires.input(("g", 2), False, active=True)
    assert wires.inputs == {("g", 2): 0}
    move(True, 5)
    move(False, 6)
    assert told == [(("g", 2), 1, 6)]
    wires.write(("g", 1), 0, 7)
    wires.write(("g", 9), 1, 8)
    assert driven == [(True, 7)]
