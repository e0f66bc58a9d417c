"""Builds JSON objects and lists in SQL, from columns and their response keys."""

from app.reads.sql import Fragment, generated, quote, separated

_MAX_IDENTIFIER_BYTES = 63  # PostgreSQL truncates longer identifiers
_MAX_COLUMNS = 1600
_OBJECT, _JSON = generated("o"), generated("j")


class Selection:
    """The members of a JSON object, in order: each a response key and the SQL of its value."""

    def __init__(self) -> None:
        self._members: dict[str, Fragment] = {}

    def add(self, key: str, expression: Fragment) -> None:
        """Adds a member to the JSON object, unless the object has one with that key."""
        self._members.setdefault(key, expression)

    def row(self, source: Fragment = "", common: Fragment = "") -> Fragment:
        """Returns a sub-select whose value is the JSON object made from the one row of `source` (a FROM clause and what
        follows it); null if there is no row.

        `common` is a WITH clause that the members refer to.
        """
        if self._fits:
            columns = self._columns
            return "(", common, f"SELECT row_to_json({_OBJECT}) FROM (SELECT ", columns, " ", source, f") {_OBJECT})"
        return "(", common, "SELECT ", self._text, " ", source, ")"

    def rows(self, source: Fragment) -> Fragment:
        """Returns a sub-select whose value is the JSON list of the objects made from `source`."""
        if self._fits:
            value, columns = _OBJECT, self._columns
        else:
            value, columns = f"{_OBJECT}.{_JSON}", (self._text, f" AS {_JSON}")
        list_of = f"(SELECT coalesce(json_agg({value}), '[]') FROM (SELECT "
        return list_of, columns, " ", source, f") {_OBJECT})"

    @property
    def _fits(self) -> bool:
        return len(self._members) <= _MAX_COLUMNS and all(len(key) <= _MAX_IDENTIFIER_BYTES for key in self._members)

    @property
    def _columns(self) -> Fragment:
        return separated(
            ", ",
            [
                f"{expression} AS {quote(key)}" if isinstance(expression, str) else (expression, f" AS {quote(key)}")
                for key, expression in self._members.items()
            ],
        )

    @property
    def _text(self) -> Fragment:
        """Returns SQL that builds the JSON object as text. It is slower than row_to_json, but allows any keys and any
        number of them.
        """
        members = (
            (f"""'"{key}":' || coalesce(to_json(""", expression, ")::text, 'null')")
            for key, expression in self._members.items()
        )
        return "('{' || array_to_string(ARRAY[", separated(", ", members), "], ',') || '}')::json"
