"""The parts that every operation's call uses: context, principal, permissions, refusal, transaction, idempotency, audit
and input validation.
"""
