"""Validates the values written in a GraphQL document; the errors contain the value's location."""

from typing import TYPE_CHECKING

from graphql import (
    SKIP,
    GraphQLError,
    GraphQLInputType,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VisitorAction,
    specified_rules,
)
from graphql.utilities.validate_input_value import validate_input_literal
from typing_extensions import override

from app.reads.errors import with_input_path

if TYPE_CHECKING:
    from collections.abc import Sequence


class LiteralsOfCorrectTypeRule(ValuesOfCorrectTypeRule):
    """GraphQL's validation rule ValuesOfCorrectType, whose errors here contain the input path of the invalid value."""

    @override
    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        def on_error(error: GraphQLError, path: "Sequence[str | int]") -> None:
            error.extensions = with_input_path(error, [*self._argument(), *path])
            self.report_error(error)

        if input_type is not None:
            validate_input_literal(node, input_type, on_error, hide_suggestions=self.context.hide_suggestions)
        return SKIP

    def _argument(self) -> list[str]:
        """Returns the path of the argument in which the currently visited value is; empty for a variable's default."""
        argument, field = self.context.get_argument(), self.context.get_field_def()
        return [name for name, known in (field.args.items() if field else ()) if known is argument]


RULES = tuple(LiteralsOfCorrectTypeRule if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules)
"""GraphQL's validation rules, with our rule in place of the one that it extends."""
