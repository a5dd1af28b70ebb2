"""MQTT topic names and filters: validity and matching, for the fake broker and early errors at the doors."""


def check_topic(topic: str) -> None:
    """ValueError unless `topic` may be published to."""
    if not topic or len(topic.encode()) > 65535:
        raise ValueError(f"topic must have 1 to 65535 bytes: {topic[:80]!r}")
    if "+" in topic or "#" in topic or "\0" in topic:
        raise ValueError(f"topic must not hold + # or NUL: {topic[:80]!r}")


def check_filter(pattern: str) -> None:
    """ValueError unless `pattern` may be subscribed to."""
    levels = pattern.split("/")
    if not pattern or "\0" in pattern or len(pattern.encode()) > 65535:
        raise ValueError(f"subscription must have 1 to 65535 bytes and no NUL: {pattern[:80]!r}")
    if any("#" in level for level in levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#"):
        raise ValueError(f"# stands alone at the end of a subscription: {pattern[:80]!r}")
    if any("+" in level and level != "+" for level in levels):
        raise ValueError(f"+ stands for a whole level of a subscription: {pattern[:80]!r}")


def matches(pattern: str, topic: str) -> bool:
    """Whether a subscription to `pattern` receives `topic`. Topics with $ hide from a leading wildcard."""
    if topic.startswith("$") and pattern[:1] in ("+", "#"):
        return False
    wanted, given = pattern.split("/"), topic.split("/")
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(given) or level not in ("+", given[place]):
            return False
    return len(wanted) == len(given)
