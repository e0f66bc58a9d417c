"""Renders documents as PDF (PDF/A-2a and PDF/UA-1) by typst. The same texts give the same bytes on every machine."""

import json
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import cast

import typst

from app.operations.documents.document_data import DocumentData
from app.operations.documents.fonts import font_folders, showable
from app.operations.documents.layout import layout

TEMPLATE = Path(__file__).parent / "templates" / "document.typ"

_lock = Lock()  # a compiler works for one thread at a time


def render_pdf(document: DocumentData, logo: Path | None) -> bytes:
    """Returns the document's PDF. It blocks for as long as it takes: about 30 ms, and 0.6 s for 500 lines."""
    inputs = {"data": json.dumps(showable(layout(document)))}
    if logo is not None:
        inputs["logo"] = json.dumps(list(logo.read_bytes()))
    day = document.issued_on or document.period_end or date.min
    with _lock:
        pdf = _compiler().compile(
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=["a-2a", "ua-1"],
            timestamp=datetime.combine(day, time(), UTC),
        )
    return cast("bytes", pdf)


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(font_folders()))
    return typst.Compiler(TEMPLATE, root=TEMPLATE.parent, font_paths=fonts)
