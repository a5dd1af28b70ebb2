"""What can be broken in a gateway's outbox: events are deleted when the broker has them, not when the centre has.

For the chaos run, which must notice; never on unless asked for by name (see sabotage.py).
"""

from collections import deque
from typing import Any

from scripts.town.sabotage_patch import Patch, Switch, instead


def delete_on_puback(on: Switch, bus: type | None = None) -> None:
    """`bus`: the class of the bus door, the real one unless a test says otherwise."""
    from firmware.events import EventsAcked
    from firmware.outbox.board import ROWS, Evidence
    from link.bus.paho_bus import PahoBus
    from link.bus.window import Window
    from link.contract.batch import Ack, open_batch

    leaves = tuple(row.value[1] for row in ROWS.values())
    under_way: deque[Ack] = deque()
    boards: list[Any] = []

    def publish(honest: Any, door: Any, topic: str, payload: bytes, **more: Any) -> bool:
        ours = topic.rpartition("/")[2] in leaves
        if ours:
            head, rows = open_batch(payload)
            under_way.append(Ack(epoch=head.epoch, upto=head.first_seq + len(rows) - 1))
        taken: bool = honest(door, topic, payload, **more)
        if ours and not taken:
            under_way.pop()
        return taken

    def judge(honest: Any, window: Any, topic: str, code: int) -> None:
        honest(window, topic, code)
        if topic.rpartition("/")[2] in leaves and under_way:
            acked = under_way.popleft()
            for board in boards:
                board.runner.inbox.post(EventsAcked(acked))

    def begun(honest: Any, window: Any, *settings: Any) -> None:
        under_way.clear()  # a new connection
        honest(window, *settings)

    def wired(honest: Any, board: Any) -> None:
        boards.append(board)
        honest(board)

    instead(bus or PahoBus, "publish", on, publish)
    instead(Window, "_judge", on, judge)
    instead(Window, "__init__", on, begun)
    instead(Evidence, "__post_init__", on, wired)


OUTBOX: dict[str, Patch] = {"delete-on-puback": delete_on_puback}
"""Name to patch. Not on the tour: only a broker or a centre that dies shows it."""
