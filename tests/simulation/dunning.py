"""Dunning as it should be: written from the text of the receivables rules, in plain Python."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing import DeploymentState
from tests.simulation.model import RECOVERY, Asked, Deployment, Tenant
from tests.simulation.receivables import Account, Owed

DAILY_TIME = time(9)
STATES = {"PAST_DUE": DeploymentState.PAST_DUE, "SUSPEND": DeploymentState.SUSPENDED}
BADNESS = [DeploymentState.ACTIVE, DeploymentState.PAST_DUE, DeploymentState.SUSPENDED]


class Policy(NamedTuple):
    """Steps with their days after the due date."""

    steps: tuple[tuple[str, int], ...]
    minimum: int = 0


DEFAULT = Policy((("NOTICE", 1), ("PAST_DUE", 7), ("FINAL_NOTICE", 21), ("SUSPEND", 30), ("PROPOSE_WRITE_OFF", 90)))
POLICIES = (
    None,
    DEFAULT,
    Policy((("NOTICE", 1), ("PAST_DUE", 2), ("SUSPEND", 3))),
    Policy((("PAST_DUE", 5), ("FINAL_NOTICE", 6), ("SUSPEND", 25)), 3_000),
    Policy((("NOTICE", 3), ("PROPOSE_WRITE_OFF", 4))),
    Policy((("NOTICE", 1), ("SUSPEND", 2), ("PAST_DUE", 3))),
)


def is_sound(policy: Policy) -> bool:
    """A policy does not suspend before PAST_DUE."""
    kinds = [kind for kind, _ in policy.steps]
    return "SUSPEND" not in kinds or "PAST_DUE" in kinds[: kinds.index("SUSPEND")]


class Move(NamedTuple):
    """A transition that dunning requests; asked: the invoice and the step that require it, or RECOVERY."""

    deployment: Deployment
    to: DeploymentState
    withheld: bool
    asked: Asked


@dataclass(eq=False)
class Evaluation:
    """What one evaluation of a tenant does."""

    tenant: Tenant
    ends_hold: bool
    steps: list[tuple[Owed, str, int]]
    moves: list[Move]

    @property
    def counts(self) -> tuple[int, int, int]:
        """Steps, and transitions applied and withheld."""
        withheld = sum(move.withheld for move in self.moves)
        return len(self.steps), len(self.moves) - withheld, withheld


@dataclass
class Dunning:
    """policies: those of tenants, and the platform's default under None. holds: the last day of each tenant's hold.
    runs: what each day's run did, as Evaluation.counts. finished: the days whose run has finished.
    """

    zone: ZoneInfo
    policies: dict[UUID | None, Policy] = field(default_factory=dict)
    holds: dict[UUID, date] = field(default_factory=dict)
    runs: dict[date, list[tuple[int, int, int]]] = field(default_factory=dict)
    finished: set[date] = field(default_factory=set)

    def day(self, now: datetime) -> date:
        """The last day whose time of dunning has come."""
        local = now.astimezone(self.zone)
        return local.date() - timedelta(days=int(local.time() < DAILY_TIME))

    def policy(self, tenant: Tenant) -> Policy:
        return self.policies.get(tenant.id) or self.policies.get(None) or DEFAULT

    def evaluate(self, tenant: Tenant, account: Account, now: datetime) -> Evaluation:
        """Returns what is due now."""
        day, policy = self.day(now), self.policy(tenant)
        until = self.holds.get(tenant.id)
        held = until is not None and until >= day
        overdue = sorted(
            (owed for owed in account.invoices if owed.balance and not owed.disputed and owed.due_on < day),
            key=lambda owed: owed.due_on,
        )
        owes = sum(owed.balance for owed in overdue) - account.credit
        if owes <= 0 or owes < policy.minimum:
            overdue = []
        reached = {
            owed: [step for step in policy.steps if owed.due_on + timedelta(days=step[1]) <= day] for owed in overdue
        }
        steps = [
            (owed, kind, days)
            for owed, its in ({} if held else reached).items()
            for kind, days in its
            if kind not in owed.taken
        ]
        oldest = overdue[0] if overdue else None
        asked = [kind for kind, _ in reached[oldest] if kind in STATES] if oldest else []
        moves = [move for each in tenant.deployments for move in moves_of(each, oldest, asked, held=held)]
        return Evaluation(tenant, until is not None and not held, steps, moves)

    def follow(self, done: Evaluation, now: datetime) -> None:
        """The evaluation was done."""
        if done.ends_hold:
            del self.holds[done.tenant.id]
        for owed, kind, days in done.steps:
            owed.taken[kind] = (now, days, self.day(now))
        for deployment, to, withheld, asked in done.moves:
            deployment.events += 1
            deployment.recorded_at = now
            deployment.dunned.append((to, withheld, asked))
            if not withheld:
                deployment.move(to, now, "DUNNING")
            elif asked is RECOVERY:
                deployment.recovery_was_withheld = True


def moves_of(deployment: Deployment, oldest: Owed | None, asked: list[str], *, held: bool) -> Iterator[Move]:
    """What the steps that the oldest overdue invoice has reached ask of one deployment."""
    state, withheld = deployment.state, deployment.suspended
    required = STATES[asked[-1]] if asked else DeploymentState.ACTIVE
    once = {its for _, was_withheld, its in deployment.dunned if was_withheld and its is not RECOVERY}
    if deployment.moved_by == "DUNNING" and state in BADNESS and _worse(state, required):
        if not (withheld and deployment.recovery_was_withheld):
            yield Move(deployment, DeploymentState.ACTIVE, withheld, RECOVERY)
        state = state if withheld else DeploymentState.ACTIVE
    for kind in asked:
        assert oldest is not None
        taken = oldest.taken.get(kind)
        if held or state not in BADNESS[:2] or not _worse(STATES[kind], state):
            continue
        stands = taken and deployment.moved_by == "OPERATOR" and deployment.moved_at >= taken[0]
        if taken and (stands or kind != asked[-1]):
            continue
        if not withheld:
            state = STATES[kind]
        elif (oldest.known.id, kind) in once:
            continue
        yield Move(deployment, STATES[kind], withheld, (oldest.known.id, kind))


def _worse(one: DeploymentState, other: DeploymentState) -> bool:
    return BADNESS.index(one) > BADNESS.index(other)
