"""What goes wrong with the edge, in words."""


class EdgeError(Exception):
    """The edge cannot be written, checked or told. The text says what, where and what to do."""
