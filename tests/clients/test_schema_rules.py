"""graphql-eslint over the committed schema."""

from tests.clients import node

pytestmark = node.needs_node


async def test_the_schema_keeps_the_rules() -> None:
    eslint, rules = node.HERE / "node_modules/eslint/bin/eslint.js", node.HERE / "eslint.config.js"
    root = node.HERE.parent.parent
    status, output = await node.run(
        str(eslint), "--config", str(rules), "--max-warnings=0", "schema.graphql", folder=root
    )
    assert (status, output) == (0, "")
