"""What a name and a password must be. No forced expiry: it makes people write passwords down."""

import re

SHORTEST = 12
LONGEST = 256
NAME = r"^[a-z0-9][a-z0-9-]{0,31}$"

_COMMON = frozenset(
    {
        "123456789012",
        "1234567890ab",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "abcdefghijkl",
        "administrator",
        "adminadminadmin",
        "changeme1234",
        "changemechangeme",
        "iloveyou1234",
        "letmeinletmein",
        "password1234",
        "password12345",
        "passwordpassword",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopasdf",
        "spillwayspillway",
        "spillway1234",
        "welcome12345",
        "welcomewelcome",
        "xiexiexiexie",
        "woaini1314520",
        "woainiwoaini",
        "zhongguo1234",
        "zaq12wsxcde3",
        "correcthorsebatterystaple",
        "trustno1trustno1",
    }
)
"""Those that are tried first and long enough; single words and runs are caught by their shape below."""
_FEWEST = 5
"""Different characters that it must hold."""


def password_fault(password: str, name: str) -> str | None:
    """Why this cannot be the password of `name`, or None. Never repeats it."""
    if len(password) < SHORTEST:
        return (
            f"the password is too short: at least {SHORTEST} characters, best four words that nobody expects"
        )
    if len(password) > LONGEST:
        return f"the password is too long: {LONGEST} characters at most"
    plain = re.sub(r"[\W_]", "", password.lower())
    if name and name.replace("-", "") in plain and len(plain) - len(name.replace("-", "")) < SHORTEST:
        return "the password is little more than the name: choose one in which the name is not"
    if plain in _COMMON or password.lower() in _COMMON:
        return "the password is one of those that are tried first: choose another"
    if len(set(password)) < _FEWEST or _repeats(password):
        return "the password repeats itself: choose one with more different characters"
    return None


def _repeats(password: str) -> bool:
    """The same few characters again and again."""
    return any((password[:size] * len(password))[: len(password)] == password for size in range(1, _FEWEST))
