"""The lifecycle of a deployment: its states, which actor may change them, and the effect on its subscription."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from types import MappingProxyType


class DeploymentState(StrEnum):
    TRIAL = "TRIAL"
    ACTIVE = "ACTIVE"
    PAST_DUE = "PAST_DUE"
    PAUSED = "PAUSED"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"
    ARCHIVED = "ARCHIVED"


class SubscriptionStatus(StrEnum):
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    CANCELLED = "CANCELLED"


class Actor(Enum):
    """The kind of actor that requests a transition; the letters are those of the transition table."""

    TENANT = "T"
    OPERATOR = "O"
    SYSTEM = "S"


class TransitionDecision(Enum):
    APPLY = "apply"
    WITHHOLD = "withhold"
    REFUSE = "refuse"


def _actors(letters: str) -> frozenset[Actor]:
    return frozenset(map(Actor, letters.split()))


_S = DeploymentState
TRANSITIONS: Mapping[DeploymentState, Mapping[DeploymentState, frozenset[Actor]]] = MappingProxyType(
    {
        _S.TRIAL: {_S.ACTIVE: _actors("T O S"), _S.CANCELLED: _actors("T O"), _S.SUSPENDED: _actors("O S")},
        _S.ACTIVE: {
            _S.PAST_DUE: _actors("O S"),
            _S.PAUSED: _actors("T O"),
            _S.SUSPENDED: _actors("O S"),
            _S.CANCELLED: _actors("T O"),
        },
        _S.PAST_DUE: {_S.ACTIVE: _actors("O S"), _S.SUSPENDED: _actors("O S"), _S.CANCELLED: _actors("O")},
        _S.PAUSED: {_S.ACTIVE: _actors("T O"), _S.SUSPENDED: _actors("O S"), _S.CANCELLED: _actors("T O")},
        _S.SUSPENDED: {_S.ACTIVE: _actors("O S"), _S.CANCELLED: _actors("O S")},
        _S.CANCELLED: {_S.ARCHIVED: _actors("O S")},
        _S.ARCHIVED: {},
    }
)

_STATUS = {
    _S.TRIAL: SubscriptionStatus.ACTIVE,
    _S.ACTIVE: SubscriptionStatus.ACTIVE,
    _S.PAST_DUE: SubscriptionStatus.ACTIVE,
    _S.PAUSED: SubscriptionStatus.PAUSED,
    _S.SUSPENDED: SubscriptionStatus.PAUSED,
    _S.CANCELLED: SubscriptionStatus.CANCELLED,
    _S.ARCHIVED: SubscriptionStatus.CANCELLED,
}


def allowed_transitions(state: DeploymentState, actor: Actor) -> tuple[DeploymentState, ...]:
    """Returns the states that `actor` may move a deployment to from `state`, in the order of their declaration."""
    targets = TRANSITIONS[state]
    return tuple(target for target in DeploymentState if actor in targets.get(target, ()))


def decide_transition(
    state: DeploymentState, target: DeploymentState, actor: Actor, *, billing_action_suspended: bool = False
) -> TransitionDecision:
    """Decides one requested transition.

    REFUSE: the transition table does not allow it for this actor. WITHHOLD: it is allowed, but an operator has
    suspended billing actions and the actor is the system: record the event and change nothing.
    """
    if actor not in TRANSITIONS[state].get(target, ()):
        return TransitionDecision.REFUSE
    if actor is Actor.SYSTEM and billing_action_suspended:
        return TransitionDecision.WITHHOLD
    return TransitionDecision.APPLY


def subscription_status(state: DeploymentState) -> SubscriptionStatus:
    return _STATUS[state]
