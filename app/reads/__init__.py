"""Compiles GraphQL selections over declared tables to one SQL statement each.

Schema authors use `declarations` and `filters`; a server calls `GraphQLEngine`. The package does not depend on billing.
"""

from app.reads.connections import Connection, PageInfo
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
from app.reads.errors import BadInputError, ForbiddenError
from app.reads.field_specs import TODAY, Computed, PythonFieldInfo, Rows
from app.reads.filter_conditions import Condition, among, at_least, at_most, before, contains, equals, through
from app.reads.input_decoding import decoded_by
from app.reads.paging import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from app.reads.request import Request

__all__ = [
    "DEFAULT_PAGE_SIZE",
    "MAX_PAGE_SIZE",
    "TODAY",
    "BadInputError",
    "Computed",
    "Condition",
    "Connection",
    "ForbiddenError",
    "GraphQLEngine",
    "PageInfo",
    "PythonFieldInfo",
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
