"""What usage of months that are over does to them: invoices of it are late, drafts stale, settlements undone.

A part of the statement that keeps the events (see store.py), so it costs no round trip. The tenants are shared, see
closing.py.
"""

# $4: the first day of the months that nobody can have closed. A level is carried on until a later day has its own.
LATE = """
, past AS (
    SELECT t.tenant_id, t.deployment_id, t.resource_kind, t.day, k.aggregation = 'TIME_WEIGHTED' AS is_level
    FROM touched t JOIN resource_kinds k ON k.code = t.resource_kind
    WHERE t.day < $4::date
), levels AS (
    SELECT tenant_id, deployment_id, resource_kind, day,
           least((SELECT min(u.day) FROM usage_daily_totals u
                  WHERE (u.tenant_id, u.deployment_id, u.resource_kind)
                      = (past.tenant_id, past.deployment_id, past.resource_kind) AND u.day > past.day),
                 (SELECT min(t.day) FROM touched t
                  WHERE (t.tenant_id, t.deployment_id, t.resource_kind)
                      = (past.tenant_id, past.deployment_id, past.resource_kind) AND t.day > past.day)) AS until
    FROM past WHERE is_level
), changed AS (
    SELECT p.tenant_id, p.deployment_id, p.resource_kind, p.day, i.id AS invoice_id, i.period_start, i.status
    FROM past p JOIN tenant_invoices i
        ON i.tenant_id = p.tenant_id AND i.status <> 'VOID' AND p.day >= i.period_start AND p.day < i.period_end
    UNION ALL
    SELECT l.tenant_id, l.deployment_id, l.resource_kind, l.day, i.id, i.period_start, i.status
    FROM levels l JOIN tenant_invoices i
        ON i.tenant_id = l.tenant_id AND i.status <> 'VOID' AND i.period_start > l.day
       AND (l.until IS NULL OR l.until >= i.period_start)
), stale AS (
    UPDATE tenant_invoices SET stale_since = $1
    WHERE id IN (SELECT invoice_id FROM changed) AND status = 'DRAFT' AND stale_since IS NULL
), reopened AS (
    UPDATE rollup_outcomes o SET reopened_at = $1
    FROM past p LEFT JOIN levels l USING (tenant_id, deployment_id, resource_kind, day)
    WHERE o.tenant_id = p.tenant_id AND o.outcome = 'SETTLED' AND o.reopened_at IS NULL
      AND (date_trunc('month', p.day::timestamp) = o.period_start
           OR p.is_level AND o.period_start > p.day AND (l.until IS NULL OR l.until >= o.period_start))
), flagged AS (
    INSERT INTO late_usage (
        id, tenant_id, deployment_id, resource_kind, source, event_id, quantity, occurred_at, recorded_at,
        period_start, invoice_id, flagged, opened_on, state
    )
    SELECT CASE WHEN day >= period_start THEN kept.id ELSE md5(kept.id::text || invoice_id::text)::uuid END,
           tenant_id, deployment_id, resource_kind, source, event_id, quantity, occurred_at, $1,
           period_start, invoice_id, status <> 'DRAFT',
           CASE WHEN status <> 'DRAFT' THEN ($1::timestamptz AT TIME ZONE $2::text)::date END, 'OPEN'
    FROM changed JOIN kept USING (tenant_id, deployment_id, resource_kind, day)
)
"""
