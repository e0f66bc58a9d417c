"""Renders documents as HTML: one page without scripts or other files, to read on a screen or to print."""

import mimetypes
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from app.operations.documents.document_data import DocumentData
from app.operations.documents.layout import layout

_FOLDER = Path(__file__).parent / "templates"
STYLE = (_FOLDER / "document.css").read_text(encoding="utf-8")
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}';"
    " img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""The page's Content-Security-Policy: its own style and images in it, nothing else."""


def render_html(document: DocumentData, logo: Path | None) -> bytes:
    """Returns the document's page."""
    page = _template().render(**layout(document), style=STYLE, logo=None if logo is None else _data_url(logo))
    return page.encode()


def _data_url(logo: Path) -> str:
    media_type = mimetypes.types_map[logo.suffix.lower()]
    return f"data:{media_type};base64,{b64encode(logo.read_bytes()).decode()}"


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("document.html.jinja")
