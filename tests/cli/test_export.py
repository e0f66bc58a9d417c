"""`arcadia export`."""

import pytest

from tests.cli.command import Command

PERIOD = ("--from", "2026-04-01", "--to", "2026-05-01")


@pytest.mark.parametrize("records", ["invoices", "lines", "payments", "ledger"])
def test_an_empty_period_has_only_its_columns(arcadia: Command, records: str) -> None:
    outcome = arcadia.here("export", records, *PERIOD)
    assert (outcome.code, outcome.err, outcome.out.count("\n")) == (0, "", 1)
    assert outcome.out.startswith("id,")
    assert ",tenant," in outcome.out
    assert arcadia.here("export", records, *PERIOD, "--format", "jsonl").out == ""


def test_an_unknown_tenant_is_refused(arcadia: Command) -> None:
    outcome = arcadia.here("export", "invoices", *PERIOD, "--tenant", "nobody")
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "tenant 'nobody' does not exist\n")


def test_a_period_without_a_day_is_refused(arcadia: Command) -> None:
    outcome = arcadia.here("export", "invoices", "--from", "2026-04-01", "--to", "2026-04-01")
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "to must be after the first day of the period\n")
