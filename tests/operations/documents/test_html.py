"""The HTML pages of documents."""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

from app.operations.documents.html import POLICY, render_html
from app.operations.documents.parties import Buyer, Parties
from tests.operations.documents.examples import SUPPLIER, credit_note, draft, figure_1


class Page(HTMLParser):
    """The elements of a page: its tags in order, its headings of columns and rows, its texts."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.scopes: list[str | None] = []
        self.texts: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "th":
            self.scopes.append(dict(attributes).get("scope"))

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def test_the_page_of_figure_1() -> None:
    page = Page(render_html(figure_1(), None))
    for text in ("Tax invoice", "INV-2026-000001", "ABN 51 824 753 556", "70.64", "Amount due by 15 May 2026", "BSB"):
        assert text in page.texts
    assert page.tags.count("h1") == page.tags.count("main") == page.tags.count("title") == 1


def test_each_table_has_a_caption_and_headings_with_their_scope() -> None:
    page = Page(render_html(credit_note(), None))
    assert page.tags.count("caption") == page.tags.count("table")
    assert set(page.scopes) == {"col", "rowgroup", "row"}


def test_names_are_escaped() -> None:
    parties = Parties(SUPPLIER, Buyer("<script>alert(1)</script> & Co", "AU"))
    text = render_html(replace(figure_1(), parties=parties), None).decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in text
    assert "<script" not in text


def test_a_draft_and_a_void_invoice_say_so() -> None:
    assert "This is a draft." in render_html(draft(), None).decode()
    assert "This invoice is void." in render_html(replace(figure_1(), void=True), None).decode()
    assert 'class="state"' not in render_html(figure_1(), None).decode()


def test_the_policy_allows_the_pages_own_style_and_its_logo(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"an image")
    text = render_html(figure_1(), logo).decode()
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in POLICY
    assert f'src="data:image/png;base64,{b64encode(b"an image").decode()}"' in text
    assert "img-src data:" in POLICY
