"""Which media type to read and to answer with (GraphQL over HTTP, sections 4 and 6; RFC 9110, section 12.5)."""

from functools import lru_cache

from app.server.request_errors import Code, RequestError

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
HTML = "text/html"

# A wildcard stands for application/json, which is what clients older than the other type expect.
_OFFERED = {
    GRAPHQL_RESPONSE: (GRAPHQL_RESPONSE,),
    JSON: (JSON, "application/*", "*/*"),
}


@lru_cache(maxsize=256)
def response_type(accept: str) -> str:
    """The type to answer with; of two wanted equally, the one made for GraphQL. Raises RequestError (406)."""
    ranges = _ranges(accept) or {"*/*": 1.0}
    quality = {offered: max(ranges.get(name, 0.0) for name in names) for offered, names in _OFFERED.items()}
    best = max(quality, key=lambda offered: quality[offered])
    if quality[best] <= 0:
        raise RequestError(406, Code.NOT_ACCEPTABLE, f"This API answers with {GRAPHQL_RESPONSE} or {JSON}.")
    return best


@lru_cache(maxsize=256)
def wants_page(accept: str) -> bool:
    """Whether a browser asks, rather than a client of the API."""
    ranges = _ranges(accept)
    return ranges.get(HTML, 0.0) > max(ranges.get(JSON, 0.0), ranges.get(GRAPHQL_RESPONSE, 0.0))


@lru_cache(maxsize=256)
def check_content_type(content_type: str) -> None:
    """Only JSON is read: a form or plain text could be sent by another site's page. Raises RequestError (415)."""
    if utf8_media_type(content_type) != JSON:
        raise RequestError(415, Code.UNSUPPORTED_MEDIA_TYPE, f"Send the request as {JSON} in UTF-8.")


def utf8_media_type(content_type: str) -> str | None:
    """The media type of a body, in lower case; None if its charset is given and is not UTF-8."""
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [parameter.partition("=")[2].strip('"') for parameter in parameters if parameter.startswith("charset=")]
    return media_type if charsets in ([], ["utf-8"], ["utf8"]) else None


def _ranges(accept: str) -> dict[str, float]:
    ranges: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name:
            ranges[name] = max(ranges.get(name, 0.0), _quality(parameters))
    return ranges


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
