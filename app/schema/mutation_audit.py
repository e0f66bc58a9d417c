"""What each mutation of the schema is wrapped in, so that none can be forgotten."""

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
    """Runs the mutation as a call: entered in the audit log, and done once if it came under an idempotency key."""

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        request: RequestContext = info.context
        call = Call(info.field_name, str(info.path.key), _text(kwargs), request.metadata)
        async with auditing(request.operations, call) as operations:
            # The call ends with the mutation: its payload is read in the context that was there before.
            raw = info._raw_info._replace(context=replace(request, operations=operations))
            try:
                result = await next_(source, replace(info, _raw_info=raw), **kwargs)
            except DatabaseUnavailable as error:
                if request.done_mutations:
                    raise CommitUnknown(f"{', '.join(request.done_mutations)} was done before this failed.") from error
                raise
        request.done_mutations.append(call.place)
        return result


def _text(arguments: dict[str, Any]) -> str:
    """The input as JSON that PostgreSQL can hold, whatever is in it: the operation has not looked at it yet."""
    input_ = next(iter(arguments.values()), None)
    try:
        return msgspec.json.encode(input_, enc_hook=_absent).decode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(msgspec.to_builtins(input_, enc_hook=_absent))


def _absent(_unset: object) -> None:
    """Strawberry's UNSET is the one value of an input that has no JSON."""
