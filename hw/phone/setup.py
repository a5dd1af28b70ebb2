"""The commands that make a phone usable, and those that ask how it is, in their order. Pure.

ATZ is not among them unless the profile bears it: it restarts some phones.
"""

from typing import TYPE_CHECKING

from hw.phone.dialogue import Command

if TYPE_CHECKING:
    from hw.phone.profile import PhoneProfile


def hello(profile: "PhoneProfile") -> tuple[Command, ...]:
    """First of all: no echo, errors with numbers, what the SIM wants."""
    reset = (Command("ATZ", "set-up", 10.0),) if profile.reset else ()
    basics = (Command("ATE0", "set-up"), Command("AT+CMEE=1", "set-up"))
    return (*reset, *basics, Command("AT+CPIN?", "pin", 10.0))


def set_up(profile: "PhoneProfile") -> tuple[Command, ...]:
    """With the SIM open: who calls, registration, the maker's own, short messages."""
    store = profile.text.store
    texts = [f'AT+CPMS="{store}","{store}","{store}"'] if store else []
    named = [
        "AT+CLIP=1",
        "AT+CCWA=1",
        "AT+CREG=1",
        *profile.setup,
        "AT+CMGF=0",
        *texts,
        profile.text.indicate,
    ]
    return tuple(Command(text, "set-up", 15.0) for text in named if not profile.forbids(text))


def status(profile: "PhoneProfile", texts: bool, lists: bool = True) -> tuple[Command, ...]:
    """How it is: a call that nobody told us of, registration, signal, storage."""
    calls = (Command("AT+CLCC", "list"),) if lists else ()
    signal = (
        (Command(profile.status.signal, "status", profile.status.limit),) if profile.status.signal else ()
    )
    storage = (Command("AT+CPMS?", "storage", 15.0),) if texts else ()
    return (*calls, Command("AT+CREG?", "status", 10.0), *signal, *storage)
