"""The addresses of exports, and their signed links."""

from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.operations.exports.export_request import ExportRequest
from app.operations.signed_links import LINK_SUBJECT, check_signature, expiry, sign
from app.settings import Settings

PATH = "/exports"
PLATFORM_CALLER = "platform"


class SignedExport(NamedTuple):
    """What a link is signed for. `caller`: the id of the tenant whose user got the link, or PLATFORM_CALLER; expires:
    in seconds since 1970.
    """

    asked: ExportRequest
    caller: str
    expires: int

    @property
    def text(self) -> str:
        """What the signature covers."""
        return "\n".join([f"{PATH}/{self.asked.name}", *_parameters(self.asked).values(), *self.binding.values()])

    @property
    def binding(self) -> dict[str, str]:
        """The parameters of the link beside those of the export."""
        return {"caller": self.caller, "expires": str(self.expires)}

    def principal(self) -> Principal:
        """Who opens the link: someone who may read what the caller who got it may read."""
        if self.caller == PLATFORM_CALLER:
            return Principal(LINK_SUBJECT, frozenset({Role.PLATFORM_ADMIN}))
        return Principal(LINK_SUBJECT, frozenset({Role.TENANT_VIEWER}), UUID(self.caller))

    def check(self, settings: Settings, signature: str, now: datetime) -> None:
        """Raises LinkInvalidError or LinkExpiredError unless the link is accepted now."""
        check_signature(settings, self.text, signature, expires=self.expires, now=now)


class ExportUrls(NamedTuple):
    """An export's signed link and when it expires, and its permanent URL, which requires a token."""

    url: str
    permanent_url: str
    expires: int


def export_urls(context: Context, asked: ExportRequest) -> ExportUrls:
    """Returns the URLs of an export that is allowed. Without ARCADIA_PUBLIC_URL they are relative to the host."""
    settings, principal = context.settings, context.principal
    caller = PLATFORM_CALLER if principal.is_platform_admin else str(principal.tenant_id)
    link = SignedExport(asked, caller, expiry(context.clock()))
    address = f"{settings.public_url or ''}{PATH}/{asked.name}"
    parameters = _parameters(asked)
    signed = {**parameters, **link.binding, "signature": sign(settings, link.text)}
    return ExportUrls(f"{address}?{urlencode(signed)}", f"{address}?{urlencode(parameters)}", link.expires)


def _parameters(asked: ExportRequest) -> dict[str, str]:
    tenant = {} if asked.tenant_id is None else {"tenant": str(asked.tenant_id)}
    return {"from": asked.first_day.isoformat(), "to": asked.end.isoformat(), **tenant}
