"""Receivers of webhooks in the simulation: over real HTTP, with faults, and each acts once on a webhook-id."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from tests.operations.webhooks.receiver import Answer, Delivered, Receiver


class Conduct(Enum):
    """What a receiver does with a request."""

    ACTS = "acts on the event, and says so"
    ANSWERS_TWICE = "acts, and sends its answer two times"
    LOSES_THE_ANSWER = "acts, and closes the connection without an answer"
    FAILS = "answers 500"
    ASKS_TO_WAIT = "answers 503 with Retry-After: 120"
    REDIRECTS = "answers 301"
    HANGS = "keeps the connection open for a while, and never answers"
    IS_DOWN = "closes the connection"
    IS_GONE = "answers 410"


ACTS = frozenset({Conduct.ACTS, Conduct.ANSWERS_TWICE, Conduct.LOSES_THE_ANSWER})
_ANSWERS = {
    Conduct.ACTS: Answer(),
    Conduct.ANSWERS_TWICE: Answer(twice=True),
    Conduct.LOSES_THE_ANSWER: Answer(close=True),
    Conduct.FAILS: Answer(500),
    Conduct.ASKS_TO_WAIT: Answer(503, {"retry-after": "120"}),
    Conduct.REDIRECTS: Answer(301, {"location": "/elsewhere"}),
    Conduct.HANGS: Answer(close=True, after=0.05),
    Conduct.IS_DOWN: Answer(close=True),
    Conduct.IS_GONE: Answer(410),
}


class ActedOn(NamedTuple):
    """An event that a receiver has acted on."""

    message_id: str
    event_id: UUID


class HonestReceiver:
    """Honours webhook-id: it acts on each id once. conduct: what it does with its next requests, one after the other
    and from the beginning again.
    """

    def __init__(self, receiver: Receiver) -> None:
        self.url = receiver.url
        self.acted: list[ActedOn] = []
        self.bodies: dict[str, bytes] = {}
        self._conduct: Sequence[Conduct] = ()
        self._requests = 0
        receiver.behaviour = self._answer
        self.behave([Conduct.ACTS])

    def begin(self) -> None:
        self.acted, self.bodies = [], {}
        self.behave([Conduct.ACTS])

    def behave(self, conduct: Sequence[Conduct]) -> None:
        self._conduct, self._requests = conduct, 0

    def _answer(self, request: Delivered) -> Answer:
        conduct = self._conduct[self._requests % len(self._conduct)]
        self._requests += 1
        body = self.bodies.setdefault(request.message_id, request.body)
        if body != request.body:
            raise AssertionError("another body came under one webhook-id")
        if conduct in ACTS and all(request.message_id != known.message_id for known in self.acted):
            self.acted.append(ActedOn(request.message_id, UUID(request.event["id"])))
        return _ANSWERS[conduct]
