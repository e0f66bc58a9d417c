"""GraphiQL in a browser without internet: it loads, signs in, queries, mutates and subscribes, and keeps nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from app.operations.calls.principal import Role
from app.server.graphiql import load_graphiql
from tests.browser.chromium import Page, executable, opened_page
from tests.server.conftest import TENANT

pytestmark = [
    pytest.mark.skipif(executable() is None, reason="Chromium is not installed"),
    pytest.mark.skipif(not load_graphiql().assets, reason="GraphiQL's assets are not installed: make graphiql"),
]

QUERY = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror"
RESULT = "document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()"
STATUS = "document.getElementById('signed-in').textContent"


@pytest.fixture
async def page(base_url: str) -> AsyncIterator[Page]:
    async with opened_page() as page:
        await page.goto(f"{base_url}/graphql")
        await page.until("document.querySelector('.graphiql-query-editor .CodeMirror')")
        yield page


async def sign_in(page: Page, token: str) -> None:
    await page.click("#token")
    await page.type(token)
    await page.click("#sign-in button[type=submit]")
    await page.until(f"{STATUS}.startsWith('ada · ')")
    await page.until(f"document.querySelector('.graphiql-query-editor .CodeMirror') && {QUERY}.options.lint.schema")


async def answer(page: Page, data: Any, query: str | None = None) -> None:
    """Runs the query in the editor and waits for exactly this data."""
    if query is not None:
        await page.evaluate(f"{QUERY}.setValue({json.dumps(query)})")
        await asyncio.sleep(1)  # GraphiQL looks at what was typed after a pause
    await page.click(".graphiql-execute-button")
    shown = f"JSON.stringify(JSON.parse({RESULT} || 'null')?.data)"
    await page.until(f"{shown} === {json.dumps(json.dumps(data, separators=(',', ':')))}")


async def test_it_works_without_internet(page: Page, base_url: str, token: Callable[..., str], tmp_path: Path) -> None:
    await sign_in(page, token())
    await answer(page, {"viewer": {"subject": "ada", "roles": ["PLATFORM_ADMIN"]}})
    await page.screenshot(tmp_path / "graphiql.png")
    await answer(page, {"change": True}, "mutation { change }")
    await answer(page, {"count": 2}, "subscription { count(to: 3) }")
    assert {url for url in page.requested if not url.startswith((f"{base_url}/graphql", "data:"))} == set()
    assert page.complaints == []


async def test_the_token_stays_in_the_tab(page: Page, token: Callable[..., str]) -> None:
    mine = token()
    await sign_in(page, mine)
    assert await page.evaluate("document.getElementById('token').value") == ""
    assert await page.evaluate("sessionStorage.getItem('arcadia-token')") == mine
    assert await page.evaluate("localStorage.length + document.cookie.length") == 0
    assert mine not in await page.evaluate("location.href")
    await page.click("#forget")
    await page.until("document.getElementById('signed-in').textContent === 'Not signed in'")
    assert await page.evaluate("Object.values(sessionStorage).join()") == await page.evaluate(
        f"Object.values(sessionStorage).join().replaceAll({json.dumps(mine)}, '')"
    )


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        (Role.PLATFORM_ADMIN, "ada · platform_admin · all tenants · until "),
        (Role.TENANT_VIEWER, f"ada · tenant_viewer · tenant {TENANT} · until "),
    ],
)
async def test_it_shows_who_signed_in_and_until_when(
    page: Page, token: Callable[..., str], tmp_path: Path, role: Role, shown: str
) -> None:
    await page.click("#token")
    await page.type(f'"Bearer {token(role)}"')
    await page.click("#sign-in button[type=submit]")
    await page.until(f"{STATUS}.startsWith({json.dumps(shown)})")
    until = await page.evaluate(f"Date.parse({STATUS}.split(' until ')[1]) - Date.now()")
    assert 590_000 < until <= 600_000
    await page.screenshot(tmp_path / "signed-in.png")


@pytest.mark.parametrize(
    ("presented", "reason"),
    [
        ("abc", "The token is malformed or its signature is wrong."),
        (None, "The token has expired: get a new one."),
    ],
)
async def test_it_says_why_a_token_is_refused(
    page: Page, token: Callable[..., str], tmp_path: Path, presented: str | None, reason: str
) -> None:
    await page.click("#token")
    await page.type(presented or token(seconds=-100))
    await page.click("#sign-in button[type=submit]")
    await page.until(f"{STATUS} === {json.dumps(f'Refused: {reason}')}")
    assert await page.evaluate("document.getElementById('signed-in').className") == "refused"
    await page.screenshot(tmp_path / "refused.png")


async def test_without_a_token_it_says_so(page: Page) -> None:
    await page.click(".graphiql-execute-button")
    await page.until(f"{RESULT}.includes('UNAUTHENTICATED')")


async def test_the_policy_holds_scripts_of_others_off(page: Page) -> None:
    script = (
        "const s = document.createElement('script'); s.textContent = 'window.injected = true'; document.body.append(s)"
    )
    await page.evaluate(f"(() => {{ {script} }})()")
    assert await page.evaluate("window.injected") is None
    assert any("Content Security Policy" in complaint for complaint in page.complaints)
