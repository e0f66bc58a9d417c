"""Reads a YAML document into objects by declared fields, and collects every fault with its line.

It works on PyYAML's nodes, which keep the text of each value: a number becomes the exact decimal that was written.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

import yaml

from app.billing import InputFault, parse_decimal

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Path = tuple[str, ...]
Convert = Callable[[yaml.Node, Path], T | None]
"""Returns the value of a node; None if it is not valid, which has then been recorded as a fault."""

REQUIRED = object()
MAX_DIGITS = 40
_NULL, _TEXT, _BOOLEAN = (f"tag:yaml.org,2002:{name}" for name in ("null", "str", "bool"))


class Field(NamedTuple):
    """How a value of a mapping is converted, and its default."""

    convert: Convert[Any]
    default: Any = REQUIRED


class YamlReader:
    """Converts nodes to values. `faults` are in no order; `line_of` finds the line of each."""

    def __init__(self) -> None:
        self.faults: list[InputFault] = []
        self._lines: dict[Path, int] = {}

    def line_of(self, path: Path) -> int:
        """Returns the line of the value at the path, or of the closest value around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def check(self, path: Path, faults: Iterable[InputFault]) -> None:
        """Records the faults of the value at the path."""
        self.faults += [InputFault((*path, *fault.path), fault.message) for fault in faults]

    def record(self, node: yaml.Node, path: Path, build: Callable[..., T], fields: Mapping[str, Field]) -> T | None:
        """Builds an object from a mapping with these keys."""
        if not isinstance(node, yaml.MappingNode):
            self._fault(path, "must be a mapping of names to values")
            return None
        values = self._values(node, path, fields)
        built: dict[str, Any] = {}
        valid = True
        for name, field in fields.items():
            if name not in values or values[name].tag == _NULL:
                if field.default is REQUIRED:
                    self._fault((*path, name), "is required")
                    valid = False
                else:
                    built[name] = field.default
            elif (value := field.convert(values[name], (*path, name))) is None:
                valid = False
            else:
                built[name] = value
        return build(**built) if valid else None

    def _values(self, node: yaml.MappingNode, path: Path, fields: Mapping[str, Field]) -> dict[str, yaml.Node]:
        values: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            self._lines[(*path, name)] = key.start_mark.line + 1
            if name not in fields:
                self._fault((*path, name), f"is not known here; the keys are {', '.join(fields)}")
            elif name in values:
                self._fault((*path, name), "appears twice")
            else:
                values[name] = value
        return values

    def items(self, convert: Convert[T]) -> Convert[tuple[T, ...]]:
        """Returns the conversion of a list."""

        def converted(node: yaml.Node, path: Path) -> tuple[T, ...] | None:
            if not isinstance(node, yaml.SequenceNode):
                self._fault(path, "must be a list")
                return None
            values: list[T | None] = []
            for index, item in enumerate(node.value):
                self._lines[(*path, str(index))] = item.start_mark.line + 1
                values.append(convert(item, (*path, str(index))))
            valid = tuple(value for value in values if value is not None)
            return valid if len(valid) == len(values) else None

        return converted

    def text(self, node: yaml.Node, path: Path) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self._fault(path, "must be text")
            return None
        if node.tag != _TEXT:
            self._fault(path, "must be text; put it in quotation marks")
            return None
        return str(node.value)

    def number(self, node: yaml.Node, path: Path) -> Decimal | None:
        plain = isinstance(node, yaml.ScalarNode) and node.style is None
        if not plain or (value := parse_decimal(node.value)) is None:
            self._fault(path, "must be a number such as 1488 or 0.015, without quotation marks and separators")
            return None
        return value

    def integer(self, node: yaml.Node, path: Path) -> int | None:
        plain = isinstance(node, yaml.ScalarNode) and node.style is None
        value = parse_decimal(node.value) if plain else None
        if value is None or not value.is_finite() or value.adjusted() > MAX_DIGITS or value != int(value):
            self._fault(path, "must be a whole number such as 5000, without quotation marks and separators")
            return None
        return int(value)

    def boolean(self, node: yaml.Node, path: Path) -> bool | None:
        if node.tag != _BOOLEAN or node.value not in {"true", "false"}:
            self._fault(path, "must be true or false")
            return None
        return bool(node.value == "true")

    def member(self, members: type[E]) -> Convert[E]:
        """Returns the conversion of a member's name."""

        def converted(node: yaml.Node, path: Path) -> E | None:
            if not isinstance(node, yaml.ScalarNode) or node.value not in set(members):
                self._fault(path, f"must be one of {', '.join(members)}")
                return None
            return members(node.value)

        return converted

    def _fault(self, path: Path, message: str) -> None:
        self.faults.append(InputFault(path, message))
