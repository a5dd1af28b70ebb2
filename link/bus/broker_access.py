"""The `[broker]` table of a settings file: where the broker is and how to be let in."""

from pydantic import Field

from link.bus.broker_settings import BrokerSettings
from link.bus.tls import TlsFiles
from link.hosting.settings import Settings
from link.hosting.tls_settings import TlsSettings


class BrokerAccess(Settings):
    """Same table for gateway and centre; times in seconds.

    Name and password are for a plain broker; `username` is the client id when left out. To a secured one the
    certificate says who we are.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8883, ge=1, le=65535)
    username: str = ""
    password: str = Field(default="", repr=False)
    first_retry: float = Field(default=1.0, gt=0, le=60)
    longest_retry: float = Field(default=120.0, gt=0, le=600)

    def settings(self, client_id: str, tls: TlsSettings | None) -> BrokerSettings:
        """What the bus door needs to connect as `client_id`: by its certificate, or plain without `tls`."""
        files = None if tls is None else TlsFiles.of(tls)
        return BrokerSettings(
            client_id=client_id,
            host=self.host,
            port=self.port,
            username=(self.username or client_id) if files is None else None,
            password=self.password if files is None else None,
            back_off_first=self.first_retry,
            back_off_most=self.longest_retry,
            tls=files,
        )
