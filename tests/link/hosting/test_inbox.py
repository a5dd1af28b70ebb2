"""Inbox: nothing posted is lost up to the limit; what is beyond is refused and counted, never waited for."""

import asyncio
import threading
import time
from collections import deque

import pytest

from link.hosting.clock import settle_loop
from link.hosting.inbox import Inbox


async def test_items_come_out_in_the_order_they_were_posted():
    inbox = Inbox("box")
    assert [inbox.post(number) for number in range(3)] == [True, True, True]
    assert [await inbox.get() for _ in range(3)] == [0, 1, 2]
    assert inbox.get_nowait() is None


async def test_a_reader_that_waits_is_woken():
    inbox = Inbox("box")
    reader = asyncio.create_task(inbox.get())
    await settle_loop()
    assert not reader.done()
    inbox.post("news")
    assert await asyncio.wait_for(reader, 1) == "news"


async def test_what_was_posted_before_the_loop_ran_is_read():
    inbox = Inbox("box")
    inbox.post("early")
    inbox.bind()
    assert await asyncio.wait_for(inbox.get(), 1) == "early"


async def test_a_full_inbox_refuses_the_newcomer_and_counts_it(caplog: pytest.LogCaptureFixture):
    inbox = Inbox("box", limit=2)
    assert [inbox.post(number) for number in range(5)] == [True, True, False, False, False]
    assert (inbox.dropped, len(inbox)) == (3, 2)
    assert [record.message for record in caplog.records] == ["inbox=box full limit=2 dropped=int"]
    assert await inbox.get() == 0
    assert inbox.post("again")
    assert [await inbox.get(), await inbox.get()] == [1, "again"]


class Looked(deque):
    """Items of which a thread posts one more just after each of the first looks found it empty."""

    def __init__(self, inbox: Inbox, which: int) -> None:
        super().__init__()
        self.inbox, self.looks_left = inbox, which

    def __len__(self) -> int:
        seen = super().__len__()
        if not seen and threading.current_thread() is threading.main_thread():
            self.looks_left -= 1
            if not self.looks_left:
                thread = threading.Thread(target=self.inbox.post, args=("in between",))
                thread.start()
                thread.join()
        return seen


@pytest.mark.parametrize("which", [1, 2])
async def test_a_post_between_the_look_and_the_wait_is_not_lost(which: int):
    inbox = Inbox("box")
    inbox.bind()
    inbox._items = Looked(inbox, which)
    assert await asyncio.wait_for(inbox.get(), 1) == "in between"


async def test_many_threads_post_at_once_and_nothing_is_lost():
    inbox, each, threads = Inbox("box", limit=10_000), 500, 6
    inbox.bind()
    gate = threading.Barrier(threads)

    def post(name: int) -> None:
        gate.wait()
        for number in range(each):
            assert inbox.post((name, number))

    posters = [threading.Thread(target=post, args=(name,)) for name in range(threads)]
    for poster in posters:
        poster.start()
    read = [await asyncio.wait_for(inbox.get(), 10) for _ in range(each * threads)]
    for poster in posters:
        poster.join()
    assert len(inbox) == inbox.dropped == 0
    for name in range(threads):
        assert [n for poster, n in read if poster == name] == list(range(each)), "in the order of its poster"


async def test_a_thread_wakes_a_loop_that_sleeps():
    inbox, go = Inbox("box"), threading.Event()
    began = time.monotonic()

    def post() -> None:
        go.wait()
        inbox.post("from afar")

    thread = threading.Thread(target=post)
    thread.start()
    reader = asyncio.create_task(inbox.get())
    await settle_loop()
    asyncio.get_running_loop().call_soon(go.set)  # now the loop has nothing more to do and sleeps
    assert await asyncio.wait_for(reader, 5) == "from afar"
    thread.join()
    assert time.monotonic() - began < 4, "nobody but a later alarm woke it"


def test_a_thread_that_posts_after_the_end_is_told_so():
    inbox = Inbox("box")

    async def serve() -> None:
        inbox.bind()

    asyncio.run(serve())
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(inbox.post("too late")))
    thread.start()
    thread.join()
    assert answers == [False]


async def test_the_room_left_is_told():
    inbox = Inbox("x", limit=2)
    assert inbox.room == 2
    inbox.post("a")
    inbox.post("b")
    assert (inbox.room, inbox.post("c")) == (0, False)
