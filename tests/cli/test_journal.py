"""`arcadia journal`."""

import pytest

from tests.cli.command import Command

EMPTY_APRIL = 'option "title" "ArcadiaCloud journal, 2026-04-01 until 2026-05-01"\n\n'


def test_a_month_is_from_its_first_day_until_the_next_months(arcadia: Command) -> None:
    outcome = arcadia.here("journal", "2026-04")
    assert (outcome.code, outcome.out, outcome.err) == (0, EMPTY_APRIL, "")
    assert arcadia.here("journal", "--from", "2026-04-01", "--to", "2026-05-01").out == EMPTY_APRIL
    december = arcadia.here("journal", "2026-12", "--format", "hledger").out
    assert december == "; ArcadiaCloud journal, 2026-12-01 until 2027-01-01\ndecimal-mark .\n\n"


def test_csv_has_its_header(arcadia: Command) -> None:
    assert arcadia.here("journal", "2026-04", "--format", "csv").out == (
        "record,date,recorded_at,entry,kind,description,document,tenant,account,line_kind,resource_kind,tax,currency,"
        "debit,credit\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Give a month such as 2026-04, or both --from and --to."),
        (("2026-04", "--to", "2026-05-01"), "Give a month such as 2026-04, or both --from and --to."),
        (("--from", "2026-04-01"), "Give a month such as 2026-04, or both --from and --to."),
        (("--from", "2026-04-31", "--to", "2026-05-01"), "'2026-04-31' is not a day such as 2026-04-01"),
        (("2026-04", "--format", "ledger"), "'ledger' is not one of 'beancount', 'hledger', 'csv'"),
    ],
)
def test_wrong_usage_is_told(arcadia: Command, arguments: tuple[str, ...], message: str) -> None:
    outcome = arcadia.here("journal", *arguments)
    assert outcome.code == 2
    assert message in " ".join(outcome.err.replace("│", " ").split())


def test_a_period_without_a_day_is_refused(arcadia: Command) -> None:
    outcome = arcadia.here("journal", "--from", "2026-04-01", "--to", "2026-04-01")
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "to must be after the first day of the period\n")
