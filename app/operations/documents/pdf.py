"""Renders documents as PDF (PDF/A-2a and PDF/UA-1) by typst. The same texts give the same bytes on every machine."""

import json
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Literal, cast

import typst

from app.operations.documents.document_data import Document
from app.operations.documents.fonts import font_folders, showable
from app.operations.documents.layout import layout

TEMPLATE = Path(__file__).parent / "templates" / "document.typ"

_lock = Lock()  # a compiler works for one thread at a time


def render_pdf(document: Document, logo: Path | None) -> bytes:
    """Returns the document's PDF. It blocks for as long as it takes: about 20 ms, and 0.4 s for 500 lines."""
    (pdf,) = _compile(document, logo, "pdf")
    return pdf


def render_png(document: Document, logo: Path | None) -> list[bytes]:
    """Returns a picture of each page, to look at."""
    return _compile(document, logo, "png")


def _compile(document: Document, logo: Path | None, output_format: Literal["pdf", "png"]) -> list[bytes]:
    inputs = {"data": json.dumps(showable(layout(document)))}
    if logo is not None:
        inputs["logo"] = json.dumps(list(logo.read_bytes()))
    day = document.issued_on or document.period_end or date.min
    with _lock:
        compiled = _compiler().compile(
            format=output_format,
            sys_inputs=inputs,
            pdf_standards=["a-2a", "ua-1"] if output_format == "pdf" else [],
            timestamp=datetime.combine(day, time(), UTC),
        )
    return [compiled] if isinstance(compiled, bytes) else cast("list[bytes]", compiled)


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(font_folders()))
    return typst.Compiler(TEMPLATE, root=TEMPLATE.parent, font_paths=fonts)
