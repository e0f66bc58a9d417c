"""Nothing in app is unused: no function, class, constant, method or attribute, no export of a package, no module."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from vulture import Vulture

from tests.test_tidy import ROOT, named, parsed, python_files

CALLED_BY_LIBRARIES = {
    "APP_CONFIG",  # Piccolo
    "check_version",
    "get_new_connection",
    "_committed",
    "_rolled_back",
    "db",
    "SIGNALS",  # SAQ
    "init_db",
    "type_annotation",  # Strawberry
    "from_input",
    "handle",
    "resolve_async",
    "enter_field",  # graphql-core
    "is_valid_value_node",
    "send_400_response",  # uvicorn
    "do_POST",  # http.server
    "log_message",
    "ignore_aliases",  # PyYAML
}
"""What libraries call or read by its name."""
LIBRARY_DECORATORS = [
    f"@{group}.*" for group in ("catalog", "click", "costs", "invoices", "runs", "strawberry", "tenants")
]
"""Of commands and of the schema's fields, which are called by their names there."""
IN_QUOTES = {"AbsorbedCorrection", "GraphQLInterfaceType", "WriteOff"}
"""Types that are only named in quotes."""
FOUND_BY_NAME = {"app.asgi", "app.cli.__main__", "app.tables.installation", "app.tables.issued_documents"}
"""Modules that are started, or that Piccolo imports (piccolo_app.py); those of commands are in app.cli.COMMANDS."""
KEPT_FOR_TESTS = {"fold", "transition_by_system"}
"""The reference of SQL's folding (ADR 0005), and the system's own transitions."""


def is_field(path: Path, line: int) -> bool:
    """Whether a variable belongs to a class: libraries read fields, and enum members are used by their values."""
    return path.read_text(encoding="utf-8").splitlines()[line - 1].startswith(" ")


def is_list_of_exports(path: Path) -> bool:
    """Whether a file only exports what other files declare: an export does not count as a use."""
    return path.name == "__init__.py" and "__all__ = " in path.read_text(encoding="utf-8")


def unused_declarations(*folders: Path) -> Iterator[str]:
    """Declarations whose names occur nowhere else, as PATH: KIND NAME."""
    found = Vulture(
        ignore_names=[*CALLED_BY_LIBRARIES, *IN_QUOTES, *KEPT_FOR_TESTS], ignore_decorators=LIBRARY_DECORATORS
    )
    found.scavenge(
        [
            str(path)
            for folder in folders
            for path in folder.rglob("*.py")
            if "migrations" not in path.parts and not is_list_of_exports(path)
        ]
    )
    for item in found.get_unused_code():
        path = Path(item.filename)
        of_class = item.typ == "variable" and is_field(path, item.first_lineno)
        table = item.typ == "class" and "tables" in path.parts  # Piccolo finds it in its module
        if not of_class and not table:
            yield f"{path.name}: {item.typ} {item.name}"


@cache
def imported() -> set[str]:
    """The dotted names that are imported in app, tests and bench, each from another file than its own."""
    names = set()
    for path in python_files("app", "tests", "bench"):
        own = named(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Attribute):
                names.add(f".{node.attr}")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and own == "app.cli":
                names.add(node.value)
    return names


def test_no_declaration_is_unused() -> None:
    assert sorted(unused_declarations(ROOT / "app")) == []


def test_unused_declarations_are_found(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(
        "LIMIT = 1\n\n\nclass Thing:\n    field = 2\n\n    def act(self):\n        self.seen = used()\n\n\n"
        "def used():\n    return 3\n\n\ndef lonely():\n    return used()\n"
    )
    assert sorted(unused_declarations(tmp_path)) == [
        "one.py: attribute seen",
        "one.py: class Thing",
        "one.py: function lonely",
        "one.py: method act",
        "one.py: variable LIMIT",
    ]


def test_what_libraries_call_is_there() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in python_files("app"))
    assert {name for name in CALLED_BY_LIBRARIES | IN_QUOTES | KEPT_FOR_TESTS if name not in text} == set()


def test_no_export_of_a_package_is_unused() -> None:
    names = imported()
    unused = [
        f"{named(path.parent)}: {name}"
        for path in python_files("app")
        if path.name == "__init__.py"
        for node in parsed(path).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for name in ast.literal_eval(node.value)
        if not {f"{named(path.parent).replace('/', '.')}.{name}", f".{name}"} & names
    ]
    assert unused == []


def test_no_module_is_unused() -> None:
    modules = {
        named(path).removesuffix(".py").replace("/", ".") for path in python_files("app") if path.name != "__init__.py"
    }
    assert modules - imported() - FOUND_BY_NAME == set()
