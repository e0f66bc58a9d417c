"""`make bench-documents`: renders PDFs of invoices with 5, 50 and 500 lines, each another document."""

import os
import resource
import sys
import time
from dataclasses import replace
from statistics import median

import rich_click as click
from rich.console import Console

from app.operations.documents.pdf import render_pdf
from tests.operations.documents.examples import of_lines

SIZES = (5, 50, 500)
TARGET_SECONDS = 1.0
"""What 500 lines may take."""


@click.command()
@click.option("--rounds", type=click.IntRange(3), default=10, show_default=True, help="Documents of each size.")
@click.option("--check", is_flag=True, help="Exit with 1 if the target is missed.")
def main(rounds: int, *, check: bool) -> None:
    """Measure the rendering of PDFs."""
    console = Console()
    render_pdf(of_lines(1), None)  # loads the typefaces
    medians = {}
    for lines in SIZES:
        seconds, cpu, size = [], [], 0
        for number in range(rounds):
            document = replace(of_lines(lines), number=f"INV-2026-{number:06}")
            began, began_cpu = time.perf_counter(), time.process_time()
            size = len(render_pdf(document, None))
            seconds.append(time.perf_counter() - began)
            cpu.append(time.process_time() - began_cpu)
        medians[lines] = median(seconds)
        console.print(
            f"{lines:>4} lines {medians[lines]:>6.3f} s {median(cpu):>6.3f} CPU s {size / 1024:>5.0f} KB, "
            f"load {os.getloadavg()[0]:.1f}",
            highlight=False,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"peak memory {peak:.0f} MB", highlight=False)
    if check and medians[SIZES[-1]] > TARGET_SECONDS:
        sys.exit(f"{SIZES[-1]} lines took {medians[SIZES[-1]]:.3f} s: more than {TARGET_SECONDS:.0f} s")


if __name__ == "__main__":
    main()
