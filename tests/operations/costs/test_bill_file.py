"""A bill's CSV, read exactly or refused with the row and column named."""

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import pytest

from app.operations.costs import bill_file
from app.operations.costs.bill_file import MAX_ROWS, BillFile, BillSummary
from app.operations.costs.bill_rows import BillRow, MalformedBill
from app.operations.costs.layouts import layout_of
from tests.operations.costs.bills import HEADER, bill, row

_TIMES = "2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000"
_COLUMNS = (
    "Required, in any order: description, start, end, USD; "
    "optional: product, group_description, hours, project_name, category"
)


def file_of(text: str | bytes, currency: str = "USD", minor_units: int = 2) -> BillFile:
    content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return BillFile(BytesIO(content), layout_of("digitalocean", currency, []), minor_units)


def read_bill(text: str | bytes) -> list[BillRow]:
    return list(file_of(text).rows())


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
        ("$0.00000123", "0.000123", 0),
        ("12.00", "1200", 1200),
        ("-12.5", "-1250", -1250),
        ("€3", "300", 300),
        ("1.5E-7", "0.000015", 0),
        ("$9999999999999.994999999999", "999999999999999.4999999999", 999999999999999),
    ],
)
def test_amounts_are_kept_exactly_and_rounded_to_cents_half_away_from_zero(amount: str, exact: str, cents: int) -> None:
    (read,) = read_bill(bill(row("web-1", amount)))
    assert (read.exact_cents, read.amount_cents) == (Decimal(exact), cents)


@pytest.mark.parametrize(
    "text",
    [
        bill(row("web-1", "$1.00")),
        "\ufeff" + bill(row("web-1", "$1.00")),
        bill(row("web-1", "$1.00")).replace("\n", "\r\n"),
        bill(row('"web-1"', "$1.00"), "", ""),
        bill(row("web-1", "$1.00", hours="")).rstrip("\n"),
        gzip.compress(bill(row("web-1", "$1.00")).encode()),
        f"{HEADER.upper()}\n{row('web-1', '$1.00')}",
        f"usd , START,end,description\n$1.00,{_TIMES},web-1",
    ],
    ids=[
        *("plain", "byte order mark", "CRLF", "quoted, blank lines", "no hours, no last newline"),
        *("gzip", "capitals", "the required columns alone"),
    ],
)
def test_spellings_of_the_same_file_are_read(text: str | bytes) -> None:
    assert [(read.description, read.amount_cents) for read in read_bill(text)] == [("web-1", 100)]


def test_a_quoted_field_may_hold_commas_quotes_and_lines() -> None:
    (read,) = read_bill(bill(row('"a ""b"", c\nd"', "$1.00")))
    assert read.description == 'a "b", c\nd'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"row 1: missing columns: description, start, end, USD. {_COLUMNS}"),
        ("\n\n", "row 1: missing columns: description, start, end, USD. "),
        (HEADER.replace("USD", "EUR") + "\n" + row("a", "$1"), f"row 1: missing columns: USD. {_COLUMNS}"),
        (HEADER + ",usd\n" + row("a", "$1") + ",$2", "row 1: column USD appears more than once"),
        (HEADER, "the bill has no rows below its header"),
        (bill(row("a", "$1"), "Droplets,,b"), "row 3: has 3 fields; the header has 9"),
        (bill(row("a", "$1"), "", row("b", "twelve")), "row 4: USD 'twelve' is not an amount such as $12.00"),
        (bill(row("a", "$1,000.00")), "row 2: has 10 fields; the header has 9"),
        (bill(row("a", '"$1,000.00"')), "row 2: USD '$1,000.00' is not an amount"),
        (bill(row("a", "-$-1")), "row 2: USD '-$-1' is not an amount"),
        (bill(row("a", "$NaN")), "row 2: USD '$NaN' is not an amount"),
        (bill(row("a", "$1_000")), "row 2: USD '$1_000' is not an amount"),
        (bill(row("a", "$١٢")), "row 2: USD '$١٢' is not an amount"),
        (bill(row("a", "1e99")), "row 2: USD '1e99' must be below 10^15"),
        (bill(row("a", "1e-13")), "row 2: USD '1e-13' must have at most 12 fractional digits"),
        (bill(row("a", "$" + "9" * 20)), "row 2: USD '$99999999999999999999' must be below 10^15"),
        (bill(row("a", "x" * 100)), f"row 2: USD '{'x' * 80}…' is not an amount"),
        (bill(row("a", "")), "row 2: USD '' is not an amount"),
        (bill(row("a", "$1", hours="many")), "row 2: hours 'many' is not a number such as 720"),
        (bill(row("a", "$1", hours="1_000")), "row 2: hours '1_000' is not a number"),
        (bill(row("a", "$1", hours="-1")), "row 2: hours '-1' must not be negative"),
        (bill(row("a", "$1", hours="Infinity")), "row 2: hours 'Infinity' is not a number"),
        (bill(row("a", "$1", time="2026-04-01,2026-05-01")), "row 2: start '2026-04-01' is not a time such as"),
        (
            bill(row("a", "$1", time="2026-04-01T00:00:00,2026-05-01")),
            "row 2: start '2026-04-01T00:00:00' is not a time such as 2026-04-01 00:00:00 +0000 or ",
        ),
        (
            bill(row("a", "$1", time="2026-04-01 00:00:00 +0000,2026-02-30 00:00:00 +0000")),
            "row 2: end '2026-02-30 00:00:00 +0000' is not a time such as",
        ),
        (
            bill(row("a", "$1", time="2026-04-02 00:00:00 +0000,2026-04-01 00:00:00 +0000")),
            "row 2: end is before start",
        ),
        (
            bill(row("a", "$1", time="0001-01-01 00:00:00 +0000,2026-04-01 00:00:00 +0000")),
            "row 2: start '0001-01-01 00:00:00 +0000' must be from 2000-01-01",
        ),
        (bill(row('"open', "$1")), "row 2: unexpected end of data"),
        (bill(row("nul\0", "$1")), "row 2: description 'nul\\x00' must be one line without control"),
        (bill(row("x" * 2_001, "$1")), f"row 2: description '{'x' * 80}…' must have at most 2000 characters"),
        (bill(row("x" * 70_000, "$1")), "row 2: has a line of more than 65,536 characters"),
        (bill(row("a\ud800", "$1")), "row 1 or a later one: is not text in UTF-8"),
        (bill(row("a", "$1")).encode("utf-16"), "row 1 or a later one: is not text in UTF-8"),
        (
            gzip.compress(bill(row("a", "$1")).encode())[:-9],
            "row 3 or a later one: the gzip data are damaged or incomplete",
        ),
        (b"\x1f\x8b and no more", "row 1 or a later one: the gzip data are damaged or incomplete"),
    ],
)
def test_a_malformed_file_is_refused_with_the_row_named(text: str | bytes, message: str) -> None:
    with pytest.raises(MalformedBill) as refused:
        read_bill(text)
    assert str(refused.value).startswith(message)


def test_amounts_are_in_the_minor_unit_of_the_currency() -> None:
    text = bill(row("a", "1000.5"))
    for currency, minor_units, exact in (("JPY", 0, "1000.5"), ("KWD", 3, "1000500")):
        (read,) = file_of(text.replace("USD", currency), currency, minor_units).rows()
        assert read.exact_cents == Decimal(exact)


async def test_a_bill_is_summed_up_exactly() -> None:
    april = "2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000"
    march = "2026-03-31 23:00:00 +0000,2026-04-30 23:59:59 +0000"
    rows = [row("a", "$0.00000123", time=april)] * 3 + [row("b", "-$0.5", time=march)]
    text = "\n".join([f"{HEADER},invoice_uuid,Region", *(f"{each},1,nyc3" for each in rows)])
    assert await file_of(text).summary() == BillSummary(
        rows=4,
        exact_cents=Decimal("-49.999631"),
        absolute_cents=Decimal("50.000369"),
        first_day=date(2026, 3, 31),
        end_day=date(2026, 5, 1),
        ignored_columns=("invoice_uuid", "Region"),
    )


def test_a_bill_has_at_most_100_000_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests the limit of 100,000 rows with a limit that is a hundred times smaller."""
    assert MAX_ROWS == 100_000
    monkeypatch.setattr(bill_file, "MAX_ROWS", 1_000)
    assert len(read_bill(bill(*[row("a", "$1")] * 1_000))) == 1_000
    with pytest.raises(MalformedBill, match="the bill has more than 1,000 rows; import it in parts"):
        read_bill(bill(*[row("a", "$1")] * 1_001))
