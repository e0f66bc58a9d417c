"""The tables in bench/README.md equal the results of the last measurement."""

from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"


@pytest.mark.parametrize("name", ["rollup", "usage", "months"])
def test_the_last_figures_stand_in_the_readme(name: str) -> None:
    assert (BENCH / "results" / f"{name}.md").read_text().strip() in (BENCH / "README.md").read_text()
