"""Scalars in the wire formats that the compiler's SQL writes."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

import strawberry
from strawberry.schema.config import StrawberryConfig

Big = NewType("Big", int)


def decimal_text(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


CONFIG = StrawberryConfig(
    scalar_map={
        Big: strawberry.scalar(name="Big", serialize=int, parse_value=int),
        Decimal: strawberry.scalar(name="Decimal", serialize=decimal_text, parse_value=Decimal),
        date: strawberry.scalar(name="Date", serialize=date.isoformat, parse_value=date.fromisoformat),
        datetime: strawberry.scalar(name="DateTime", serialize=datetime.isoformat, parse_value=datetime.fromisoformat),
    }
)


@strawberry.enum
class State(StrEnum):
    DRAFT = "DRAFT"
    LIVE = "LIVE"
    GONE = "GONE"


@strawberry.interface
class Node:
    id: strawberry.ID
