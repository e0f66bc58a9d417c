"""Checks deployments and their subscriptions: both must agree with the deployment's events."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing import ActiveSpan, DeploymentState, SubscriptionStatus, day_of, last_active_day, subscription_status
from app.billing.period import ONE_DAY
from app.operations.data_integrity.integrity_check import (
    CheckedTable,
    Examination,
    Finding,
    IntegrityCheck,
    by_statement,
)

_STATES = """
WITH told AS (
    SELECT e.*, lag(CASE WHEN withheld THEN from_state ELSE to_state END) OVER (
               PARTITION BY deployment_id ORDER BY occurred_at, id) AS standing
    FROM cloud_deployment_events e WHERE deployment_id = any($1::uuid[])
)
SELECT 'cloud_deployment_events ' || id, format('it leaves %s, the deployment was in %s',
    coalesce(from_state, 'nothing'), coalesce(standing, 'nothing'))
FROM told WHERE from_state IS DISTINCT FROM standing
UNION ALL
SELECT 'cloud_deployments ' || d.id,
       format('it is in %s, its last event led to %s', d.state, coalesce(e.to_state, 'none'))
FROM cloud_deployments d LEFT JOIN LATERAL (
    SELECT to_state FROM cloud_deployment_events
    WHERE tenant_id = d.tenant_id AND deployment_id = d.id AND NOT withheld ORDER BY occurred_at DESC, id DESC LIMIT 1
) AS e ON true
WHERE d.id = any($1::uuid[]) AND d.state IS DISTINCT FROM e.to_state
UNION ALL
SELECT 'cloud_deployments ' || d.id,
       format('dunned_at is %s, the cause of its last event is %s', coalesce(d.dunned_at::text, 'null'), e.cause)
FROM cloud_deployments d CROSS JOIN LATERAL (
    SELECT cause, to_state FROM cloud_deployment_events
    WHERE tenant_id = d.tenant_id AND deployment_id = d.id AND NOT withheld ORDER BY occurred_at DESC, id DESC LIMIT 1
) AS e
WHERE d.id = any($1::uuid[]) AND (d.dunned_at IS NOT NULL) <> (e.cause = 'DUNNING' AND e.to_state <> 'ACTIVE')
ORDER BY 1, 2
"""
_SUBSCRIPTIONS = """
SELECT id, deployment_id, plan_version_id, pending_plan_version_id, pending_from, status, started_on, ended_on,
       created_at,
       array(SELECT plan_version_id FROM subscription_plan_versions v
             WHERE v.tenant_id = s.tenant_id AND v.subscription_id = s.id ORDER BY effective_on) AS versions,
       array(SELECT effective_on FROM subscription_plan_versions v
             WHERE v.tenant_id = s.tenant_id AND v.subscription_id = s.id ORDER BY effective_on) AS version_days
FROM subscriptions s WHERE deployment_id = any($1::uuid[]) ORDER BY id
"""
_SPANS = """
SELECT subscription_id, first_on, last_on FROM subscription_active_spans
WHERE subscription_id = any($1::uuid[]) ORDER BY subscription_id, first_on, last_on
"""
_EVENTS = """
SELECT deployment_id, id, to_state, occurred_at FROM cloud_deployment_events
WHERE deployment_id = any($1::uuid[]) AND NOT withheld ORDER BY occurred_at, id
"""


@dataclass(slots=True)
class _ExpectedSubscription:
    """A subscription as it follows from its deployment's events."""

    started_on: date
    status: SubscriptionStatus
    ended_on: date | None = None
    spans: list[ActiveSpan] = field(default_factory=list)

    def move(self, state: DeploymentState, moment: datetime, zone: ZoneInfo) -> None:
        status, today = subscription_status(state), day_of(moment, zone)
        if status is self.status:
            return
        if self.status is SubscriptionStatus.ACTIVE:
            self._stop(last_active_day(moment, zone))
        if status is SubscriptionStatus.ACTIVE:
            self.go_on(max(today, self.started_on))
        if status is SubscriptionStatus.CANCELLED:
            self.ended_on = max(today, self.started_on)
        self.status = status

    def go_on(self, day: date) -> None:
        first = self.spans.pop().first_day if self.spans and self.spans[-1].last_day == day else day
        self.spans.append(ActiveSpan(first, None))

    def _stop(self, last_day: date) -> None:
        span = self.spans.pop()
        if span.first_day <= last_day:
            self.spans.append(ActiveSpan(span.first_day, last_day))


async def _unlike_their_deployments(examination: Examination, keys: Sequence[Any]) -> list[Finding]:
    subscriptions = await examination.fetch(_SUBSCRIPTIONS, keys)
    spans: dict[UUID, list[ActiveSpan]] = defaultdict(list)
    for row in await examination.fetch(_SPANS, [row["id"] for row in subscriptions]):
        spans[row["subscription_id"]].append(ActiveSpan(row["first_on"], row["last_on"]))
    events: dict[UUID, list[Any]] = defaultdict(list)
    for row in await examination.fetch(_EVENTS, keys):
        events[row["deployment_id"]].append(row)
    findings = []
    for row in subscriptions:
        life = _live(row, events[row["deployment_id"]], examination.zone)
        texts = [*_differences(row, spans[row["id"]], life), *_version_faults(row, examination.today)]
        findings += [Finding(f"subscriptions {row['id']}", text) for text in texts]
    return findings


def _live(subscription: Any, events: Sequence[Any], zone: ZoneInfo) -> _ExpectedSubscription | None:
    """Derives a subscription from its deployment's events; None if no event tells the deployment's state at the time of
    subscribing.
    """
    since = (subscription["created_at"], subscription["id"])
    before = [event for event in events if (event["occurred_at"], event["id"]) < since]
    if not before:
        return None
    standing = subscription_status(DeploymentState(before[-1]["to_state"]))
    life = _ExpectedSubscription(subscription["started_on"], standing)
    if standing is SubscriptionStatus.ACTIVE:
        life.go_on(life.started_on)
    for event in events[len(before) :]:
        life.move(DeploymentState(event["to_state"]), event["occurred_at"], zone)
    return life


def _differences(row: Any, spans: list[ActiveSpan], life: _ExpectedSubscription | None) -> list[str]:
    if life is None:
        return ["it was created before its deployment"]
    findings = []
    if (row["status"], row["ended_on"]) != (life.status, life.ended_on):
        ended = f"{row['status']}, ended {row['ended_on']}"
        findings.append(f"it is {ended}; its deployment's events make it {life.status}, ended {life.ended_on}")
    if spans != life.spans:
        findings.append(f"it is active {_text(spans)}; its deployment's events give {_text(life.spans)}")
    return findings


def _version_faults(row: Any, today: date) -> list[str]:
    """Returns what is wrong with a subscription's plan version history: it must end with the version in force, or with
    the pending one, whose day may have come since.

    A version in force may begin tomorrow, because the clock of the machine that put it in force may be ahead.
    """
    history = list(zip(row["version_days"], row["versions"], strict=True))
    findings = []
    if not history or history[0][0] > row["started_on"]:
        findings.append(f"no plan version is in force on {row['started_on']}, its first day")
    if row["pending_from"] is not None:
        last = history.pop() if history else None
        if last != (row["pending_from"], row["pending_plan_version_id"]):
            pending = f"{row['pending_plan_version_id']} from {row['pending_from']}"
            findings.append(f"its pending plan version is {pending}, but its history ends with {_version_text(last)}")
    last = history[-1] if history else None
    if last is None or last[1] != row["plan_version_id"] or last[0] > max(row["started_on"], today + ONE_DAY):
        findings.append(f"it is on {row['plan_version_id']}, its history says {_version_text(last)}")
    return findings


def _version_text(version: tuple[date, UUID] | None) -> str:
    return "nothing" if version is None else f"{version[1]} from {version[0]}"


def _text(spans: Sequence[ActiveSpan]) -> str:
    return ", ".join(f"{first} to {last or 'now'}" for first, last in spans) or "never"


INTEGRITY_CHECKS = (
    IntegrityCheck(
        "a deployment's state is that of its last event", CheckedTable.DEPLOYMENTS, by_statement("", _STATES)
    ),
    IntegrityCheck(
        "a subscription's state and active spans follow its deployment's events",
        CheckedTable.DEPLOYMENTS,
        _unlike_their_deployments,
    ),
)
