"""Simulations played step by step, for cases that random runs rarely find."""

from datetime import date, timedelta
from decimal import Decimal

from tests.lives.rating import next_month, start_of
from tests.simulation.machine import Simulation

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def january(simulation: Simulation, plan: tuple[str, int] = ("whole", 1)) -> None:
    """Two tenants (the first has two deployments) whose January has ended and is a draft, or worth nothing."""
    simulation.begin(zone="UTC", exempt=[False, False], chosen=[(plan, [], 0)] * 3)
    at_the_end_of(simulation, JANUARY, hours=5)
    simulation.cron(times=1, fault=None)
    simulation.work(fault=None, twice=False)
    simulation.everything_holds(integrity=False)


def at_the_end_of(simulation: Simulation, month: date, **after: float) -> None:
    simulation.world.now = start_of(next_month(month), simulation.zone) + timedelta(**after)


def roll_up(simulation: Simulation, months_ago: int, *, force: bool = False) -> None:
    simulation.roll_up(months_ago=months_ago, force=force, dry=False, some=11, worked=True)
    simulation.everything_holds(integrity=False)


def meter(simulation: Simulation, days_ago: int, quantity: int, kind: str = "droplet_hours") -> None:
    """Records usage of the first tenant's first deployment."""
    simulation.number += 1
    deployments = sum(len(tenant.deployments) for tenant in simulation.tenants)
    of = deployments  # the first, once around: 0 would be an unknown one
    simulation.ingest(batch=[(of, kind, Decimal(quantity), -96 * days_ago, simulation.number, None)], fault=None)
    simulation.everything_holds(integrity=False)


def come_to_an_end(simulation: Simulation) -> None:
    simulation.everything_holds()
    simulation.teardown()
