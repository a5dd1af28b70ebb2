"""A desk of enrolment for tests of the API and the command line: rows in memory, no authority."""

from central.api.desk import DeskError
from central.enrolment_models import CertificateView, EnrolmentView, SiteFactsView, TokenView
from link.certs.keys import same_fingerprint

KEY = "40d1 3111 6aae d934 5f6e 25d1 03ed ad75"


class FakeEnrolment:
    """See central.api.enrolment_desk.EnrolmentDesk: gw-north has asked."""

    site: SiteFactsView | None = None
    """What it tells of the centre; None: it is plain."""

    def __init__(self) -> None:
        self.rows = {
            "gw-north": EnrolmentView(gateway="gw-north", state="pending", fingerprint=KEY, asked_wall=1.7e9)
        }

    async def new_token(self, gateway: str, by: str) -> TokenView:
        if gateway not in ("gw-north", "gw-south"):
            raise DeskError(404, f"there is no gateway {gateway!r}", "did you mean 'gw-north'?")
        return TokenView(gateway=gateway, token="t" * 32, until_wall=1.7e9, site=self.site)

    async def requests(self) -> tuple[EnrolmentView, ...]:
        return tuple(self.rows.values())

    async def approve(self, gateway: str, fingerprint: str, by: str) -> EnrolmentView:
        if not same_fingerprint(fingerprint, KEY):
            raise DeskError(409, "the fingerprint is not the one of the request", "read it again")
        return self._decide(gateway, "approved", by)

    async def refuse(self, gateway: str, by: str) -> EnrolmentView:
        return self._decide(gateway, "refused", by)

    def _decide(self, gateway: str, state: str, by: str) -> EnrolmentView:
        if gateway not in self.rows:
            raise DeskError(404, f"{gateway} has not asked", "see: spillway gateway pending")
        more = {"state": state, "decided_by": by, "decided_wall": 1.7e9}
        self.rows[gateway] = EnrolmentView.model_validate(self.rows[gateway].model_dump() | more)
        return self.rows[gateway]

    async def enrol(self, gateway: str, token: str, csr: str) -> CertificateView:
        return CertificateView(gateway=gateway, state=self.rows[gateway].state, fingerprint=KEY)

    async def standing(self, gateway: str, token: str) -> CertificateView:
        return CertificateView(gateway=gateway, state=self.rows[gateway].state, fingerprint=KEY)

    async def renew(self, gateway: str, csr: str) -> CertificateView:
        return CertificateView(
            gateway=gateway, state="approved", fingerprint=KEY, certificate="PEM", ca="PEM"
        )
