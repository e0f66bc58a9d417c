"""The resource names in a bill's row, and the resource that the row is matched to."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from app.operations.costs.matching import ResourceMatcher, names_of
from app.tables.costs import CloudInvoiceMatch, UnallocatedReason

PROVIDER_ID, NAME, SHORT_NAME, GROUP = CloudInvoiceMatch
UNKNOWN_NAME, NOT_ALIVE, SEVERAL_DEPLOYMENTS, NO_DEPLOYMENT = UnallocatedReason
MARCH, APRIL, MAY, JUNE = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5, 6))


class Row(NamedTuple):
    """A row of April."""

    description: str
    group_description: str = ""
    started_at: datetime = APRIL
    ended_at: datetime = MAY


def resource(name: str, deployment: str | None = "first", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"id of {name} in {deployment}",
        "tenant_id": deployment and "acme",
        "deployment_id": deployment,
        "external_id": f"number of {name} in {deployment}",
        "name": name,
        "resource_kind": "droplet_hours",
        "created_at": MARCH,
        "destroyed_at": None,
    } | changes


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("web-1", ("web-1",)),
        ("web-1 (s-1vcpu-2gb)", ("web-1 (s-1vcpu-2gb)", "web-1")),
        ("data-nyc3-01 (nyc3) 100GB", ("data-nyc3-01 (nyc3) 100GB", "data-nyc3-01")),
        ("web (old) (s-1vcpu-2gb)", ("web (old) (s-1vcpu-2gb)", "web (old)", "web")),
        ("(s-1vcpu-2gb)", ("(s-1vcpu-2gb)",)),
        ("web(1)", ("web(1)",)),
        ("", ()),
    ],
)
def test_a_text_names_a_resource_whole_or_before_a_bracket(text: str, names: tuple[str, ...]) -> None:
    assert names_of(text) == names


@pytest.mark.parametrize(
    ("row", "resources", "found"),
    [
        (Row("web"), [resource("web")], ("first", NAME, None)),
        (Row("web (2gb)"), [resource("web")], ("first", SHORT_NAME, None)),
        (Row("4711 (2gb)"), [resource("web", external_id="4711")], ("first", PROVIDER_ID, None)),
        (Row("web"), [], (None, None, UNKNOWN_NAME)),
        (Row(""), [resource("web")], (None, None, UNKNOWN_NAME)),
        (Row("web"), [resource("web", destroyed_at=APRIL)], (None, None, NOT_ALIVE)),
        (Row("web"), [resource("web"), resource("web", "second")], (None, None, SEVERAL_DEPLOYMENTS)),
        (Row("web"), [resource("web"), resource("web", None)], (None, None, SEVERAL_DEPLOYMENTS)),
        (Row("web"), [resource("web", None)], (None, NAME, NO_DEPLOYMENT)),
        (Row("pool-1 (2gb)", "prod"), [resource("prod")], ("first", GROUP, None)),
        (Row("pool-1", "prod (k8s)"), [resource("prod", external_id="x")], ("first", GROUP, None)),
        (Row("pool-1", "4711"), [resource("prod", external_id="4711")], ("first", GROUP, None)),
        (Row("web", "prod"), [resource("prod"), resource("web", "second")], ("second", NAME, None)),
        (Row("web", "prod"), [resource("prod"), resource("web", "second", created_at=JUNE)], ("second", NAME, None)),
        (Row("web", "prod"), [resource("prod"), resource("web", "second", destroyed_at=APRIL)], ("first", GROUP, None)),
        (Row("web", "prod"), [resource("prod", destroyed_at=APRIL)], (None, None, NOT_ALIVE)),
        (
            Row("web", "prod"),
            [resource("prod"), resource("web", "second"), resource("web")],
            (None, None, SEVERAL_DEPLOYMENTS),
        ),
        (
            Row("web"),
            [resource("web", destroyed_at=APRIL), resource("web", "second", created_at=APRIL)],
            ("second", NAME, None),
        ),
    ],
)
def test_a_row_is_matched_or_says_why_not(row: Row, resources: list[dict[str, Any]], found: tuple[object, ...]) -> None:
    match = ResourceMatcher(resources).match(row)
    assert (match.deployment_id, match.matched_by, match.unallocated_reason) == found
    assert (match.cloud_resource_id is None) == (match.matched_by is None) == (match.resource_kind is None)
