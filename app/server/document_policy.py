"""Which documents may be run here, and by whom: trusted ones by their id, free text, and introspection."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from graphql import FieldNode, GraphQLError, Visitor, visit

from app.operations.calls.principal import Principal
from app.schema.limits import parse_document
from app.server.graphql_parameters import Parameters
from app.server.request_errors import Code, RequestError
from app.settings import AcceptedDocuments, Settings, SettingsError

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_INTROSPECTION = re.compile(r"__(?:schema|type)\b")  # `__typename` tells nothing that was not asked for


class ManifestError(SettingsError):
    """The manifest of trusted documents cannot be used. The text is one line for people."""

    def __init__(self, fault: str) -> None:
        super().__init__((fault,))


class _Listed(msgspec.Struct):
    id: str
    body: str


class _Manifest(msgspec.Struct):
    operations: list[_Listed]


def load_manifest(path: Path) -> dict[str, str]:
    """Texts by their ids, from {"id": "text", …} (GraphQL Code Generator, Relay) or {"operations": [{"id", "body"}, …]}
    (Apollo). Every text has its `sha256:…` too. Raises ManifestError, also for a SHA-256 that is not the text's.
    """
    try:
        decoded = msgspec.json.decode(path.read_bytes())
        if isinstance(decoded, dict) and isinstance(decoded.get("operations"), list):
            listed = msgspec.convert(decoded, _Manifest).operations
            texts = {each.id: each.body for each in listed}
        else:
            texts = msgspec.convert(decoded, dict[str, str])
    except OSError as error:
        raise ManifestError(f"The trusted documents cannot be read from {path.name}: {error.strerror}.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise ManifestError(f"{path.name} is no manifest of trusted documents: {error}.") from error
    documents: dict[str, str] = {}
    for id_, text in texts.items():
        digest, claimed = sha256(text.encode()).hexdigest(), _SHA256.fullmatch(id_)
        if claimed and claimed[1] != digest:
            raise ManifestError(f"The text of {id_} in {path.name} is another one: its SHA-256 is {digest}.")
        documents |= {id_: text, f"sha256:{digest}": text}
    return documents


@dataclass(frozen=True)
class DocumentPolicy:
    """`trusted_only`: the platform's admins alone may send other text. `shows_schema`: to everyone who is signed in."""

    trusted: Mapping[str, str] = field(default_factory=dict)
    trusted_only: bool = False
    shows_schema: bool = True

    @classmethod
    def from_settings(cls, settings: Settings) -> "DocumentPolicy":
        """Raises ManifestError."""
        path = settings.trusted_documents
        return cls(
            load_manifest(path) if path is not None else {},
            trusted_only=settings.documents is AcceptedDocuments.TRUSTED,
            shows_schema=not settings.production,
        )

    def text_of(self, parameters: Parameters, principal: Principal) -> str:
        """The text to run. Raises RequestError where there is none, or none for this principal."""
        persisted = _persisted(parameters.extensions)
        if parameters.query is None:
            text = self._trusted_text(parameters.document_id) if persisted is None else self._persisted_text(persisted)
        elif parameters.document_id is not None:
            raise RequestError(400, Code.BAD_REQUEST, "Send the text of a document or its documentId, not both.")
        else:
            text = parameters.query
            if self.trusted_only and not principal.is_platform_admin and not self._is_trusted(text):
                raise RequestError(403, Code.FORBIDDEN, "Only trusted documents may be run: send a documentId.")
        if not self.shows_schema and not principal.is_platform_admin and _introspects(text):
            raise RequestError(403, Code.FORBIDDEN, "The schema is shown to the platform's admins only.")
        return text

    def _trusted_text(self, id_: str | None) -> str:
        if id_ is None:
            raise RequestError(
                400, Code.BAD_REQUEST, "This is not a GraphQL request: it has no `query` and no `documentId`."
            )
        if id_ not in self.trusted:
            raise RequestError(400, Code.PERSISTED_QUERY_NOT_FOUND, "There is no trusted document of this id.")
        return self.trusted[id_]

    def _persisted_text(self, id_: str) -> str:
        """By the hash in place of a text. Clients look for these messages and codes: after NotFound they send the text
        and go on asking by hash, after NotSupported they send texts.
        """
        if not self.trusted:
            raise RequestError(400, Code.PERSISTED_QUERY_NOT_SUPPORTED, "PersistedQueryNotSupported")
        if id_ not in self.trusted:
            raise RequestError(400, Code.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
        return self.trusted[id_]

    def _is_trusted(self, text: str) -> bool:
        return f"sha256:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}" in self.trusted


def _persisted(extensions: Mapping[str, Any] | None) -> str | None:
    """The id as Apollo and urql send it: `extensions.persistedQuery.sha256Hash`."""
    persisted = (extensions or {}).get("persistedQuery")
    digest = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    return f"sha256:{digest}" if isinstance(digest, str) else None


def _introspects(text: str) -> bool:
    if not _INTROSPECTION.search(text):
        return False
    try:
        document = parse_document(text)
    except GraphQLError:
        return False  # executing it tells why
    search = _Search()
    visit(document, search)
    return search.is_introspection


class _Search(Visitor):
    """Whether the schema is asked for anywhere; the same words may stand in a string."""

    is_introspection = False

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.is_introspection |= node.name.value in {"__schema", "__type"}
