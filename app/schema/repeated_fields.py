"""Limits how often a document selects the same field at the same place.

graphql-core's OverlappingFieldsCanBeMergedRule compares every two fields that share a response path: a document of
2,000 tokens that repeats one field takes most of a second. Few clients repeat a field often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, SelectionSetNode

MAX_OVERLAPS = 3_000
"""Pairs of fields at one response path, summed over all paths; about 7 µs each."""
MAX_EXPANDED_FIELDS = 10_000
"""Fields to compile, with every fragment expanded."""


def count_overlaps(
    roots: Sequence[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[int, int]:
    """Returns two counts: the pairs of fields with the same response path, and the fields after expanding all
    fragments. Stops counting soon after either limit is exceeded. The definitions must have no fragment cycles.
    """
    overlaps = expanded = 0
    waiting = [[root] for root in roots]
    while waiting and overlaps <= MAX_OVERLAPS and expanded <= MAX_EXPANDED_FIELDS:
        by_response_name = _fields_at_one_path(waiting.pop(), fragments)
        for fields in by_response_name.values():
            expanded += len(fields)
            overlaps += len(fields) * (len(fields) - 1) // 2
            below = [field.selection_set for field in fields if field.selection_set is not None]
            if below:
                waiting.append(below)
    return overlaps, expanded


def _fields_at_one_path(
    selection_sets: list[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> dict[str, list[FieldNode]]:
    by_response_name: dict[str, list[FieldNode]] = {}
    spread: set[str] = set()
    waiting = list(selection_sets)
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                name = (selection.alias or selection.name).value
                by_response_name.setdefault(name, []).append(selection)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in spread and name in fragments:
                    spread.add(name)
                    waiting.append(fragments[name].selection_set)
            else:
                waiting.append(selection.selection_set)  # type: ignore[attr-defined]  # only an inline fragment is left
    return by_response_name
