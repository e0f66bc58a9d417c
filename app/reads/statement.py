"""A compiled statement: its text, the sources of its parameters, and what Python must add to its result."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues, get_argument_values
from piccolo.columns import Column

from app.reads.errors import ForbiddenError, ReadError
from app.reads.field_specs import Allow, PythonField
from app.reads.request import Request


@dataclass(eq=False, slots=True)
class Selected:
    """A selected field of a document: its definition, its merged occurrences, and its path in the response."""

    definition: GraphQLField
    fields: FieldDetailsList
    path: tuple[str, ...]

    @property
    def node(self) -> FieldNode:
        """The selected field's first occurrence in the document; all its occurrences have the same arguments."""
        return self.fields[0].node

    @property
    def name(self) -> str:
        """The field's name in the schema (not its alias)."""
        return self.node.name.value

    @property
    def type(self) -> GraphQLObjectType:
        """The object type of the field's value, or of the items if the value is a list."""
        return cast("GraphQLObjectType", get_named_type(self.definition.type))

    def locate(self, error: ReadError) -> ReadError:
        """Returns the error with the selected field's location in the document and its response path."""
        return type(error)(error.message, self.node, self.path)


class Arguments:
    """The arguments of one selected field, evaluated for each request's variables."""

    def __init__(self, selected: Selected) -> None:
        self._selected = selected
        variable = any(_holds_variable(argument.value) for argument in selected.node.arguments or ())
        self._constant = None if variable else get_argument_values(selected.definition, selected.node)
        self._variables = _plain(selected) if variable else None

    def of(self, values: "Values") -> dict[str, Any]:
        """Returns a selected field's arguments in a request, as GraphQL coerces them."""
        if self._constant is not None:
            return self._constant
        known = values.arguments.get(self)
        if known is None:
            known = values.arguments[self] = self._read(values.variables)
        return known

    def _read(self, variables: VariableValues) -> dict[str, Any]:
        if self._variables is not None:
            variable_values = {name: variables.coerced.get(variable) for name, variable in self._variables}
            if None not in variable_values.values():
                return variable_values
        return get_argument_values(self._selected.definition, self._selected.node, variables)


def _plain(selected: Selected) -> list[tuple[str, str]] | None:
    """Returns the variable of each argument if all arguments are plain variables: then the variable's value is the
    argument's.
    """
    argument_nodes = {node.name.value: node.value for node in selected.node.arguments or ()}
    plain = []
    for name, argument in selected.definition.args.items():
        value = argument_nodes.get(name)
        if isinstance(value, VariableNode):
            plain.append((argument.out_name or name, value.name.value))
        elif value is not None or argument.default is not None or argument.default_value is not Undefined:
            return None
    return plain


def _holds_variable(node: ValueNode) -> bool:
    if isinstance(node, ListValueNode):
        return any(map(_holds_variable, node.values))
    if isinstance(node, ObjectValueNode):
        return any(_holds_variable(field.value) for field in node.fields)
    return isinstance(node, VariableNode)


@dataclass(slots=True)
class Values:
    """The values that one request gives to a statement: its variables and its caller."""

    variables: VariableValues
    request: Request
    arguments: dict[Arguments, dict[str, Any]] = field(default_factory=dict)
    keys: Sequence[Any] = ()


Getter: TypeAlias = Callable[[Values], Any]
"""Returns a parameter's value for one request. Raises ReadError for a value that is refused."""


@dataclass(eq=False, slots=True)
class Parameter:
    """A parameter of a statement: its PostgreSQL type, its value, and the field to blame for a refused value."""

    type: str
    getter: Getter
    error_source: Selected | None = None

    def value(self, values: Values) -> Any:
        """Returns the parameter's value for one request. Raises ReadError, with the path of the field whose value is
        refused.
        """
        try:
            return self.getter(values)
        except ReadError as error:
            raise (self.error_source.locate(error) if self.error_source else error) from None


@dataclass(frozen=True, eq=False)
class SelectedPythonField:
    """One Python field of a document: its declaration, its arguments, and the columns it needs."""

    declaration: PythonField
    selected: Selected
    arguments: Arguments

    @property
    def needs(self) -> Sequence[tuple[str, Column]]:
        """The columns that the Python field needs, under keys that no response has."""
        return [(f":{column._meta.name}", column) for column in self.declaration.needs]


@dataclass(frozen=True)
class Shape:
    """What Python adds to an object of the response: its Python fields, and objects in it that have such fields."""

    type_name: str
    python_field: Mapping[str, SelectedPythonField]
    children: Mapping[str, "Shapes"]


Shapes: TypeAlias = Shape | Mapping[str, Shape]
"""For an object, or for each type that the type key (`TYPE_KEY`) in the result can name."""

TYPE_KEY = ":type"


@dataclass(frozen=True)
class Statement:
    """One SQL statement that returns one JSON value. Without a shape, its bytes are sent unchanged.

    If it is `of_tenant`, `$1` is the tenant's setting and `parameters` begin at `$2`. `checks` are only evaluated.
    """

    sql: str
    parameters: tuple[Parameter, ...]
    checks: tuple[Parameter, ...]
    shape: Shapes | None
    of_tenant: bool
    allow: Allow | None = None

    def bind(self, values: Values) -> list[Any]:
        """Returns the parameters of one request. Raises ReadError with its path if a value is refused."""
        if self.allow is not None and not self.allow(values.request.viewer):
            raise ForbiddenError("Your role may not read this field.")
        for check in self.checks:
            check.value(values)
        parameters = [parameter.value(values) for parameter in self.parameters]
        return [values.request.scope.setting, *parameters] if self.of_tenant else parameters
