"""The usage that a deployment's resources report for a day."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from random import Random

from app.cli.seeding.seed_calls import LiveDeployment
from app.operations.usage import MeteredEvent

SOURCE = "agent"
HOURS_A_DAY = Decimal(24)
SATURDAY, WEEKEND = 5, 0.6
"""The first day of the weekend, and the part of a working day's usage that one has."""
_KINDS = {
    "starter": ("egress_gb",),
    "team": ("egress_gb", "storage_gb", "llm_input_tokens", "llm_output_tokens"),
    "business": ("egress_gb", "storage_gb_hours", "llm_input_tokens", "llm_output_tokens"),
}
_A_DAY = {
    "egress_gb": {"starter": 5, "team": 22, "business": 80},
    "storage_gb": {"team": 60},
    "storage_gb_hours": {"business": 320},
    "llm_input_tokens": {"team": 45_000, "business": 900_000},
    "llm_output_tokens": {"team": 9_000, "business": 170_000},
}


def usage_of_day(random: Random, deployment: LiveDeployment, noon: datetime) -> Iterator[MeteredEvent]:
    """Yields the events of the day with that noon."""
    day, plan = noon.date(), deployment.plan
    for droplet in range(1, deployment.seeded.droplets + 1):
        yield _event(deployment, f"droplet-{droplet}/{day}", "droplet_hours", HOURS_A_DAY, noon)
    today = deployment.seeded.load * (WEEKEND if day.weekday() >= SATURDAY else 1)
    for kind in _KINDS[plan]:
        amount = _A_DAY[kind][plan] * today * random.uniform(0.7, 1.3)
        quantity = Decimal(round(amount)) if "tokens" in kind else Decimal(round(amount * 1000)).scaleb(-3)
        yield _event(deployment, f"{kind}/{day}", kind, quantity, noon)


def _event(deployment: LiveDeployment, name: str, kind: str, quantity: Decimal, occurred_at: datetime) -> MeteredEvent:
    return MeteredEvent(
        id=f"{deployment.key}/{name}",
        source=SOURCE,
        deployment_id=deployment.id,
        resource_kind=kind,
        quantity=quantity,
        occurred_at=occurred_at,
    )
