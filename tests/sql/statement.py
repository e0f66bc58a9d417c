"""One parsed statement: the sources it joins, the columns it equates, and the rows it locks or changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from sqlglot import exp

from tests.sql.sources import (
    VALUE,
    Equated,
    Scope,
    Source,
    bare,
    columns_of,
    columns_of_tables,
    conjunction,
    listed,
    node_of,
    returned,
    sources_of,
)

TENANT = "tenant_id"


@dataclass
class Statement:
    """One statement's sources, and what is to be held of them once all is known."""

    count: int = 0
    joins: list[tuple[Equated, Source, Source]] = field(default_factory=list)
    held: list[tuple[Equated, Source, str]] = field(default_factory=list)
    ctes: Scope = field(default_factory=dict)

    def source(self, name: str, alias: str, columns: frozenset[str] | None) -> Source:
        self.count += 1
        return Source(self.count, name, alias, columns)

    def faults(self) -> Iterator[str]:
        for equated, one, other in self.joins:
            if not any(equated.are_equal(a, b) for a in one.keys for b in other.keys):
                yield f"{one.name} and {other.name} are joined without their tenants"
        for equated, source, how in self.held:
            if source.key and not equated.is_bound(source.key):
                yield f"{source.name} is {how} without its tenant"

    # Statements

    def query(self, node: exp.Expr, outer: Scope, equated: Equated) -> Source:
        """Reads a statement or sub-select; what it yields, as rows."""
        before = dict(self.ctes)
        self._with(node, outer, equated)
        try:
            match node:
                case exp.Subquery():
                    return self.query(node.this, outer, equated)
                case exp.SetOperation():
                    return self._union(node, outer, equated)
                case exp.Select():
                    return self._select(node, outer, equated)
                case exp.Update() | exp.Delete():
                    return self._change(node, outer, equated)
                case exp.Insert():
                    return self._insert(node, outer, equated)
                case _:
                    return self.source(type(node).__name__, "", None)
        finally:
            self.ctes = before

    def _with(self, node: exp.Expr, outer: Scope, equated: Equated) -> None:
        clause = node.args.get("with_")
        if clause is None:
            return
        for cte in clause.expressions:
            names = [column.name for column in cte.args["alias"].columns]
            if clause.recursive:
                self.ctes[cte.alias] = self.source(cte.alias, cte.alias, None)
            self.ctes[cte.alias] = self._named(self.query(cte.this, outer, equated), cte.alias, names)

    def _named(self, rows: Source, alias: str, names: Sequence[str] = ()) -> Source:
        columns = frozenset(names) if names else rows.columns
        return Source(rows.number, rows.name, alias, columns, rows.key, rows.inner)

    def _union(self, node: exp.SetOperation, outer: Scope, equated: Equated) -> Source:
        arms = [self.query(arm, outer, equated) for arm in (node.this, node.expression)]
        rows = self.source("a union", "", arms[0].columns)
        rows.inner = [key for arm in arms for key in arm.keys]
        if rows.inner and TENANT in (rows.columns or ()):
            rows.key = (rows.number, TENANT)
            keys = [arm.key or (arm.number, TENANT) for arm in arms]
            if all(equated.are_equal(keys[0], key) for key in keys):
                equated.equate(rows.key, keys[0])
            if all(equated.is_bound(key) for key in keys):
                equated.bind(rows.key)
        return rows

    def _insert(self, node: exp.Insert, outer: Scope, equated: Equated) -> Source:
        if isinstance(node.expression, exp.Query):
            self.query(node.expression, outer, equated)
        table = node.this.this if isinstance(node.this, exp.Schema) else node.this
        target = self._table(table)
        return self._output(returned(node), {target.alias: target}, outer, equated)

    def _change(self, node: exp.Update | exp.Delete, outer: Scope, equated: Equated) -> Source:
        target = self._table(node.this)
        scope: Scope = {target.alias: target}
        if isinstance(node, exp.Update):
            clause = node.args.get("from_")
            parts = [clause.this] if clause else []
        else:
            parts = list(node.args.get("using") or [])
        for part in parts:
            self._from(part, scope, outer, equated)
        self._where(node, scope, outer, equated)
        self.held.append((equated, target, "updated" if isinstance(node, exp.Update) else "deleted"))
        for value in node.expressions:
            self._below(value, scope, outer, equated)
        return self._output(returned(node), scope, outer, equated)

    def _select(self, node: exp.Select, outer: Scope, equated: Equated) -> Source:
        scope: Scope = {}
        clause = node.args.get("from_")
        if clause is not None:
            self._from(clause.this, scope, outer, equated)
        self._joined(node.args.get("joins") or [], scope, outer, equated)
        self._where(node, scope, outer, equated)
        for lock in node.args.get("locks") or []:
            names = {name.name for name in lock.expressions}
            for source in scope.values():
                if source.table and (not names or source.alias in names):
                    self.held.append((equated, source, "locked"))
        for part in ("group", "having", "order", "distinct", "limit", "windows"):
            for value in listed(node.args.get(part)):
                self._below(value, scope, outer, equated)
        for value in node.expressions:
            self._below(value, scope, outer, equated)
        return self._output(node.expressions, scope, outer, equated)

    # Sources

    def _from(self, node: exp.Expr, scope: Scope, outer: Scope, equated: Equated) -> None:
        names = [column.name for column in node.args["alias"].columns] if node.args.get("alias") else []
        inner = node.this if isinstance(node, exp.Lateral) else node
        if isinstance(inner, exp.Subquery) and isinstance(inner.this, exp.Query):
            rows = self.query(inner.this, {**outer, **scope}, equated)
            source = self._named(rows, node.alias, names)
        elif isinstance(inner, exp.Subquery | exp.Paren):
            self._from(inner.this, scope, outer, equated)
            return
        elif isinstance(inner, exp.Table) and isinstance(inner.this, exp.Identifier):
            source = self._table(inner, names)
        else:
            source = self.source(inner.key, node.alias, frozenset(names) if names else None)
            self._below(inner, scope, outer, equated)
        scope[source.alias] = source
        self._joined(node.args.get("joins") or [], scope, outer, equated)

    def _table(self, node: exp.Table, names: Sequence[str] = ()) -> Source:
        cte = self.ctes.get(node.name) if not node.db else None
        if cte is not None:
            return self._named(cte, node.alias_or_name, names)
        columns = columns_of_tables().get(node.name) if not node.db or node.db == "public" else None
        source = self.source(node.name, node.alias_or_name, columns)
        if columns is not None and (TENANT in columns or node.name == "tenants"):
            source.key = (source.number, TENANT if TENANT in columns else "id")
            source.table = True
        return source

    def _joined(self, joins: Sequence[exp.Join], scope: Scope, outer: Scope, equated: Equated) -> None:
        for join in joins:
            before = list(scope.values())
            self._from(join.this, scope, outer, equated)
            new = next(reversed(scope.values()))
            for column in join.args.get("using") or []:
                for source in before:
                    if source.columns is None or column.name in source.columns:
                        equated.equate((source.number, column.name), (new.number, column.name))
            if join.args.get("on"):
                self._conditions(join.args["on"], scope, outer, equated)

    # Conditions

    def _where(self, node: exp.Expr, scope: Scope, outer: Scope, equated: Equated) -> None:
        where = node.args.get("where")
        if where is not None:
            self._conditions(where.this, scope, outer, equated)
        for source in scope.values():
            if not source.keys:
                equated.bind((source.number, TENANT))
        for one, other in combinations(scope.values(), 2):
            if one.keys and other.keys:
                self.joins.append((equated, one, other))

    def _conditions(self, node: exp.Expr, scope: Scope, outer: Scope, equated: Equated) -> None:
        for condition in conjunction(node):
            match condition:
                case exp.EQ() | exp.NullSafeEQ():
                    self._equal(condition.this, condition.expression, scope, outer, equated)
                case exp.In() if condition.args.get("query"):
                    self._equal(condition.this, condition.args["query"], scope, outer, equated)
                case exp.In() | exp.Is():
                    self._bind(condition.this, scope, outer, equated)
                case _:
                    self._below(condition, scope, outer, equated)

    def _equal(self, left: exp.Expr, right: exp.Expr, scope: Scope, outer: Scope, equated: Equated) -> None:
        left, right = bare(left), bare(right)
        if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
            for one, other in zip(left.expressions, right.expressions, strict=True):
                self._equal(one, other, scope, outer, equated)
            return
        if isinstance(right, exp.Any) and isinstance(bare(right.this), exp.Subquery | exp.Query):
            right = bare(right.this)
        if isinstance(right, exp.Subquery | exp.Query):
            self._equal_to_rows(left, right, scope, outer, equated)
            return
        nodes = [node_of(side, scope, outer) for side in (left, right)]
        if nodes[0] and nodes[1]:
            equated.equate(nodes[0], nodes[1])
        for node in nodes:
            if node and (node[0] == VALUE or not (nodes[0] and nodes[1])):
                equated.bind(node)
        self._below(left, scope, outer, equated)
        self._below(right, scope, outer, equated)

    def _equal_to_rows(self, left: exp.Expr, right: exp.Expr, scope: Scope, outer: Scope, equated: Equated) -> None:
        rows = self.query(right, {**outer, **scope}, equated)
        query = right
        while isinstance(query, exp.Subquery):
            query = query.this
        sides = left.expressions if isinstance(left, exp.Tuple) else [left]
        asked = [node_of(side, scope, outer) for side in sides]
        selected = query.expressions if isinstance(query, exp.Select) else []
        for node, value in zip(asked, selected, strict=False):
            if node and value.alias_or_name == TENANT and rows.key:
                equated.equate(node, rows.key)
        if rows.keys:
            for source in sources_of(left, scope, outer):
                if source.keys:
                    self.joins.append((equated, source, rows))

    def _bind(self, node: exp.Expr, scope: Scope, outer: Scope, equated: Equated) -> None:
        for side in node.expressions if isinstance(node, exp.Tuple) else [node]:
            if found := node_of(side, scope, outer):
                equated.bind(found)

    def _below(self, node: exp.Expr, scope: Scope, outer: Scope, equated: Equated) -> None:
        """Sub-selects within an expression."""
        if isinstance(node, exp.Query):
            inner = self.query(node, {**outer, **scope}, own := equated.copy())
            if inner.inner or inner.key:
                for source in sources_of(node, scope, {}):
                    if source.keys:
                        self.joins.append((own, source, inner))
            return
        for child in node.iter_expressions():
            self._below(child, scope, outer, equated)

    def _output(self, values: Sequence[exp.Expr], scope: Scope, outer: Scope, equated: Equated) -> Source:
        rows = self.source(" and ".join(source.name for source in scope.values()), "", None)
        rows.inner = [key for source in scope.values() for key in source.keys]
        names: set[str] = set()
        for value in values:
            if value.is_star:
                of = value.table if isinstance(value, exp.Column) else ""
                for source in scope.values():
                    if of in ("", source.alias):
                        names |= source.columns or set()
                        for name in source.columns or ():
                            equated.equate((rows.number, name), (source.number, name))
            else:
                names.add(value.alias_or_name)
                for column in columns_of(value.unalias()):
                    if node := node_of(column, scope, outer):
                        equated.equate((rows.number, value.alias_or_name), node)
        rows.columns = frozenset(names) or None
        if rows.inner:
            same = (
                name for name in sorted(names) if any(equated.are_equal((rows.number, name), n) for n in rows.inner)
            )
            key = TENANT if TENANT in names else next(same, None)
            rows.key = (rows.number, key) if key else None
        return rows
