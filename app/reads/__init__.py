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
    many,
    one,
    python_field,
    read_type,
    reference,
    related,
    root_connection,
    root_many,
    root_node,
    root_nodes,
    root_one,
)
from app.reads.engine import GraphQLEngine, Response
from app.reads.errors import BadInputError, ForbiddenError, ReadError
from app.reads.field_specs import TODAY, Computed, PythonFieldInfo, RowReference, Rows
from app.reads.filter_conditions import Condition, among, at_least, at_most, before, contains, equals, through
from app.reads.input_decoding import decoded_by
from app.reads.request import Request

__all__ = [
    "TODAY",
    "BadInputError",
    "Computed",
    "Condition",
    "Connection",
    "Edge",
    "ForbiddenError",
    "GraphQLEngine",
    "PageInfo",
    "PythonFieldInfo",
    "ReadError",
    "Request",
    "Response",
    "RowReference",
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
    "many",
    "one",
    "python_field",
    "read_type",
    "reference",
    "related",
    "root_connection",
    "root_many",
    "root_node",
    "root_nodes",
    "root_one",
    "through",
]
