"""Scalars: accepted values, refused values, and serialisation."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from graphql import GraphQLError, GraphQLScalarType
from graphql.language import parse_value

from app.schema.scalars import literal_parser, parse_cents, parse_date, parse_date_time, parse_decimal, parse_id
from app.schema.schema import schema


@pytest.mark.parametrize(
    ("parse", "given", "parsed"),
    [
        (
            parse_id,
            "019D4500-0000-7000-8000-00000000000A",
            UUID("019d4500-0000-7000-8000-00000000000a"),
        ),
        (parse_cents, 0, 0),
        (parse_cents, "-9900", -9900),
        (parse_cents, str(2**63 - 1), 2**63 - 1),
        (parse_cents, 2**63 - 1, 2**63 - 1),
        (parse_cents, -(2**31) - 1, -(2**31) - 1),
        (parse_decimal, "2160", Decimal(2160)),
        (parse_decimal, "-0.50", Decimal("-0.50")),
        (parse_decimal, 7, Decimal(7)),
        (parse_decimal, "-Infinity", Decimal("-Infinity")),
        (parse_decimal, "1e3", Decimal(1000)),
        (parse_decimal, Decimal("0.10"), Decimal("0.10")),
        (parse_decimal, 7.0, Decimal(7)),
        (parse_date, "2028-02-29", date(2028, 2, 29)),
        (parse_date_time, "2026-04-01T09:30:00Z", datetime(2026, 4, 1, 9, 30, tzinfo=UTC)),
        (parse_date_time, "2026-04-01t19:30:00.5+10:00", datetime(2026, 4, 1, 9, 30, 0, 500_000, tzinfo=UTC)),
        (parse_date_time, "2026-04-01 09:30:00.123456z", datetime(2026, 4, 1, 9, 30, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_a_value_is_parsed(parse: Callable[[object], object], given: object, parsed: object) -> None:
    assert parse(given) == parsed


@pytest.mark.parametrize(
    ("parse", "given"),
    [
        *(
            (parse_id, bad)
            for bad in (
                "",
                "pilot",
                "019d450000007000800000000000000a",
                "{019d4500-0000-7000-8000-00000000000a}",
                "urn:uuid:019d4500-0000-7000-8000-00000000000a",
                "019d4500-0000-7000-8000-00000000000a ",
                "019d4500-0000-7000-8000-00000000000g",
                "\ud800",
                7,
                None,
                True,
                ["019d4500-0000-7000-8000-00000000000a"],
            )
        ),
        *((parse_cents, bad) for bad in (2**63, -(2**63) - 1, 50.0, True, None, [5000])),
        *((parse_cents, bad) for bad in ("", "5e3", "5000.0", " 5", "5\n", "+5", "5_0", "١", str(2**63), "9" * 5000)),
        *(
            (parse_decimal, bad)
            for bad in (
                "",
                "1e",
                "1e99999",
                "1_000",
                "+1",
                ".5",
                "5.",
                " 1",
                "1\n",
                "١",
                "nan",
                "sNaN",
                0.5,
                True,
                None,
                "1" * 41,
            )
        ),
        *((parse_date, bad) for bad in ("", "20260401", "2026-4-1", "2026-02-29", "2026-W14-3", 20260401, None)),
        *(
            (parse_date_time, bad)
            for bad in (
                "2026-04-01",
                "2026-04-01T09:30:00",
                "2026-04-01T09:30Z",
                "2026-04-01T09:30:00+1000",
                "2026-04-01T24:30:00Z",
                "2026-04-01T09:30:60Z",
                "0001-01-01T00:00:00+14:00",
                "9999-12-31T23:59:59-14:00",
                "2026-04-01T09:30:00Z\n",
                1_775_035_800,
                None,
            )
        ),
    ],
)
def test_what_is_malformed_is_refused_with_a_code(parse: Callable[[object], object], given: object) -> None:
    with pytest.raises(GraphQLError) as refused:
        parse(given)
    assert refused.value.extensions == {"code": "BAD_USER_INPUT"}
    assert len(refused.value.message) < 200


@pytest.mark.parametrize("literal", ["0.000000000001", '"0.000000000001"', "1e-12"])
def test_a_decimal_in_the_document_is_exact(literal: str) -> None:
    assert literal_parser(parse_decimal, exact=True)(parse_value(literal)) == Decimal("0.000000000001")


@pytest.mark.parametrize("literal", ["true", "{a: 1}", "[1]", "null"])
def test_only_decimals_are_taken_from_the_document(literal: str) -> None:
    with pytest.raises(GraphQLError, match="is not a valid Decimal"):
        literal_parser(parse_decimal, exact=True)(parse_value(literal))


@pytest.mark.parametrize(
    ("scalar", "value", "text"),
    [
        ("ID", UUID("019d4500-0000-7000-8000-00000000000a"), "019d4500-0000-7000-8000-00000000000a"),
        ("Cents", 3_000_000_000, 3_000_000_000),
        ("Decimal", Decimal("2160.0"), "2160"),
        ("Decimal", Decimal("1E+3"), "1000"),
        ("Decimal", Decimal("0.00000001"), "0.00000001"),
        ("Date", date(2026, 4, 1), "2026-04-01"),
        ("DateTime", datetime(2026, 4, 1, 9, 30, tzinfo=UTC), "2026-04-01T09:30:00+00:00"),
        (
            "DateTime",
            datetime(2026, 4, 1, 19, 30, 0, 120_000, tzinfo=timezone(timedelta(hours=10))),
            "2026-04-01T09:30:00.12+00:00",
        ),
    ],
)
def test_a_value_is_answered_as_postgresql_writes_it(scalar: str, value: object, text: object) -> None:
    type_ = schema._schema.type_map[scalar]
    assert isinstance(type_, GraphQLScalarType)
    assert type_.coerce_output_value(value) == text
