"""Tests of the comparison of two servers' answers."""

from typing import Any

import pytest

from bench.reads.answers import first_difference, leaves


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 4900}, {"a": "4900"}),
        ({"a": "1.50"}, {"a": "1.5"}),
        ({"a": [{"b": None}, {"b": True}]}, {"a": [{"b": None}, {"b": True}]}),
    ],
)
def test_numbers_may_be_written_as_text(one: Any, other: Any) -> None:
    assert first_difference(one, other) is None


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "data: ['a', 'b'] and ['b', 'a']"),
        ({"a": [1, 2]}, {"a": [1]}, "data.a: 2 and 1 items"),
        ({"a": [{"b": "x"}]}, {"a": [{"b": "y"}]}, "data.a[0].b: 'x' and 'y'"),
        ({"a": None}, {"a": 0}, "data.a: None and 0"),
        ({"a": True}, {"a": 1}, "data.a: True and 1"),
        ({"a": {}}, {"a": []}, "data.a: {} and []"),
    ],
)
def test_any_other_fault_is_reported_with_its_position(one: Any, other: Any, where: str) -> None:
    assert first_difference(one, other) == where


def test_leaves_are_counted_through_lists_and_objects() -> None:
    assert leaves({"a": 1, "b": [{"c": None}, {"c": 2, "d": []}]}) == 3
