"""Checks provider's bills: their sums, and which deployment each row is the cost of."""

from app.operations.data_integrity.integrity_check import CheckedTable, IntegrityCheck, by_statement

# round() rounds halves away from zero, as costs are rounded.
_SUMS = """
SELECT b.id::text, format('total %s and allocated %s; its rows sum to %s and %s',
                          b.total_cents, b.allocated_cents, l.total, l.allocated)
FROM cloud_invoices b CROSS JOIN LATERAL (
    SELECT round(coalesce(sum(exact_cents), 0)) AS total,
           round(coalesce(sum(exact_cents) FILTER (WHERE deployment_id IS NOT NULL), 0)) AS allocated
    FROM cloud_invoice_lines WHERE cloud_invoice_id = b.id
) AS l
WHERE b.id = any($1::uuid[]) AND (b.total_cents, b.allocated_cents) IS DISTINCT FROM (l.total, l.allocated)
ORDER BY b.id
"""
_AMOUNTS = """
SELECT id::text, format('%s cents, rounded from %s', amount_cents, exact_cents) FROM cloud_invoice_lines
WHERE cloud_invoice_id = any($1::uuid[]) AND amount_cents <> round(exact_cents)
ORDER BY id
"""
_OWNERS = """
SELECT l.id::text, format('a %s of deployment %s; its resource is a %s of deployment %s',
                          l.resource_kind, coalesce(l.deployment_id::text, 'none'),
                          r.resource_kind, coalesce(r.deployment_id::text, 'none'))
FROM cloud_invoice_lines l LEFT JOIN cloud_resources r ON r.id = l.cloud_resource_id
WHERE l.cloud_invoice_id = any($1::uuid[])
  AND (l.tenant_id, l.deployment_id, l.resource_kind) IS DISTINCT FROM (r.tenant_id, r.deployment_id, r.resource_kind)
ORDER BY l.id
"""

INTEGRITY_CHECKS = (
    IntegrityCheck(
        "the lines of a provider's bill add up to its totals", CheckedTable.BILLS, by_statement("cloud_invoices", _SUMS)
    ),
    IntegrityCheck(
        "the cents of a bill's line are its exact amount, rounded",
        CheckedTable.BILLS,
        by_statement("cloud_invoice_lines", _AMOUNTS),
    ),
    IntegrityCheck(
        "a bill's line is allocated to the deployment that owned the resource",
        CheckedTable.BILLS,
        by_statement("cloud_invoice_lines", _OWNERS),
    ),
)
