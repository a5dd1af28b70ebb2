"""What stops a technician's command, in words that say what to do."""


class CannotDo(Exception):
    """The command cannot be carried out; the text says why and what to do."""
