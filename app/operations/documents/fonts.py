"""The typefaces of documents, which come from packages: bytes do not depend on the machine's fonts."""

import re
import unicodedata
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

_FONTS = (
    ("fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),
    ("noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"),
)
_PLAIN = re.compile("[\n -~\u00a0-\u017f\u2010-\u2026\u2212]*")
"""Text that every version of the typefaces can show."""
_INVISIBLE = {"Cf", "Mn"}
"""Joiners, variation selectors and marks: without a glyph they are left out."""


def font_folders() -> tuple[Path, ...]:
    """The folders of the typefaces' files."""
    return tuple(_path(package, file).parent for package, file in _FONTS)


def showable(texts: Any) -> Any:
    """Returns the texts (of dicts and lists) with words in place of characters that no typeface has, as "[crab]"."""
    if isinstance(texts, dict):
        return {name: showable(value) for name, value in texts.items()}
    if isinstance(texts, list):
        return [showable(value) for value in texts]
    return _shown(texts) if isinstance(texts, str) and not _PLAIN.fullmatch(texts) else texts


def _shown(text: str) -> str:
    known = _characters()
    return "".join(
        character if ord(character) in known else _in_words(character)
        for character in unicodedata.normalize("NFC", text)
    )


def _in_words(character: str) -> str:
    if unicodedata.category(character) in _INVISIBLE:
        return ""
    return f"[{unicodedata.name(character, f'U+{ord(character):04X}').lower()}]"


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    """The code points that a typeface has a glyph for."""
    known: set[int] = set()
    for package, file in _FONTS:
        with TTFont(_path(package, file), lazy=True) as font:
            known.update(font.getBestCmap())
    return frozenset(known)


def _path(package: str, file: str) -> Path:
    return Path(str(files(package))) / file
