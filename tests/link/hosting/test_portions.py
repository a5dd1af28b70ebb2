"""One thing told to many inboxes: a portion in each turn of the loop, in order, nobody left out."""

import asyncio

from link.hosting.clock import HandClock
from link.hosting.inbox import Inbox
from link.hosting.portions import AT_A_TIME, SLICE, Portions, in_slices

MANY = 3 * AT_A_TIME + 7


def inboxes(count: int) -> list[Inbox]:
    return [Inbox(f"inbox-{number}") for number in range(count)]


def told(boxes: list[Inbox], event: object) -> int:
    """How many hold this as the newest."""
    return sum(len(box) > 0 and box._items[-1] is event for box in boxes)


def test_a_few_are_told_at_once_and_need_no_loop() -> None:
    boxes, event = inboxes(AT_A_TIME), object()
    Portions().tell(boxes, event)
    assert told(boxes, event) == AT_A_TIME


def test_many_are_told_a_portion_in_each_turn() -> None:
    async def by_turns() -> list[int]:
        boxes, event, seen = inboxes(MANY), object(), []
        Portions().tell(boxes, event)
        for _ in range(5):
            seen.append(told(boxes, event))
            await asyncio.sleep(0)
        assert all(len(box) == 1 for box in boxes)
        return seen

    assert asyncio.run(by_turns()) == [AT_A_TIME, 2 * AT_A_TIME, 3 * AT_A_TIME, MANY, MANY]


def test_what_was_begun_is_finished_before_the_next_and_on_demand() -> None:
    async def both() -> list[list[object]]:
        boxes, portions = inboxes(MANY), Portions()
        portions.tell(boxes, "gone")
        portions.tell(boxes, "up")
        portions.finish()
        for _ in range(5):
            await asyncio.sleep(0)
        return [list(box._items) for box in boxes]

    assert asyncio.run(both()) == [["gone", "up"]] * MANY


def test_much_work_is_done_in_order_and_others_get_their_turn() -> None:
    async def beside() -> tuple[list[int], int]:
        clock, done, turns = HandClock(), [], [0]  # type: HandClock, list[int], list[int]

        def work(number: int) -> None:
            done.append(number)
            clock._now += SLICE * 0.6

        async def other() -> None:
            while True:
                turns[0] += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await in_slices([lambda number=number: work(number) for number in range(20)], clock)
        task.cancel()
        return done, turns[0]

    done, turns = asyncio.run(beside())
    assert done == list(range(20)) and 8 <= turns <= 12
