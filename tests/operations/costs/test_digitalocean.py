"""DigitalOcean's CSV, read to the letter or refused with the row named."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.operations.costs.digitalocean import BillRow, MalformedBill, read_bill
from tests.operations.costs.bills import HEADER, bill, row


def test_a_row_is_read_field_by_field() -> None:
    text = bill(
        "Droplets,,web-1 (s-1vcpu-2gb),720,2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000,$12.00,arcadia,iaas"
    )
    (read,) = read_bill(text)
    assert read == BillRow(
        product="Droplets",
        group_description="",
        description="web-1 (s-1vcpu-2gb)",
        hours=Decimal(720),
        started_at=datetime(2026, 4, 1, tzinfo=UTC),
        ended_at=datetime(2026, 5, 1, tzinfo=UTC),
        exact_cents=Decimal(1200),
        project_name="arcadia",
        category="iaas",
    )
    assert read.names == ("web-1 (s-1vcpu-2gb)", "web-1")
    assert read.month == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("amount", "exact", "cents"),
    [
        ("$0.01", "1", 1),
        ("-$5.00", "-500", -500),
        ("$-5.00", "-500", -500),
        ("$1234", "123400", 123400),
        ("$0.005", "0.5", 1),
        ("$0.0049", "0.49", 0),
        ("-$0.005", "-0.5", -1),
        ("$0.000000000001", "0.0000000001", 0),
        ("$9999999999999.994999999999", "999999999999999.4999999999", 999999999999999),
    ],
)
def test_amounts_are_kept_exactly_and_rounded_to_cents_half_away_from_zero(amount: str, exact: str, cents: int) -> None:
    (read,) = read_bill(bill(row("web-1", amount)))
    assert (read.exact_cents, read.amount_cents) == (Decimal(exact), cents)


@pytest.mark.parametrize(
    ("description", "names"),
    [
        ("web-1", ("web-1",)),
        ("web-1 (s-1vcpu-2gb) ", ("web-1 (s-1vcpu-2gb)", "web-1")),
        ("web (old) (s-1vcpu-2gb)", ("web (old) (s-1vcpu-2gb)", "web (old)")),
        ("(s-1vcpu-2gb)", ("(s-1vcpu-2gb)",)),
    ],
)
def test_a_description_names_a_resource_with_or_without_its_size(description: str, names: tuple[str, ...]) -> None:
    assert [read.names for read in read_bill(bill(row(description, "$1.00")))] == [names]


@pytest.mark.parametrize(
    "text",
    [
        bill(row("web-1", "$1.00")),
        "\ufeff" + bill(row("web-1", "$1.00")),
        bill(row("web-1", "$1.00")).replace("\n", "\r\n"),
        bill(row('"web-1"', "$1.00"), "", ""),
        bill(row("web-1", "$1.00", hours="")).rstrip("\n"),
    ],
    ids=["plain", "byte order mark", "CRLF", "quoted, blank lines", "no hours, no last newline"],
)
def test_spellings_of_the_same_file_are_read(text: str) -> None:
    assert [(read.description, read.amount_cents) for read in read_bill(text)] == [("web-1", 100)]


def test_a_quoted_field_may_hold_commas_quotes_and_lines() -> None:
    (read,) = read_bill(bill(row('"a ""b"", c\nd"', "$1.00")))
    assert read.description == 'a "b", c\nd'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "row 1: the columns must be product,"),
        ("\n\n", "row 1: the columns must be product,"),
        (HEADER.replace("USD", "EUR") + "\n" + row("a", "$1"), "row 1: the columns must be product,"),
        (HEADER + ",extra\n" + row("a", "$1") + ",", "row 1: the columns must be product,"),
        (HEADER, "there is no row beneath the header"),
        (bill(row("a", "$1"), "Droplets,,b"), "row 3: there are 3 fields, not 9"),
        (bill(row("a", "$1"), "", row("b", "12.00")), "row 4: USD '12.00' is no amount such as $12.00"),
        (bill(row("a", "$1,000.00")), "row 2: there are 10 fields, not 9"),
        (bill(row("a", '"$1,000.00"')), "row 2: USD '$1,000.00' is no amount"),
        (bill(row("a", "-$-1")), "row 2: USD '-$-1' is no amount"),
        (bill(row("a", "$NaN")), "row 2: USD '$NaN' is no amount"),
        (bill(row("a", "$" + "9" * 20)), "row 2: USD '$99999999999999999999' must be below 10^15"),
        (bill(row("a", "")), "row 2: USD '' is no amount"),
        (bill(row("a", "$1", hours="many")), "row 2: hours 'many' is no number"),
        (bill(row("a", "$1", hours="-1")), "row 2: hours '-1' must not be negative"),
        (bill(row("a", "$1", hours="Infinity")), "row 2: hours 'Infinity' must be a finite number"),
        (bill(row("a", "$1", time="2026-04-01,2026-05-01")), "row 2: start '2026-04-01' is no time such as"),
        (
            bill(row("a", "$1", time="2026-04-01 00:00:00 +0000,2026-02-30 00:00:00 +0000")),
            "row 2: end '2026-02-30 00:00:00 +0000' is no time such as",
        ),
        (
            bill(row("a", "$1", time="2026-04-02 00:00:00 +0000,2026-04-01 00:00:00 +0000")),
            "row 2: it ends before it starts",
        ),
        (
            bill(row("a", "$1", time="0001-01-01 00:00:00 +0000,2026-04-01 00:00:00 +0000")),
            "row 2: start '0001-01-01 00:00:00 +0000' must be from 2000-01-01",
        ),
        (bill(row('"open', "$1")), "row 2: unexpected end of data"),
        (
            bill(row("nul\0", "$1")),
            "row 2: description 'nul\\x00' must be one line without control",
        ),
        (bill(row("x" * 200_000, "$1")), "row 2: field larger than field limit"),
    ],
)
def test_a_malformed_file_is_refused_with_the_row_named(text: str, message: str) -> None:
    with pytest.raises(MalformedBill) as refused:
        read_bill(text)
    assert str(refused.value).startswith(message)
