from itertools import product

import pytest

from app.billing import (
    TRANSITIONS,
    Actor,
    DeploymentState,
    SubscriptionStatus,
    TransitionDecision,
    allowed_transitions,
    decide_transition,
    subscription_status,
)

# The table of the rules, as it is written there.
RULES = """
TRIAL      | ACTIVE (T O S), CANCELLED (T O), SUSPENDED (O S)
ACTIVE     | PAST_DUE (O S), PAUSED (T O), SUSPENDED (O S), CANCELLED (T O)
PAST_DUE   | ACTIVE (O S), SUSPENDED (O S), CANCELLED (O)
PAUSED     | ACTIVE (T O), SUSPENDED (O S), CANCELLED (T O)
SUSPENDED  | ACTIVE (O S), CANCELLED (O S)
CANCELLED  | ARCHIVED (O S)
ARCHIVED   | none
"""


def allowed_by_the_rules() -> set[tuple[str, str, str]]:
    allowed = set()
    for row in RULES.strip().splitlines():
        source, targets = (part.strip() for part in row.split("|"))
        if targets == "none":
            continue
        for target in targets.split(","):
            name, actors = target.strip().rstrip(")").split(" (")
            allowed |= {(source, name, actor) for actor in actors.split()}
    return allowed


EVERY_REQUEST = list(product(DeploymentState, DeploymentState, Actor))


@pytest.mark.parametrize("suspended", [False, True])
def test_every_request_is_decided_as_the_rules_say(suspended: bool) -> None:
    allowed = allowed_by_the_rules()
    assert len(allowed) == 32
    for source, target, actor in EVERY_REQUEST:
        decision = decide_transition(source, target, actor, billing_action_suspended=suspended)
        if (source.value, target.value, actor.value) not in allowed:
            expected = TransitionDecision.REFUSE
        elif actor is Actor.SYSTEM and suspended:
            expected = TransitionDecision.WITHHOLD
        else:
            expected = TransitionDecision.APPLY
        assert decision is expected, (source, target, actor)


def test_what_is_allowed_is_what_would_not_be_refused() -> None:
    for source, actor in product(DeploymentState, Actor):
        assert allowed_transitions(source, actor) == tuple(
            target
            for target in DeploymentState
            if decide_transition(source, target, actor) is not TransitionDecision.REFUSE
        )


def test_a_tenant_cannot_lift_its_own_suspension() -> None:
    assert allowed_transitions(DeploymentState.SUSPENDED, Actor.TENANT) == ()


def test_every_state_is_on_the_map_and_has_a_status() -> None:
    assert set(TRANSITIONS) == set(DeploymentState)
    assert {state.value: subscription_status(state).value for state in DeploymentState} == {
        "TRIAL": "ACTIVE",
        "ACTIVE": "ACTIVE",
        "PAST_DUE": "ACTIVE",
        "PAUSED": "PAUSED",
        "SUSPENDED": "PAUSED",
        "CANCELLED": "CANCELLED",
        "ARCHIVED": "CANCELLED",
    }
    assert {status.value for status in SubscriptionStatus} == {"ACTIVE", "PAUSED", "CANCELLED"}
