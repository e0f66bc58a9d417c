"""Reads a token's claims. Identity providers name and structure them differently, which the settings describe.

A claim is looked up by its whole name first (namespaced claims are URLs with dots), then as a path, in which each dot
leads into an object: `realm_access.roles` of Keycloak, `resource_access.CLIENT.roles`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.operations.calls.principal import TENANT_ROLES, Principal, Role
from app.settings import Settings, SettingsError

MAX_SUBJECT_LENGTH = 255
"""The subject is a key of rate limits and a column of the audit log. PostgreSQL cannot store U+0000."""

Claims = Mapping[str, Any]

_OUR_NAMES = {role.value.lower(): role for role in Role}


class ClaimError(Exception):
    """A claim is missing or malformed. The message names the claim and does not contain its value."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """How a token names its subject, roles and tenant, according to the settings. `role_names` maps the provider's
    names to ours.
    """

    subject: str = "sub"
    roles: tuple[str, ...] = ("roles",)
    tenant: str = "tenant_id"
    role_names: Mapping[str, Role] = field(default_factory=lambda: _OUR_NAMES)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Bearer":
        """Returns how tokens are read according to the settings. Raises SettingsError for an unknown role."""
        unknown = [role_name for _, role_name in settings.jwt_role_names if role_name not in _OUR_NAMES]
        if unknown:
            message = f"ARCADIA_JWT_ROLE_NAMES has {unknown[0]}, which is not one of {', '.join(_OUR_NAMES)}."
            raise SettingsError((message,))
        mapped = {provider_name: _OUR_NAMES[role_name] for provider_name, role_name in settings.jwt_role_names}
        roles = tuple(filter(None, (name.strip() for name in settings.jwt_roles_claim.split(","))))
        return cls(settings.jwt_subject_claim, roles or ("roles",), settings.jwt_tenant_claim, mapped or _OUR_NAMES)

    def principal(self, claims: Claims) -> Principal:
        """Returns the principal of the claims. Raises ClaimError."""
        subject = _required(claims, self.subject)
        printable = isinstance(subject, str) and subject.isprintable() and not subject.isspace()
        if not printable or not 1 <= len(subject) <= MAX_SUBJECT_LENGTH:
            raise ClaimError(f"The claim {self.subject} must be 1 to {MAX_SUBJECT_LENGTH} printable characters.")
        roles = self._roles(claims)
        tenant_id = self._tenant_id(claims)
        if roles & TENANT_ROLES and tenant_id is None:
            raise ClaimError(f"The token has no claim {self.tenant}, which its role requires.")
        return Principal(subject, roles, tenant_id)

    def claims(self, subject: str, roles: Iterable[Role], tenant_id: UUID | None) -> dict[str, object]:
        """Returns the claims for a token that this service signs. Raises ClaimError for a role that has no name."""
        names = {role: name for name, role in reversed(list(self.role_names.items()))}
        nameless = [role.value.lower() for role in roles if role not in names]
        if nameless:
            raise ClaimError(f"ARCADIA_JWT_ROLE_NAMES maps no name to the role {nameless[0]}: add one.")
        made: dict[str, object] = {self.subject: subject, self.roles[0]: sorted(names[role] for role in roles)}
        return made if tenant_id is None else {**made, self.tenant: str(tenant_id)}

    def _roles(self, claims: Claims) -> frozenset[Role]:
        values = {name: value for name in self.roles if (value := look_up(claims, name)) is not None}
        if not values:
            raise ClaimError(f"The token has no claim {' or '.join(self.roles)}.")
        named = [each for name, value in values.items() for each in _texts(name, value)]
        roles = frozenset(self.role_names[name] for name in named if name in self.role_names)
        if not roles:
            raise ClaimError(f"The claim {' or '.join(values)} names no role that this service knows.")
        return roles

    def _tenant_id(self, claims: Claims) -> UUID | None:
        value = look_up(claims, self.tenant)
        if value is None:
            return None
        try:
            return UUID(value)
        except (ValueError, TypeError, AttributeError):
            raise ClaimError(f"The claim {self.tenant} must be a UUID.") from None


OWN_TOKENS = Bearer()
"""The default, without settings."""


def look_up(claims: Claims, path: str) -> Any:
    """Returns the value of a claim; None if it is absent or null."""
    if path in claims:
        return claims[path]
    for dot in re.finditer(r"\.", path):
        inner = claims.get(path[: dot.start()])
        if isinstance(inner, dict) and (value := look_up(inner, path[dot.end() :])) is not None:
            return value
    return None


def seconds(claims: Claims, name: str, default: float | None = None) -> float:
    """Returns the value of a claim that is an instant, in seconds since 1970. Raises ClaimError; without a default the
    claim is required.
    """
    value = _required(claims, name) if default is None else claims.get(name)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ClaimError(f"The claim {name} must be a number of seconds since 1970.")
    return value


def check_issuer_and_audience(claims: Claims, issuer: str, audience: str) -> None:
    """Raises ClaimError unless the issuer and audience are the configured ones."""
    issuer_claim = _required(claims, "iss")
    if not isinstance(issuer_claim, str):
        raise ClaimError("The claim iss must be text.")
    if issuer_claim != issuer:
        raise ClaimError("The claim iss names an issuer that this service does not trust.")
    audience_claim = _required(claims, "aud")
    audiences = [audience_claim] if isinstance(audience_claim, str) else audience_claim
    if not isinstance(audiences, list) or not all(isinstance(each, str) for each in audiences):
        raise ClaimError("The claim aud must be text or a list of texts.")
    if audience not in audiences:
        raise ClaimError("The claim aud does not name this API.")


def _required(claims: Claims, name: str) -> Any:
    value = look_up(claims, name)
    if value is None:
        raise ClaimError(f"The token has no claim {name}.")
    return value


def _texts(name: str, value: Any) -> list[str]:
    """Returns the texts in a claim's value: the members of a list, or for a single text the whole text and also its
    words, because a role name may contain spaces.
    """
    if isinstance(value, str):
        return [value, *re.split(r"[\s,]+", value)]
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ClaimError(f"The claim {name} must be a list of texts, or one text with spaces or commas.")
    return value
