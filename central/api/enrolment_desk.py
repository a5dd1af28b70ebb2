"""What the API may ask of core about enrolment. Core implements it."""

from typing import Protocol

from central.enrolment_models import CertificateView, EnrolmentView, TokenView


class EnrolmentDesk(Protocol):
    """Part of central.api.desk.Desk. Every method may raise DeskError, and no other exception."""

    async def new_token(self, gateway: str, by: str) -> TokenView:
        """A token for one gateway; its older unused one is worth nothing then. 404 unknown gateway."""

    async def requests(self) -> tuple[EnrolmentView, ...]:
        """The latest request of every gateway that has made one."""

    async def approve(self, gateway: str, fingerprint: str, by: str) -> EnrolmentView:
        """Issue. 404 no request, 409 decided already or another fingerprint, 503 no authority to issue with."""

    async def refuse(self, gateway: str, by: str) -> EnrolmentView:
        """Refuse. 404 no request, 409 decided already."""

    async def enrol(self, gateway: str, token: str, csr: str) -> CertificateView:
        """A gateway asks. 403 the token is unknown or over, 409 it was used, 422 the request cannot be used."""

    async def standing(self, gateway: str, token: str) -> CertificateView:
        """How the request that was made with this token stands. 403."""

    async def renew(self, gateway: str, csr: str) -> CertificateView:
        """A gateway, known by its certificate, gets the next. 409 too soon, 422, 503."""
