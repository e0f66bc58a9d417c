"""Tests of the check that statements name the tenant."""

import pytest

from tests.sql.tenant_keys import faults_of

JOINED = ["subscriptions and cloud_deployments are joined without their tenants"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT FROM subscriptions s JOIN cloud_deployments d ON d.tenant_id = s.tenant_id AND d.id = s.deployment_id",
        "SELECT FROM subscriptions s JOIN cloud_deployments d USING (tenant_id)",
        "SELECT FROM subscriptions s, cloud_deployments d WHERE s.tenant_id = $1 AND d.tenant_id = $1",
        "SELECT FROM subscriptions WHERE (tenant_id, deployment_id) IN (SELECT tenant_id, id FROM cloud_deployments)",
        "SELECT FROM subscriptions s JOIN tenants t ON t.id = s.tenant_id",
        "SELECT FROM subscriptions s JOIN plan_versions v ON v.id = s.plan_version_id",
        "SELECT (SELECT slug FROM cloud_deployments d WHERE d.tenant_id = s.tenant_id) FROM subscriptions s",
        """WITH d AS (SELECT tenant_id, id FROM cloud_deployments WHERE tenant_id = $1)
        SELECT FROM d JOIN subscriptions s ON s.tenant_id = d.tenant_id""",
        "SELECT FROM subscriptions WHERE tenant_id = any($1::uuid[]) AND id = $2 FOR NO KEY UPDATE",
        "SELECT FROM subscriptions WHERE id = $1",
        "UPDATE subscriptions SET ended_on = $2 WHERE tenant_id = $1 AND id = $3",
        """UPDATE subscriptions s SET ended_on = NULL FROM unnest($1::uuid[], $2::uuid[]) AS n (tenant_id, id)
        WHERE s.tenant_id = n.tenant_id AND s.id = n.id""",
        'DELETE FROM idempotency_keys WHERE tenant_id IS NOT DISTINCT FROM $1 AND "key" = $2',
        "BEGIN",
    ],
)
def test_a_statement_that_names_the_tenant_passes(text: str) -> None:
    assert faults_of(text) == []


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("SELECT FROM subscriptions s JOIN cloud_deployments d ON d.id = s.deployment_id", JOINED),
        (
            """SELECT FROM subscriptions s JOIN cloud_deployments d
            ON d.id = s.deployment_id AND (d.tenant_id = s.tenant_id OR s.id = $1)""",
            JOINED,
        ),
        (
            "SELECT FROM subscriptions s, cloud_deployments d WHERE s.tenant_id = any($1) AND d.tenant_id = any($1)",
            JOINED,
        ),
        ("SELECT FROM subscriptions WHERE deployment_id IN (SELECT id FROM cloud_deployments)", JOINED),
        ("SELECT (SELECT slug FROM cloud_deployments d WHERE d.id = s.deployment_id) FROM subscriptions s", JOINED),
        (
            """SELECT FROM subscriptions s
            WHERE EXISTS (SELECT FROM cloud_deployments d WHERE d.id = s.deployment_id AND d.tenant_id = $1)""",
            JOINED,
        ),
        (
            """SELECT FROM subscriptions s CROSS JOIN LATERAL (
                SELECT max(d.id) FROM cloud_deployments d WHERE d.id = s.deployment_id) AS m""",
            JOINED,
        ),
        (
            "WITH d AS (SELECT id FROM cloud_deployments) SELECT FROM subscriptions s JOIN d ON d.id = s.deployment_id",
            JOINED,
        ),
        ("SELECT FROM subscriptions WHERE id = $1 FOR SHARE", ["subscriptions is locked without its tenant"]),
        (
            """SELECT FROM subscriptions s JOIN cloud_deployments d ON d.tenant_id = s.tenant_id
            WHERE d.id = $1 FOR UPDATE OF s""",
            ["subscriptions is locked without its tenant"],
        ),
        ("UPDATE subscriptions SET tenant_id = $1 WHERE id = $2", ["subscriptions is updated without its tenant"]),
        ('DELETE FROM "charges" WHERE "charges"."id" = $1', ["charges is deleted without its tenant"]),
        (
            "DECLARE rows NO SCROLL CURSOR FOR SELECT FROM charges WHERE id = $1 FOR UPDATE",
            ["charges is locked without its tenant"],
        ),
    ],
)
def test_a_statement_without_the_tenant_is_found(text: str, faults: list[str]) -> None:
    assert faults_of(text) == faults
