"""What follows from each answer of the finance system."""

import pytest

from app.operations.finance.answers import Judgement, judge, pause_after
from app.operations.webhooks.sending import Attempt
from app.tables.finance import FinancePushStatus

PENDING, SENT, BLOCKED = FinancePushStatus


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(
    ("body", "external_id"),
    [
        ('{"externalId": "AR-7"}', "AR-7"),
        ('{"externalId": null, "more": 1}', None),
        ("{}", None),
        ("", None),
        ('{"externalId": 7}', None),
        ("<html>", None),
    ],
)
def test_what_is_booked_keeps_the_external_id(status: int, body: str, external_id: str | None) -> None:
    assert judge(Attempt(5, status, body)) == Judgement(SENT, None, external_id)


@pytest.mark.parametrize("status", [202, 204, 400, 404, 405, 410, 413, 415, 422])
def test_what_is_refused_is_blocked(status: int) -> None:
    assert judge(Attempt(5, status, "")) == Judgement(BLOCKED, f"the finance system answered {status}")


@pytest.mark.parametrize(
    ("status", "is_unavailable"),
    [
        (301, True),
        (307, True),
        (401, True),
        (403, True),
        (408, False),
        (409, False),
        (429, True),
        (500, True),
        (503, True),
    ],
)
def test_what_may_change_is_tried_again(status: int, is_unavailable: bool) -> None:
    assert judge(Attempt(5, status, "")) == Judgement(
        PENDING, f"the finance system answered {status}", is_unavailable=is_unavailable
    )


def test_no_answer_is_tried_again() -> None:
    assert judge(Attempt(15_000, error="no answer within 15 seconds")) == Judgement(
        PENDING, "no answer within 15 seconds", is_unavailable=True
    )


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 5), (1, 10), (3, 40), (7, 640), (8, 900), (10_000, 900)])
def test_pauses_grow_to_fifteen_minutes(attempts: int, seconds: int) -> None:
    pause = pause_after(attempts, Attempt(5, 500, "")).total_seconds()
    assert 0.9 * seconds <= pause <= 1.1 * seconds


def test_retry_after_is_obeyed_up_to_a_day() -> None:
    assert pause_after(0, Attempt(5, 503, "", retry_after=7200)).total_seconds() == 7200
    assert pause_after(0, Attempt(5, 503, "", retry_after=10**9)).total_seconds() == 86_400
