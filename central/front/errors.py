"""What goes wrong with the front, in words."""


class FrontError(Exception):
    """The front cannot be written or told. The text says what, where and what to do."""
