"""What the verbs of the bench terminal do: what goes wrong with it, and what other people do. Pure."""

from typing import TYPE_CHECKING

from hw.bench.tetra_trouble import FLAGS, Trouble
from hw.tetra import sds

if TYPE_CHECKING:
    from hw.bench.tetra import Terminal


def obey(terminal: "Terminal", name: str, rest: str, now: float) -> None:
    """One verb of the terminal. ValueError when what follows its name is no such thing."""
    match name:
        case _ if name in FLAGS:
            setattr(terminal.trouble, name, True)
        case "grant_ms":
            terminal.trouble.grant_ms = min(max(float(rest), 0.0), 10_000.0)
        case "grant":
            terminal.trouble.grant = ("0", "1", "2", "3").index(rest)
        case "cme35":
            terminal.trouble.cme35 = min(int(rest), 1000)
        case "speak":
            terminal.trouble.silent = False
        case "normal":
            terminal.trouble = Trouble(grant_ms=terminal.grant_ms)
        case "reboot":
            terminal.reboot(now)
        case "out_of_range" | "in_range":
            _range(terminal, name == "in_range")
        case "text":
            sender, _, words = rest.partition(":")
            terminal.short_data("12", sender, sds.encode_text(words, 1) or b"")
        case "status":
            sender, _, value = rest.partition(":")
            terminal.short_data("13", sender, bytes.fromhex(value))
        case "position":
            sender, latitude, longitude = rest.split(":")
            terminal.short_data("12", sender, sds.encode_position(float(latitude), float(longitude)))
        case _:
            _far(terminal, name, rest)


def _range(terminal: "Terminal", on: bool) -> None:
    terminal.registered = on
    terminal.busy = ""
    terminal.say(f"+CREG: {1 if on else 2}")
    for instance in () if on else tuple(terminal.calls):
        terminal.clear(instance, 14)


def _far(terminal: "Terminal", name: str, rest: str) -> None:
    """What other people do."""
    group = next((each for each, call in terminal.calls.items() if call.group), None)
    match name:
        case "talk" | "emergency":
            urgent = 15 if name == "emergency" else 0
            if urgent and group is not None:  # an emergency call takes the place of the group's call
                terminal.clear(group, 9)
                group = None
            if group is None:
                group = terminal.new_call(True, rest)
                terminal.say(f"+CTICN: {group},0,0,5,{rest},1,1,0,1,1,5,{terminal.group},{urgent}")
            terminal.calls[group].granted, terminal.calls[group].talker = False, rest
            terminal.say(f"+CTXG: {group},3,0,0,5,{rest}")
        case "hush":
            if group is not None and terminal.calls[group].talker:
                terminal.cease(group, terminal.calls[group])
        case "call":
            terminal.say(f"+CTICN: {terminal.new_call(False, rest)},0,0,5,{rest},0,0,0,0,1,5,{terminal.me},0")
        case "clear":
            for instance in tuple(terminal.calls):
                terminal.clear(instance, 13)
        case "lie_grant":
            instance = group if group is not None else terminal.new_call(True, terminal.group)
            terminal.calls[instance].granted = True
            terminal.say(f"+CTXG: {instance},0,0,0")
        case "two_callers":
            instance = terminal.new_call(False, "1001")
            terminal.say(f"+CTICN: {instance},0,0,0,1001,0,0,0,0,1,0,23401,0")
            terminal.say(f"+CTICN: {instance},0,0,0,1002,0,0,0,0,1,0,23401,0")
