"""The currencies of ISO 4217 that can be used for prices."""

from collections.abc import Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

import iso4217


class ListedCurrency(NamedTuple):
    """A listed currency; minor_units: the number of decimal digits of an amount (AUD 2, JPY 0)."""

    code: str
    name: str
    minor_units: int


def _listed() -> dict[str, ListedCurrency]:
    every = sorted(iso4217.Currency, key=attrgetter("code"))
    return {
        each.code: ListedCurrency(each.code, each.currency_name, each.exponent)
        for each in every
        if each.exponent is not None
    }


CURRENCIES: Mapping[str, ListedCurrency] = MappingProxyType(_listed())
"""Currencies by code, in order of code. Codes without a minor unit, such as gold's, are excluded because amounts in
them are impossible.
"""
