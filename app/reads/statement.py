"""A compiled statement: its text, where its parameters come from, and what Python has yet to add to its answer."""

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
    """A field as a document selects it: its definition, its merged occurrences, and its path in the response."""

    definition: GraphQLField
    fields: FieldDetailsList
    path: tuple[str, ...]

    @property
    def node(self) -> FieldNode:
        """Its first occurrence, whose arguments are the arguments of all."""
        return self.fields[0].node

    @property
    def name(self) -> str:
        """The name in the schema."""
        return self.node.name.value

    @property
    def type(self) -> GraphQLObjectType:
        """The object type of its value, or of the items of its list."""
        return cast("GraphQLObjectType", get_named_type(self.definition.type))

    def locate(self, error: ReadError) -> ReadError:
        """The error with the field's place."""
        return type(error)(error.message, self.node, self.path)


class Arguments:
    """The arguments of one selected field, read anew for each request that brings variables to them."""

    def __init__(self, selected: Selected) -> None:
        self._selected = selected
        variable = any(_holds_variable(argument.value) for argument in selected.node.arguments or ())
        self._constant = None if variable else get_argument_values(selected.definition, selected.node)
        self._variables = _plain(selected) if variable else None

    def of(self, values: "Values") -> dict[str, Any]:
        """The arguments of a request, as GraphQL coerces them."""
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
    """The variable of each argument, where no argument is anything else: then its value is the argument's."""
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
    """What one request gives a statement: its variables, and who asks."""

    variables: VariableValues
    request: Request
    arguments: dict[Arguments, dict[str, Any]] = field(default_factory=dict)
    keys: Sequence[Any] = ()


Getter: TypeAlias = Callable[[Values], Any]
Source: TypeAlias = tuple[Getter, Selected | None]
"""Where a parameter comes from, and the field to blame when the value is refused."""


@dataclass(frozen=True, eq=False)
class SelectedPythonField:
    """One `finished` field of a document: its declaration, its arguments, and the columns it is given."""

    declaration: PythonField
    selected: Selected
    arguments: Arguments

    @property
    def needs(self) -> Sequence[tuple[str, Column]]:
        """The columns it is given, under keys that no response has."""
        return [(f":{column._meta.name}", column) for column in self.declaration.needs]


@dataclass(frozen=True)
class Shape:
    """What Python adds to an object of the answer: fields it finishes, and objects below that hold such fields."""

    type_name: str
    python_field: Mapping[str, SelectedPythonField]
    children: Mapping[str, "Shapes"]


Shapes: TypeAlias = Shape | Mapping[str, Shape]
"""Of an object, or by type of what a type key (`TYPE_KEY`) in the answer tells."""

TYPE_KEY = ":type"


@dataclass(frozen=True)
class Statement:
    """One SQL statement whose one value is JSON. Without a shape, its bytes go out as they are. Its first parameter is
    the tenant's setting where it is `of_tenant`.
    """

    sql: str
    getters: tuple[Source, ...]
    checks: tuple[Source, ...]
    shape: Shapes | None
    of_tenant: bool
    allow: Allow | None = None

    def bind(self, values: Values) -> list[Any]:
        """The parameters of one request. Raises ReadError for what is refused, with its path."""
        if self.allow is not None and not self.allow(values.request.viewer):
            raise ForbiddenError("You may not read this.")
        for check in self.checks:
            _get(check, values)
        parameters = [_get(getter, values) for getter in self.getters]
        return [values.request.scope.setting, *parameters] if self.of_tenant else parameters


def _get(source: Source, values: Values) -> Any:
    getter, selected = source
    try:
        return getter(values)
    except ReadError as error:
        raise (selected.locate(error) if selected else error) from None
