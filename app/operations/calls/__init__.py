"""What every operation's call passes through: context, principal, permissions, refusal, transaction, idempotency, audit
and validation of input.
"""
