"""A schema extension around every mutation, so that none can be without an audit entry."""

import json
from dataclasses import replace
from typing import Any

import msgspec
from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver

from app.database import CommitUnknown, DatabaseUnavailable
from app.operations.calls.audit import auditing
from app.operations.calls.call import Call
from app.schema.context import Info, RequestContext


class MutationAudit(FieldExtension):
    """Runs the mutation as a call: it gets an audit log entry, and with an idempotency key it is executed only once."""

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        request: RequestContext = info.context
        call = Call(info.field_name, str(info.path.key), _text(kwargs), request.metadata)
        async with auditing(request.operations, call) as operations:
            # The call ends with the mutation; its payload is read in the previous context.
            raw = info._raw_info._replace(context=replace(request, operations=operations))
            try:
                result = await next_(source, replace(info, _raw_info=raw), **kwargs)
            except DatabaseUnavailable as error:
                if request.done_mutations:
                    raise CommitUnknown(
                        f"{', '.join(request.done_mutations)} was committed before a later field failed."
                    ) from error
                raise
        request.done_mutations.append(call.place)
        return result


def _text(arguments: dict[str, Any]) -> str:
    """Returns the input as JSON that PostgreSQL can store, whatever it contains: the operation has not validated it
    yet.
    """
    input_ = next(iter(arguments.values()), None)
    try:
        return msgspec.json.encode(input_, enc_hook=_absent).decode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(msgspec.to_builtins(input_, enc_hook=_absent))


def _absent(_unset: object) -> None:
    """Encodes Strawberry's UNSET as null: it is the only value in an input that cannot be encoded as JSON."""
