"""Retries of pushes to the finance system, and comparisons with it on demand."""

from typing import Annotated
from uuid import UUID

import strawberry

from app.operations.finance.reconciling import request_finance_reconciliation
from app.operations.finance.retrying import retry_finance_push
from app.reads import reference
from app.schema.arguments import Input, optional
from app.schema.context import Info
from app.schema.finance.types import FinancePush, FinanceReconciliation
from app.schema.problems import Refused, result_of


@strawberry.input(description="A blocked push to the finance system that is to be sent again.")
class RetryFinancePushInput:
    """Input of `retryFinancePush`."""

    push_id: UUID = strawberry.field(description="The id of the push.")


@strawberry.input(description="A comparison with the finance system that is to be made now.")
class ReconcileFinanceInput:
    """Input of `reconcileFinance`."""

    reason: str | None = optional(description="The reason for it, kept with the comparison.")


@strawberry.type(description="The result of retrying a push, which is attempted within moments.")
class FinancePushRetried:
    """Payload of `retryFinancePush`."""

    push: FinancePush = strawberry.field(description="The push.")


@strawberry.type(description="The result of requesting a comparison, which the worker makes within moments.")
class FinanceReconciliationRequested:
    """Payload of `reconcileFinance`."""

    reconciliation: FinanceReconciliation = strawberry.field(description="The comparison.")


RetryResult = Annotated[FinancePushRetried | Refused, result_of("retryFinancePush")]
ReconcileResult = Annotated[FinanceReconciliationRequested | Refused, result_of("reconcileFinance")]


@strawberry.type
class FinanceMutations:
    """Changes to the push to the finance system."""

    @strawberry.mutation(
        description="Send a blocked push to the finance system again, with the same body and idempotency key. Platform "
        "admins only."
    )
    async def retry_finance_push(self, info: Info, input_: Input[RetryFinancePushInput]) -> RetryResult:
        push_id = await retry_finance_push(info.context.operations, push_id=input_.push_id)
        return FinancePushRetried(push=reference(FinancePush, push_id))

    @strawberry.mutation(
        description="Compare the balances of all issued invoices with the finance system's, as once a day by itself. "
        "Platform admins only."
    )
    async def reconcile_finance(self, info: Info, input_: Input[ReconcileFinanceInput]) -> ReconcileResult:
        reconciliation_id = await request_finance_reconciliation(info.context.operations, reason=input_.reason)
        return FinanceReconciliationRequested(reconciliation=reference(FinanceReconciliation, reconciliation_id))
