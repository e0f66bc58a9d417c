"""Tests of the benchmark of deliveries: a small run, and its table."""

import pytest

from app.settings import Settings
from bench.outbox.__main__ import HANGING, WORKING, ratios, table
from bench.outbox.data import Outbox
from bench.outbox.measurement import HTTP_CLIENT, Bench, Figures, receivers


@pytest.mark.usefixtures("database")
def test_a_small_run_beside_an_endpoint_that_hangs(settings: Settings) -> None:
    with receivers(3) as found:
        bench = Bench(Outbox(settings), found, workers=1, each=10)
        beside, posted = bench.deliver(HANGING, found.hanging), bench.post()
        assert (beside.case, beside.events) == (HANGING, 30)
        assert (posted.case, posted.events) == (HTTP_CLIENT, 44)  # with the first of each endpoint
        assert found.got()[0] == 3 + 30 + 44


def test_the_table_compares_with_the_pace_where_all_endpoints_work() -> None:
    cases = [
        Figures(HTTP_CLIENT, 1_000, 2.0, 1.0),
        Figures(WORKING, 1_000, 4.0, 2.0),
        Figures(HANGING, 1_000, 5.0, 2.5),
    ]
    assert ratios(cases) == {HTTP_CLIENT: 2.0, WORKING: 1.0, HANGING: 0.8}
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table(cases, 1).splitlines()]
    assert cells[-1] == [HANGING, "1,000", "5.0", "200", "2.50", "0.80"]
