"""Dunning: policies, holds and disputes; the evaluation of one tenant, and the daily run over all that need one."""

from app.operations.dunning.disputes import dispute_invoice, resolve_dispute
from app.operations.dunning.evaluating import DUNNING, evaluate_tenant
from app.operations.dunning.holds import hold_dunning, release_dunning
from app.operations.dunning.policies import PolicyInForce, dunning_policy, set_dunning_policy
from app.operations.dunning.running import run_dunning

__all__ = [
    "DUNNING",
    "PolicyInForce",
    "dispute_invoice",
    "dunning_policy",
    "evaluate_tenant",
    "hold_dunning",
    "release_dunning",
    "resolve_dispute",
    "run_dunning",
    "set_dunning_policy",
]
