"""PDFs: their bytes, their structure and their text. qpdf and Poppler look at them where they are installed."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.operations.documents.document_data import DocumentData
from app.operations.documents.fonts import showable
from app.operations.documents.parties import Buyer, Parties
from app.operations.documents.pdf import render_pdf
from tests.operations.documents.examples import SUPPLIER, credit_note, draft, figure_1, of_lines

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20"><rect width="80" height="20" fill="#0b4f6c"/></svg>'
)
EXAMPLES = {"figure 1": figure_1, "200 lines": lambda: of_lines(200), "draft": draft, "credit note": credit_note}

needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="Debian's poppler-utils is not installed")
needs_qpdf = pytest.mark.skipif(shutil.which("qpdf") is None, reason="Debian's qpdf is not installed")


def run(tmp_path: Path, document: DocumentData, *command: str) -> str:
    """What a program says of the document's PDF, whose path is put in place of PDF."""
    file = tmp_path / "document.pdf"
    file.write_bytes(render_pdf(document, None))
    arguments = [str(file) if argument == "PDF" else argument for argument in command]
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def text_of(tmp_path: Path, document: DocumentData) -> list[str]:
    """The text of each page, as it stands on it, with single spaces."""
    text = run(tmp_path, document, "pdftotext", "-layout", "PDF", "-")
    return [re.sub(r"[ \t]+", " ", page) for page in text.split("\f")[:-1]]


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_the_same_document_gives_the_same_bytes(example: Callable[[], DocumentData]) -> None:
    first = render_pdf(example(), None)
    render_pdf(figure_1(), None)
    assert render_pdf(example(), None) == first


def test_another_amount_gives_other_bytes() -> None:
    assert render_pdf(replace(figure_1(), total_cents=7065), None) != render_pdf(figure_1(), None)


@needs_qpdf
@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_qpdf_finds_no_fault_in_the_structure(tmp_path: Path, example: Callable[[], DocumentData]) -> None:
    assert "No syntax or stream encoding errors found" in run(tmp_path, example(), "qpdf", "--check", "PDF")


@needs_poppler
@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_the_pdf_says_that_it_is_pdf_a_2a_and_pdf_ua_1(tmp_path: Path, example: Callable[[], DocumentData]) -> None:
    said = run(tmp_path, example(), "pdfinfo", "PDF")
    assert re.search(r"Tagged: +yes", said)
    assert re.search(r"Page size: +595\.\d+ x 841\.\d+ pts \(A4\)", said)
    metadata = run(tmp_path, example(), "pdfinfo", "-meta", "PDF")
    assert re.search(r"<pdfaid:part>2</pdfaid:part>\s*<pdfaid:conformance>A</pdfaid:conformance>", metadata)
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata


@needs_poppler
def test_the_text_of_figure_1_can_be_selected(tmp_path: Path) -> None:
    (page,) = text_of(tmp_path, figure_1())
    for text in (
        "Tax invoice",
        "ABN 51 824 753 556",
        "ABN 53 004 085 616",
        "Invoice number INV-2026-000001",
        "Date of issue 1 May 2026",
        "droplet_hours: 672 h over 1488 h included 672 h 0.01 GST 10% 6.72",
        "Subtotal without tax 64.22",
        "GST (10% of 64.22) 6.42",
        "Total including tax 70.64",
        "Amount due by 15 May 2026 AUD 70.64",
        "Account number 12345678",
        "Reference INV-2026-000001",
        "Page 1 of 1",
    ):
        assert text in page
    assert "DRAFT" not in page


@needs_poppler
def test_a_draft_says_so_across_the_page(tmp_path: Path) -> None:
    (page,) = text_of(tmp_path, draft())
    assert "none: this is a draft" in page
    assert "How to pay" not in page
    assert "D\nR\nA\nF\nT" in run(tmp_path, draft(), "pdftotext", "-raw", "PDF", "-")  # its letters stand aslant


@needs_poppler
@pytest.mark.parametrize("count", range(20, 60, 3))
def test_totals_never_stand_alone_on_a_page(tmp_path: Path, count: int) -> None:
    pages = text_of(tmp_path, of_lines(count))
    (last,) = [page for page in pages if "Total including tax" in page]
    assert last == pages[-1]
    assert len(re.findall(r"droplet_hours: ", last)) >= min(3, count % 5 or 5)
    assert f"Page {len(pages)} of {len(pages)}" in last
    for page in pages:
        assert page.count("Description Quantity Unit price Tax Amount AUD") == 1


@needs_poppler
def test_names_of_many_scripts_are_shown(tmp_path: Path) -> None:
    names = ("東京スタジオ", "스튜디오", "Ζωή", "Живаго", "Ünïcödé")
    (page,) = text_of(tmp_path, replace(figure_1(), parties=replace_buyer(" ".join(names))))
    assert [name for name in names if name not in page] == []


@needs_poppler
def test_a_name_is_no_markup(tmp_path: Path) -> None:
    name = '#panic("x") *bold* $1$'
    (page,) = text_of(tmp_path, replace(figure_1(), parties=replace_buyer(name)))
    assert [word for word in name.split() if word not in page] == []


@needs_poppler
def test_a_character_without_a_glyph_is_put_in_words(tmp_path: Path) -> None:
    (page,) = text_of(tmp_path, replace(figure_1(), parties=replace_buyer("Crab \N{CRAB} Ltd")))
    assert "Crab [crab] Ltd" in page


def test_texts_are_put_in_words_in_lists_and_dicts() -> None:
    assert showable({"a": ["é", "\N{CRAB}\N{VARIATION SELECTOR-16}", 1, None]}) == {"a": ["é", "[crab]", 1, None]}
    assert showable("\ue123") == "[u+e123]"


def test_a_logo_is_drawn(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text(LOGO)
    assert len({render_pdf(figure_1(), logo), render_pdf(figure_1(), logo), render_pdf(figure_1(), None)}) == 2


@needs_poppler
def test_a_document_without_lines_asks_for_nothing(tmp_path: Path) -> None:
    nothing = replace(figure_1(), groups=(), taxes=(), subtotal_cents=0, tax_cents=0, total_cents=0)
    (page,) = text_of(tmp_path, nothing)
    assert "Amount due by 15 May 2026 AUD 0.00" in page
    assert "How to pay" not in page


def replace_buyer(name: str) -> Parties:
    return Parties(SUPPLIER, Buyer(name, "AU"))
