"""The one error of this package: what is wrong with a key, request or certificate, and what to do about it."""


class CertError(Exception):
    """`what` went wrong and where; `advice` is the way out. Never holds a secret."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what}: {advice}")
        self.what = what
        self.advice = advice
