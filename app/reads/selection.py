"""Builds JSON objects and lists in SQL, from columns and their response keys."""

from app.reads.sql import generated, quote

_MAX_IDENTIFIER_BYTES = 63  # PostgreSQL truncates longer identifiers
_MAX_COLUMNS = 1600
_OBJECT, _JSON = generated("o"), generated("j")


class Selection:
    """The members of a JSON object, in order: each a response key and the SQL of its value."""

    def __init__(self) -> None:
        self._members: dict[str, str] = {}

    def add(self, key: str, expression: str) -> None:
        """Adds a member, unless it is present."""
        self._members.setdefault(key, expression)

    def row(self, source: str = "", common: str = "") -> str:
        """Returns a sub-select of the one object made from `source` (a FROM clause and what follows it); null without a
        row.

        `common` is a WITH clause that the members refer to.
        """
        if self._fits:
            return f"({common}SELECT row_to_json({_OBJECT}) FROM (SELECT {self._columns} {source}) {_OBJECT})"
        return f"({common}SELECT {self._text} {source})"

    def rows(self, source: str) -> str:
        """Returns a sub-select of the list of the objects made from `source`."""
        if self._fits:
            value, columns = _OBJECT, self._columns
        else:
            value, columns = f"{_OBJECT}.{_JSON}", f"{self._text} AS {_JSON}"
        return f"(SELECT coalesce(json_agg({value}), '[]') FROM (SELECT {columns} {source}) {_OBJECT})"

    @property
    def _fits(self) -> bool:
        return len(self._members) <= _MAX_COLUMNS and all(len(key) <= _MAX_IDENTIFIER_BYTES for key in self._members)

    @property
    def _columns(self) -> str:
        return ", ".join(f"{expression} AS {quote(key)}" for key, expression in self._members.items())

    @property
    def _text(self) -> str:
        """Returns the object built as text: slower than row_to_json, but without limits on its keys and
        their number.
        """
        members = ", ".join(
            f"""'"{key}":' || coalesce(to_json({expression})::text, 'null')"""
            for key, expression in self._members.items()
        )
        return f"('{{' || array_to_string(ARRAY[{members}], ',') || '}}')::json"
