"""How core says no to the API."""


class DeskError(Exception):
    """Core refuses. `status` is the HTTP status, `what` happened, `advice` is what the person can do."""

    def __init__(self, status: int, what: str, advice: str = "") -> None:
        super().__init__(f"{what} ({advice})" if advice else what)
        self.status = status
        self.what = what
        self.advice = advice
