"""The scope of a principal follows only from its roles and its tenant."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.database.scope import PLATFORM, Scope
from app.operations.calls.principal import NO_TENANT, Principal, Role

TENANT = UUID("01890000-0000-7000-8000-000000000001")


@pytest.mark.parametrize(
    ("roles", "tenant_id", "scope", "metering_scope"),
    [
        ({Role.PLATFORM_ADMIN}, None, PLATFORM, PLATFORM),
        ({Role.PLATFORM_ADMIN, Role.TENANT_VIEWER}, TENANT, PLATFORM, PLATFORM),
        ({Role.TENANT_ADMIN}, TENANT, Scope.tenant(TENANT), Scope.tenant(TENANT)),
        ({Role.TENANT_VIEWER}, TENANT, Scope.tenant(TENANT), Scope.tenant(TENANT)),
        ({Role.METER}, TENANT, Scope.tenant(TENANT), Scope.tenant(TENANT)),
        ({Role.METER}, None, Scope.tenant(NO_TENANT), PLATFORM),
    ],
)
def test_scope(roles: set[Role], tenant_id: UUID | None, scope: Scope, metering_scope: Scope) -> None:
    principal = Principal("someone", frozenset(roles), tenant_id)
    assert principal.scope == scope
    assert principal.metering_scope == metering_scope


@pytest.mark.parametrize("role", [Role.TENANT_ADMIN, Role.TENANT_VIEWER])
def test_a_tenant_role_needs_a_tenant(role: Role) -> None:
    with pytest.raises(ValueError, match="a principal with a tenant's role must have a tenant"):
        Principal("someone", frozenset({role}))


def test_a_principal_has_a_role() -> None:
    with pytest.raises(ValueError, match="at least one role"):
        Principal("someone", frozenset(), TENANT)
