"""Asks for passwords and codes: hidden at a terminal, a line each from anything else. Never an argument of a command:
those are seen by everybody on the machine, and stay in the shell's history."""

import getpass
import sys

from central.cli.refusals import Misused


def ask_secret(what: str) -> str:
    """What was typed. Misused when there is nothing."""
    try:
        typed = getpass.getpass(f"{what}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    except EOFError:
        typed = ""
    if not typed:
        raise Misused(f"no {what} was given", what, "type it, or pipe it in: one line each")
    return typed


def ask_code() -> str:
    """The code of the second factor; may be empty."""
    if sys.stdin.isatty():
        return getpass.getpass("code (nothing, if you have no device for codes): ").strip()
    return sys.stdin.readline().strip()


def ask_new_password() -> str:
    """A new password; typed twice at a terminal. Misused when the two differ."""
    typed = ask_secret("new password")
    if sys.stdin.isatty() and ask_secret("the same again") != typed:
        raise Misused("the two differ", "new password", "try again")
    return typed
