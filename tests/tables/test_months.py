"""What counts in a month: the SQL functions that define it, and that an index still serves them."""

from datetime import date
from typing import Any

import pytest

APRIL = date(2026, 4, 1)


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (date(2026, 3, 31), False),
        (date(2026, 4, 1), True),
        (date(2026, 4, 30), True),
        (date(2026, 5, 1), False),
    ],
)
async def test_a_day_counts_in_its_month(owner: Any, day: date, counts: bool) -> None:
    assert await owner.fetchval("SELECT is_in_month($1, $2)", day, APRIL) is counts


@pytest.mark.parametrize(
    ("first_day", "last_day", "counts"),
    [
        (date(2026, 1, 15), None, True),
        (date(2026, 4, 30), None, True),
        (date(2026, 5, 1), None, False),
        (date(2026, 1, 15), date(2026, 3, 31), False),
        (date(2026, 1, 15), date(2026, 4, 1), True),
        (date(2026, 4, 10), date(2026, 4, 10), True),
        (date(2026, 4, 30), date(2026, 6, 1), True),
        (date(2026, 5, 1), date(2026, 6, 1), False),
    ],
)
async def test_days_count_in_each_month_that_has_one_of_them(
    owner: Any, first_day: date, last_day: date | None, counts: bool
) -> None:
    assert await owner.fetchval("SELECT is_in_month($1, $2, $3)", first_day, last_day, APRIL) is counts


@pytest.mark.parametrize(
    ("first_day", "last_day", "months"),
    [
        (date(2026, 4, 30), date(2026, 4, 30), [APRIL]),
        (date(2026, 4, 30), date(2026, 5, 1), [APRIL, date(2026, 5, 1)]),
        (date(2028, 1, 31), date(2028, 3, 1), [date(2028, 1, 1), date(2028, 2, 1), date(2028, 3, 1)]),
        (date(2026, 5, 1), date(2026, 4, 30), []),
        (date(2026, 4, 1), None, []),
    ],
)
async def test_the_months_between_two_days(
    owner: Any, first_day: date, last_day: date | None, months: list[date]
) -> None:
    rows = await owner.fetch("SELECT * FROM months_between($1, $2) AS month", first_day, last_day)
    assert [row["month"] for row in rows] == months
    assert await owner.fetchval("SELECT month_of($1)", first_day) == first_day.replace(day=1)


async def test_an_index_on_the_day_serves_them(owner: Any) -> None:
    # A copy with rows and statistics: on an empty table, every index that begins with the tenant is as good.
    await owner.execute(
        """
        CREATE TEMP TABLE charges (LIKE charges INCLUDING INDEXES);
        INSERT INTO pg_temp.charges (id, tenant_id, charged_on, description, net_cents, created_by, created_at)
        SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', '2026-01-01'::date + number, '', 1, '', now()
        FROM generate_series(1, 1000) AS number;
        ANALYZE pg_temp.charges;
        SET LOCAL plan_cache_mode = force_generic_plan;
        SET LOCAL enable_seqscan = off;
        SET LOCAL enable_bitmapscan = off;
        PREPARE charges_of_month AS SELECT FROM charges WHERE tenant_id = $1 AND is_in_month(charged_on, $2);
        """
    )
    rows = await owner.fetch("EXPLAIN (COSTS OFF) EXECUTE charges_of_month (gen_random_uuid(), '2026-04-01')")
    await owner.execute("DEALLOCATE charges_of_month")
    assert [row[0].strip() for row in rows] == [
        "Index Only Scan using charges_tenant_id_charged_on_id_idx on charges",
        "Index Cond: ((tenant_id = $1) AND (charged_on >= $2) AND (charged_on < (($2 + '1 mon'::interval))::date))",
    ]
