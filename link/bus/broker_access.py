"""The `[broker]` table of a settings file: where the broker is and how to be let in."""

from pydantic import Field

from link.bus.broker_settings import BrokerSettings
from link.hosting.settings import Settings


class BrokerAccess(Settings):
    """Same table for gateway and centre; `username` is the client id when left out. Times in seconds."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    username: str = ""
    password: str = Field(default="", repr=False)
    first_retry: float = Field(default=1.0, gt=0, le=60)
    longest_retry: float = Field(default=120.0, gt=0, le=600)

    def settings(self, client_id: str) -> BrokerSettings:
        """What the bus door needs to connect as `client_id`."""
        return BrokerSettings(
            client_id=client_id,
            host=self.host,
            port=self.port,
            username=self.username or client_id,
            password=self.password,
            back_off_first=self.first_retry,
            back_off_most=self.longest_retry,
        )
