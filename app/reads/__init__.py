"""Reads as one SQL statement: GraphQL selections over declared tables, compiled.

`declarations` and `filters` are what schema authors write; `Reads` is what a server calls. The package knows
nothing of billing.
"""

from app.reads.connections import Connection, Edge, PageInfo
from app.reads.declarations import (
    column,
    computed,
    connection,
    desc,
    finished,
    many,
    one,
    read_type,
    ref,
    related,
    root_connection,
    root_many,
    root_node,
    root_nodes,
    root_one,
)
from app.reads.declared import TODAY, Computed, FinishInfo, Ref, Rows
from app.reads.errors import BadInputError, ForbiddenError, ReadError
from app.reads.filters import Condition, among, at_least, at_most, before, contains, equals, through
from app.reads.inputs import decoded_by
from app.reads.reads import Reads, Response
from app.reads.request import Request

__all__ = [
    "TODAY",
    "BadInputError",
    "Computed",
    "Condition",
    "Connection",
    "Edge",
    "FinishInfo",
    "ForbiddenError",
    "PageInfo",
    "ReadError",
    "Reads",
    "Ref",
    "Request",
    "Response",
    "Rows",
    "among",
    "at_least",
    "at_most",
    "before",
    "column",
    "computed",
    "connection",
    "contains",
    "decoded_by",
    "desc",
    "equals",
    "finished",
    "many",
    "one",
    "read_type",
    "ref",
    "related",
    "root_connection",
    "root_many",
    "root_node",
    "root_nodes",
    "root_one",
    "through",
]
