"""Tests of converting PostgreSQL's log to a pgbench script."""

import json

from bench.reads.pgbench import Executed, parse_log, script_of

TENANT = "019d4500-0006-7000-8000-000000000001"
READ = Executed(
    "WITH scope AS MATERIALIZED (SELECT set_config('app.tenant_id', $1, true)) "
    "SELECT (SELECT name FROM tenants WHERE id = $2::uuid AND code = $3 LIMIT $4::bigint OFFSET $5) FROM scope",
    (TENANT, TENANT, "it's", "21", None),
)


def test_executions_are_read_with_their_parameters() -> None:
    log = [
        json.dumps({"pid": 7, "message": "statement: BEGIN"}),
        json.dumps({"pid": 7, "message": "duration: 1.5 ms"}),
        json.dumps({"pid": 9, "message": "statement: SELECT pg_reload_conf()"}),
        json.dumps(
            {
                "pid": 7,
                "message": "execute __asyncpg_stmt_1__: SELECT $1,\n $2",
                "detail": "Parameters: $1 = 'it''s', $2 = NULL",
            }
        ),
    ]
    assert list(parse_log(log, besides=9)) == [Executed("BEGIN", ()), Executed("SELECT $1,\n $2", ("it's", None))]


def test_the_tenant_varies_and_the_rest_stays() -> None:
    script = script_of(READ, TENANT)
    assert script.text.endswith(
        "WITH scope AS MATERIALIZED (SELECT set_config('app.tenant_id', :tenant, true)) "
        "SELECT (SELECT name FROM tenants WHERE id = :tenant::uuid AND code = :p3 LIMIT :p4::bigint OFFSET NULL) "
        "FROM scope;\n"
    )
    assert script.variables == {"n": "0", "p3": "it's", "p4": "21"}
