"""What schemathesis is told of the API, by the name of this module: its scalars' values, and what an error must be."""

import os
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

ROWS = os.environ["ARCADIA_ROWS"].split(",")
CODES = {
    "BAD_USER_INPUT",
    "FORBIDDEN",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "LIMIT_EXCEEDED",
}
"""What may be wrong with a document that a client made. That something is wrong here is not among them."""

_DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=6)
_SCALARS = {
    "ID": (st.sampled_from(ROWS) | st.uuids().map(str)).map(nodes.String),
    "Cents": st.integers(-(2**63) + 1, 2**63 - 1).map(nodes.Int),
    "Decimal": (st.integers(0, 10).map(str) | _DECIMALS.map("{:f}".format)).map(nodes.String),
    "Date": (st.just("2026-04-01") | st.dates().map(str)).map(nodes.String),
    "DateTime": st.datetimes().map(lambda instant: f"{instant.isoformat()}Z").map(nodes.String),
}
for name, strategy in _SCALARS.items():
    schemathesis.graphql.scalar(name, strategy)


@schemathesis.check
def every_error_is_coded(_context: Any, response: Any, _case: Any) -> None:
    """In the place of schemathesis' own rule that no made-up value is ever refused: a page of 2,147,483,647 is."""
    for error in response.json().get("errors", ()):
        assert error["extensions"]["code"] in CODES, error
        assert error["extensions"]["requestId"] == response.headers["x-request-id"][0], error
