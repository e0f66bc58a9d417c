"""Decides which documents a caller may execute: trusted ones by their id, other text, and introspection."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from graphql import FieldNode, GraphQLError, Visitor, visit

from app.operations.calls.principal import Principal
from app.schema.codes import ErrorCode
from app.schema.limits import parse_document
from app.server.graphql_parameters import Parameters, operation_name
from app.server.request_errors import RequestError
from app.settings import AcceptedDocuments, Settings, SettingsError

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_INTROSPECTION = re.compile(r"__(?:schema|type)\b")  # `__typename` reveals nothing else


class ManifestError(SettingsError):
    """The manifest of trusted documents cannot be used. The message is one human-readable line."""

    def __init__(self, fault: str) -> None:
        super().__init__((fault,))


class _Listed(msgspec.Struct):
    id: str
    body: str


class _Manifest(msgspec.Struct):
    operations: list[_Listed]


def load_manifest(path: Path) -> dict[str, str]:
    """Reads a manifest and returns texts by id, from {"id": "text", …} (GraphQL ErrorCode Generator, Relay) or
    {"operations": [{"id", "body"}, …]} (Apollo). Every text also gets its `sha256:…` as an id. Raises ManifestError,
    also if an id is the SHA-256 of another text.
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
        raise ManifestError(f"{path.name} is not a manifest of trusted documents: {error}.") from error
    documents: dict[str, str] = {}
    for id_, text in texts.items():
        digest, claimed = sha256(text.encode()).hexdigest(), _SHA256.fullmatch(id_)
        if claimed and claimed[1] != digest:
            raise ManifestError(
                f"The text of document {id_} in {path.name} does not match its id: its SHA-256 is {digest}."
            )
        documents |= {id_: text, f"sha256:{digest}": text}
    return documents


@dataclass(frozen=True)
class DocumentPolicy:
    """Which GraphQL documents callers may execute. `trusted_only`: only platform admins may send documents that are not
    trusted. `shows_schema`: everyone who is signed in may read the schema.
    """

    trusted: Mapping[str, str] = field(default_factory=dict)
    trusted_only: bool = False
    shows_schema: bool = True

    @classmethod
    def from_settings(cls, settings: Settings) -> "DocumentPolicy":
        """Loads the trusted documents and returns the policy that the settings describe. Raises ManifestError."""
        path = settings.trusted_documents
        return cls(
            load_manifest(path) if path is not None else {},
            trusted_only=settings.documents is AcceptedDocuments.TRUSTED,
            shows_schema=not settings.production,
        )

    def text_of(self, parameters: Parameters, principal: Principal) -> str:
        """Returns the text to execute. Raises RequestError if the request names none, or one that this principal may
        not execute.
        """
        persisted = _persisted(parameters.extensions)
        if parameters.query is None:
            text = self._trusted_text(parameters.document_id) if persisted is None else self._persisted_text(persisted)
        elif parameters.document_id is not None:
            raise RequestError(400, ErrorCode.BAD_REQUEST, "Send the text of a document or its documentId, not both.")
        else:
            text = parameters.query
            if self.trusted_only and not principal.is_platform_admin and not self._is_trusted(text):
                raise RequestError(
                    403, ErrorCode.FORBIDDEN, "Only trusted documents may be executed: send a documentId."
                )
        if not self.shows_schema and not principal.is_platform_admin and _introspects(text):
            raise RequestError(403, ErrorCode.FORBIDDEN, "Only a platform admin may read the schema.")
        return text

    def trusted_name(self, text: str) -> str | None:
        """Returns the name of a trusted document: that of its first operation; None for other texts."""
        return operation_name(None, text) if self.trusted and self._is_trusted(text) else None

    def _trusted_text(self, id_: str | None) -> str:
        if id_ is None:
            raise RequestError(
                400, ErrorCode.BAD_REQUEST, "This is not a GraphQL request: send `query` or `documentId`."
            )
        if id_ not in self.trusted:
            raise RequestError(
                400,
                ErrorCode.PERSISTED_QUERY_NOT_FOUND,
                "No trusted document has this id: send the id of a trusted document, or its text.",
            )
        return self.trusted[id_]

    def _persisted_text(self, id_: str) -> str:
        """Returns the text for the hash that a client sent in place of a text. Clients depend on these messages and
        codes: after NotFound they send the text and continue with hashes, after NotSupported they send texts.
        """
        if not self.trusted:
            raise RequestError(400, ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED, "PersistedQueryNotSupported")
        if id_ not in self.trusted:
            raise RequestError(400, ErrorCode.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
        return self.trusted[id_]

    def _is_trusted(self, text: str) -> bool:
        return f"sha256:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}" in self.trusted


def _persisted(extensions: Mapping[str, Any] | None) -> str | None:
    """Returns the document's id as Apollo and urql send it: `extensions.persistedQuery.sha256Hash`."""
    persisted = (extensions or {}).get("persistedQuery")
    digest = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    return f"sha256:{digest}" if isinstance(digest, str) else None


def _introspects(text: str) -> bool:
    if not _INTROSPECTION.search(text):
        return False
    try:
        document = parse_document(text)
    except GraphQLError:
        return False  # executing it reports the error
    search = _Search()
    visit(document, search)
    return search.is_introspection


class _Search(Visitor):
    """Searches a document for introspection of the schema. (The same words can also appear in a string.)"""

    is_introspection = False

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.is_introspection |= node.name.value in {"__schema", "__type"}
