"""A phone's driver against ofono-phonesim, a simulator that nobody here wrote: set-up, calls, a text.

Its bare `AT` is answered ERROR, its PIN after two seconds, its storage not at all, and it says NO CARRIER before it
calls back: all of that is in other phones, too.
"""

from collections.abc import AsyncIterator

import pytest

from hw.phone.facts import (
    Answer,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallerKnown,
    Dial,
    HangUp,
    PhoneReady,
    SendText,
    ServiceChanged,
    SignalChanged,
    TextSent,
    Unsupported,
)
from tests.system.phonesim import Site, simulator

BUSY, CALLS_BACK, ANSWERS_AFTER_1_S = "155", "199", "0612301"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    command, why = simulator()
    if not command:
        pytest.skip(f"no ofono-phonesim: {why}")
    made = Site()
    await made.start(command)
    try:
        await made.until(lambda: bool(made.told(PhoneReady)), 20.0)
        yield made
    finally:
        await made.stop()


async def test_a_phone_that_nobody_here_wrote_is_set_up_called_and_texted(site: Site) -> None:
    await site.until(lambda: site.told(ServiceChanged) == [ServiceChanged(True, "home")])
    await site.until(lambda: site.told(SignalChanged) == [SignalChanged(5, -51)])
    assert not [fact for fact in site.told(Unsupported) if fact.needed]  # type: ignore[attr-defined]

    site.order(Dial(ANSWERS_AFTER_1_S))
    await site.until(lambda: bool(site.told(CallAnswered)))
    assert site.told(CallAnswered) == [CallAnswered(1, proved=True)]
    site.order(HangUp())
    await site.until(lambda: bool(site.told(CallEnded)))
    assert site.facts[-1].why == "hung up"  # type: ignore[attr-defined]

    site.order(SendText("t1", "+8613800138000", "水位 3.2 m", report=False))
    await site.until(lambda: bool(site.told(TextSent)))
    assert site.told(TextSent) == [TextSent("t1", 1)]

    site.order(Dial(CALLS_BACK))
    await site.until(lambda: bool(site.told(CallArrived)))
    await site.until(lambda: any(getattr(fact, "number", "") == "1234567" for fact in site.facts))
    site.order(Answer())
    await site.until(lambda: len(site.told(CallAnswered)) == 2)
    site.order(HangUp())
    await site.until(lambda: len(site.told(CallEnded)) == 3)
    site.order(Dial(BUSY))
    await site.until(lambda: len(site.told(CallEnded)) == 4)
    assert [fact.why for fact in site.told(CallEnded)][2:] == ["hung up", "busy"]  # type: ignore[attr-defined]
    assert len(site.told(CallerKnown)) <= 1
    assert site.safe == []
