"""The parts of every simulation step: its random values, and whether it was done."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from app.database import CommitUnknown, DatabaseUnavailable
from app.operations.calls.principal import Role
from app.operations.calls.refusal import ProblemCode, Refusal
from tests.lives.rating import local_day
from tests.simulation.dunning import Dunning
from tests.simulation.faults import Crash, Fault, Kind
from tests.simulation.ledger import Ledger
from tests.simulation.model import ADDONS, KINDS, PLANS, Deployment, Tenant
from tests.simulation.world import World

T = TypeVar("T")

pick = st.integers(0, 11)
faults = st.one_of(
    st.none(),
    st.none(),
    st.none(),
    st.builds(
        Fault,
        st.sampled_from([Kind.KILL, Kind.CRASH]),
        st.sampled_from([0, 0, 0, 0, *range(1, 13)]),
        st.sampled_from([1, 1, 3]),
    ),
    st.just(Fault(Kind.LOST_ANSWER)),
)
plans = st.sampled_from(sorted(PLANS))
addons = st.sampled_from(sorted(ADDONS))
quantities = st.one_of(st.integers(0, 400), st.integers(0, 4800)).map(lambda number: Decimal(number) / 4)
resources = st.sampled_from([None, None, None, "r0", "r0", "r1", "another's"])
metered = st.tuples(
    pick,
    st.sampled_from([*KINDS, *KINDS, "unheard_of"]),
    st.one_of(quantities, quantities, st.just(Decimal(-1))),
    st.integers(-70 * 24 * 4, 2),  # quarters of an hour from now
    st.integers(0, 30),
    resources,
)
Metered = tuple[int, str, Decimal, int, int, str | None]


class Steps(RuleBasedStateMachine):
    """Bound to a world by `simulation_of`. `ledger`, `dunning` and `zone` are there from the beginning of a run on."""

    world: ClassVar[World]
    ledger: Ledger
    dunning: Dunning
    zone: ZoneInfo

    def __init__(self) -> None:
        super().__init__()
        self.tenants: list[Tenant] = []
        self.sound = False  # whether the current step has passed all checks
        self.number = 0

    def attempt(
        self,
        operation: Callable[[], Awaitable[Any]],
        fault: Fault | None,
        refusal: ProblemCode | None,
        was_done: Callable[[], bool | None],
        *,
        wakes: UUID | None = None,
    ) -> bool:
        """Runs the operation under the fault; returns whether it was done. `was_done` looks, where nobody was told;
        None where there is nothing to see. wakes: the tenant whose dunning it must wake.
        """
        self.sound = False
        self.world.advance(seconds=1)
        self.world.database.plan(fault)
        try:
            self.world.run(operation())
        except Refusal as refused:
            assert refused.code == refusal, refused  # noqa: PT017 - whether it is refused is what is asked
            assert not was_done(), f"it was refused with {refused.code}, and is done"  # noqa: PT017 - as above
            return False
        except (Crash, CommitUnknown):
            done = bool(was_done())
            assert not (done and refusal), f"it was done where {refusal} was due"
            return done
        except DatabaseUnavailable:
            assert not was_done(), "it failed, and is done"
            return False
        finally:
            self.world.database.plan(None)
        assert refusal is None, f"it was done where {refusal} was due"
        assert was_done() is not False, "it was answered, and is not done"
        assert wakes is None or wakes in self.world.queue.woken, "it did not wake dunning"
        return True

    def exists(self, statement: str, *arguments: object) -> bool:
        return bool(self.world.rows(f"SELECT WHERE EXISTS ({statement})", *arguments))

    def id_of(self, statement: str, *arguments: object) -> Any:
        (row,) = self.world.rows(statement, *arguments)
        return row.id

    @property
    def today(self) -> date:
        return local_day(self.world.now, self.zone)

    def caller(self, tenant: Tenant, by: str, behind: timedelta = timedelta(0)) -> Any:
        if by == "operator":
            return self.world.context(behind=behind)
        return self.world.context(Role.TENANT_ADMIN, tenant.id, behind=behind)

    def deployment(self, number: int) -> tuple[Tenant, Deployment]:
        every = [(tenant, deployment) for tenant in self.tenants for deployment in tenant.deployments]
        return every[number % len(every)]


def chosen(options: Sequence[T], number: int) -> T | None:
    return options[number % len(options)] if options else None
