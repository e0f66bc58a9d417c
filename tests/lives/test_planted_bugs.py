"""The random lives detect bugs that lose money: each bug is planted here, and the same lives pass without it."""

from contextlib import nullcontext

import pytest

from tests.lives.script import draw
from tests.lives.test_lives import request_error_of
from tests.lives.world import LivesWorld

pytestmark = pytest.mark.timeout(600)

SCRIPTS, TENANTS = 8, 10

BUGS = {
    "late usage is not recorded": (
        "billing_month_changes",
        "BEFORE INSERT",
        "IF NEW.reason = 'USAGE' THEN RETURN NULL; END IF; RETURN NEW;",
    ),
    "a backdated subscription is not recorded": (
        "billing_month_changes",
        "BEFORE INSERT",
        "IF NEW.reason = 'SUBSCRIBED' THEN RETURN NULL; END IF; RETURN NEW;",
    ),
    "a stale draft is issued and forgotten": (
        "tenant_invoices",
        "AFTER UPDATE",
        (
            "IF NEW.status = 'ISSUED' AND OLD.status = 'DRAFT' THEN DELETE FROM billing_month_changes"
            " WHERE tenant_id = NEW.tenant_id AND period_start = NEW.period_start; END IF; RETURN NEW;"
        ),
    ),
    "a credit that the invoice has no room for is dropped": (
        "billing_months",
        "BEFORE UPDATE",
        "IF NEW.rated_cents < NEW.billed_cents THEN NEW.rated_cents = NEW.billed_cents; END IF; RETURN NEW;",
    ),
}


@pytest.mark.heavy
@pytest.mark.parametrize("bug", [None, *BUGS])
def test_a_planted_bug_is_caught(lives_world: LivesWorld, bug: str | None) -> None:
    with lives_world.planted(*BUGS[bug]) if bug else nullcontext():
        caught = any(request_error_of(lives_world, draw(seed, TENANTS)) for seed in range(SCRIPTS))
    assert caught is (bug is not None)
