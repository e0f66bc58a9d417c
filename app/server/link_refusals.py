"""What the routes of signed links share: how a link is refused, and that its signature is not logged."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.operations.signed_links import LinkExpiredError, LinkInvalidError
from app.schema.codes import ErrorCode
from app.server.request_errors import RequestError

EXPIRES = re.compile(r"[0-9]{1,12}", re.ASCII)
"""The text of a link's parameter `expires`."""


def hide_signature(scope: Any) -> None:
    """Removes the query from the request: uvicorn's access log would write the signature with the response."""
    scope["query_string"] = b""


def link_invalid() -> RequestError:
    message = "The link's signature is wrong: use the link exactly as it was given."
    return RequestError(403, ErrorCode.LINK_INVALID, message)


@contextmanager
def link_refusals() -> Iterator[None]:
    """Converts the refusals of a signature, raised in the block, to 403 and 410."""
    try:
        yield
    except LinkInvalidError:
        raise link_invalid() from None
    except LinkExpiredError:
        message = "The link has expired: links are valid for five minutes. Request a new one."
        raise RequestError(410, ErrorCode.LINK_EXPIRED, message) from None
