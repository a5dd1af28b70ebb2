"""What the card of a gateway must say of this centre: where it is and whom to believe."""

import ipaddress

from central.config import CentralSettings
from central.enrolment_models import SiteFactsView
from central.key_book import KeyBook


def site_facts(settings: CentralSettings, book: KeyBook, ca: str) -> SiteFactsView | None:
    """None where there is nothing to say: in plain, without a front, without a ring. `ca`: PEM."""
    front = settings.front
    if settings.plain or front is None or book.ring is None:
        return None
    name = front.names[0]
    return SiteFactsView(
        realm=settings.realm,
        url=f"https://{f'[{name}]' if ':' in name else name}:{front.port}",
        broker=name if _here(settings.broker.host) else settings.broker.host,
        broker_port=settings.broker.port,
        ca=ca,
        root=book.ring.ring.root.hex(),
    )


def _here(host: str) -> bool:
    """Core's own name of its broker may be one that only this computer understands."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
