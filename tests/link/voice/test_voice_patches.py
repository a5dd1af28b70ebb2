"""Who shall hear whom, and what of it is made."""

from hypothesis import given
from hypothesis import strategies as st

from link.voice.patches import PatchTable


def test_a_wish_is_made_once() -> None:
    table = PatchTable()
    table.want((1, 2), 1.0)
    assert table.must_make((1, 2))
    table.mark_made((1, 2), 1.0)
    table.want((1, 2), 1.0)
    assert not table.must_make((1, 2))
    assert not table.must_undo((1, 2))


def test_another_level_means_undo_then_make() -> None:
    table = PatchTable()
    table.want((1, 2), 1.0)
    table.mark_made((1, 2), 1.0)
    table.want((1, 2), 0.5)
    assert table.must_undo((1, 2))
    table.mark_undone((1, 2))
    assert table.must_make((1, 2))


def test_a_wish_outlives_the_media_but_not_the_port() -> None:
    table = PatchTable()
    table.want((1, 2), 1.0)
    table.want((3, 1), 1.0)
    table.mark_made((1, 2), 1.0)
    table.lost_media(1)
    assert table.must_make((1, 2))
    assert not table.must_undo((1, 2))
    table.forget(1)
    assert not table.wanted
    assert table.pairs_of(2) == table.pairs_of(3) == []


def test_what_is_made_can_be_undone_after_the_wish_is_gone() -> None:
    table = PatchTable()
    table.want((1, 2), 1.0)
    table.mark_made((1, 2), 1.0)
    table.unwant((1, 2))
    assert table.pairs_of(1) == [(1, 2)]
    assert table.must_undo((1, 2))
    table.mark_undone((1, 2))
    assert table.pairs_of(1) == []


PAIRS = st.tuples(st.integers(1, 4), st.integers(1, 4))


class Bridge:
    """Does what the engine does with a table, and is checked against the wishes alone."""

    def __init__(self) -> None:
        self.table = PatchTable()
        self.real: dict[tuple[int, int], float] = {}

    def settle(self, pair: tuple[int, int]) -> None:
        if self.table.must_undo(pair):
            del self.real[pair]
            self.table.mark_undone(pair)
        if self.table.must_make(pair):
            assert pair not in self.real
            self.real[pair] = self.table.wanted[pair]
            self.table.mark_made(pair, self.real[pair])


@given(
    st.lists(
        st.tuples(st.sampled_from(["want", "unwant", "lost", "forget"]), PAIRS, st.sampled_from([0.5, 1.0]))
    )
)
def test_the_bridge_always_follows_the_wishes(steps: list[tuple[str, tuple[int, int], float]]) -> None:
    bridge, wishes = Bridge(), dict[tuple[int, int], float]()
    for what, pair, level in steps:
        if what == "want":
            wishes[pair] = level
            bridge.table.want(pair, level)
            bridge.settle(pair)
        elif what == "unwant":
            wishes.pop(pair, None)
            bridge.table.unwant(pair)
            bridge.settle(pair)
        else:
            port = pair[0]
            bridge.real = {p: at for p, at in bridge.real.items() if port not in p}
            if what == "lost":
                bridge.table.lost_media(port)
                for found in bridge.table.pairs_of(port):
                    bridge.settle(found)
            else:
                wishes = {p: at for p, at in wishes.items() if port not in p}
                bridge.table.forget(port)
        assert bridge.real == wishes == bridge.table.wanted == bridge.table.made
