"""Queries with one variable, and a value of it that they accept: test_extremes.py puts extremes in its place."""

from typing import Any

_UNKNOWN = "019d4500-0000-7000-8000-000000000009"
QUERIES: dict[str, tuple[str, Any]] = {
    "{ plan(code: $v) { name } tenant(code: $v) { name } }": ("String!", "studio"),
    "{ tenant(id: $v) { name } node(id: $v) { id } invoice(id: $v) { number } }": ("ID!", _UNKNOWN),
    "{ deployments { nodes { usage(periodStart: $v) { quantity } } } }": ("Date", "2026-04-01"),
    "{ tenants(first: $v) { totalCount } invoices(last: $v) { pageInfo { endCursor } } }": ("Int", 1),
    "{ tenants(after: $v) { totalCount } invoices(before: $v) { nodes { id } } }": ("String", "x"),
    "{ deployments(filter: $v) { totalCount nodes { slug } } }": (
        "DeploymentFilter",
        {"tenantId": _UNKNOWN, "state": ["ACTIVE"], "region": "syd1", "slug": "pilot", "search": "PIL"},
    ),
    "{ invoices(filter: $v) { totalCount nodes { number } } }": (
        "InvoiceFilter",
        {
            "tenantId": _UNKNOWN,
            "number": "2026-000001",
            "search": "acme",
            "status": ["DRAFT"],
            "periodStart": "2026-04-01",
            "periodFrom": "2026-04-01",
            "periodTo": "2026-05-01",
        },
    ),
    "{ tenants(filter: $v) { totalCount } }": ("TenantFilter", {"code": "acme", "search": "acme"}),
    "{ invoices { nodes { lines(filter: $v) { totalCount } } } }": (
        "InvoiceLineFilter",
        {"kind": ["TAX"], "resourceKind": "egress_gb", "deploymentId": _UNKNOWN, "periodStart": "2026-04-01"},
    ),
    "{ quote(input: $v) { totalCents } }": (
        "QuoteInput!",
        {
            "planCode": "studio",
            "planVersion": 1,
            "addons": [{"code": "storage_50gb", "additional": False}],
            "usage": [{"resourceKind": "droplet_hours", "quantity": "2160"}],
            "tenantId": None,
            "periodStart": "2026-04-01",
        },
    ),
    "{ taxRates(country: $v) { rate } }": ("String", "AU"),
    '{ margin(from: $v, to: "2026-05-01", groupBy: [MONTH]) { rows { month } } }': ("Date!", "2026-04-01"),
    '{ margin(from: "2026-04-01", to: $v, groupBy: [MONTH]) { rows { month } } }': ("Date!", "2026-05-01"),
}
