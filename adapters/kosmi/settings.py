"""``[adapters.kosmi]`` as a host writes it. Everything that the site may change any day is here."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

import jwt
from gql import GraphQLRequest
from graphql import GraphQLError, OperationDefinitionNode
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

WEB_PAGE = "https://app.kosmi.io"
HTTP = "an address that begins with https:// (or http://)"
WS = "an address that begins with wss:// (or ws://)"
BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36"
)
"""Without an Origin and a User-Agent like these the handshake is answered with 403."""


class Operation(StrEnum):
    """What is asked of the site, in the order in which it must be asked."""

    LOGIN = "login"
    USER = "user"
    JOIN = "join"
    CHAT = "chat"
    DISCONNECT = "disconnect"
    JOINS = "joins"
    LEAVES = "leaves"
    MESSAGES = "messages"
    SEND = "send"


OPERATIONS = MappingProxyType(
    {
        Operation.LOGIN: "mutation AnonLogin { anonLogin { token } }",
        Operation.USER: "query ExtendedCurrentUserQuery { currentUser { id } }",
        Operation.JOIN: "mutation JoinRoom($id: String!) { joinRoom(id: $id) { ok } }",
        Operation.CHAT: """
            query RoomChatQuery($roomId: String!, $channelId: String!, $cursor: String) {
              chatArchive(roomId: $roomId, channelId: $channelId, cursor: $cursor) {
                results { id user { id displayName username } }
              }
            }""",
        Operation.DISCONNECT: """
            subscription RoomDisconnect($roomId: String!) { roomDisconnect(id: $roomId) { ok } }""",
        Operation.JOINS: """
            subscription MemberJoins($roomId: String!) { memberJoins(roomId: $roomId) { id } }""",
        Operation.LEAVES: """
            subscription MemberLeaves($roomId: String!) { memberLeaves(roomId: $roomId) { id } }""",
        Operation.MESSAGES: """
            subscription NewMessageSubscription($roomId: String!, $channelId: String!) {
              newMessage(roomId: $roomId, channelId: $channelId) {
                id body time user { id displayName username }
              }
            }""",
        Operation.SEND: """
            mutation SendMessage($body: String!, $roomId: String!) {
              sendMessage(body: $body, roomId: $roomId) { ok }
            }""",
    }
)


def request(document: str, **known: object) -> GraphQLRequest:
    """The request of a document, with those of the ``known`` variables that it declares.

    Raises GraphQLError for what is no document.
    """
    made = GraphQLRequest(document)
    (operation,) = made.document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    declared = {one.variable.name.value for one in operation.variable_definitions or ()}
    values = {name: value for name, value in known.items() if name in declared}
    name = operation.name.value if operation.name else None
    return GraphQLRequest(made, variable_values=values, operation_name=name)


def user_of(token: str) -> str:
    """The user's id, which is all that a token of Kosmi's holds. Raises ValueError."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        return str(claims["sub"])
    except (jwt.InvalidTokenError, KeyError):
        raise ValueError("is no token of Kosmi's: copy it from the page's local storage") from None


def expiry_of(token: str) -> float | None:
    """When the token ends, None if it does not say."""
    expiry = jwt.decode(token, options={"verify_signature": False}).get("exp")
    return float(expiry) if isinstance(expiry, int | float) else None


def _is_document(document: str) -> bool:
    try:
        request(document)
    except (GraphQLError, ValueError, AssertionError):
        return False
    return True


def _is_token(token: SecretStr) -> SecretStr:
    user_of(token.get_secret_value())
    return token


class Settings(BaseModel):
    """Anonymous without a ``token``. The rest needs a look only when the site has changed:
    ``version`` is its own of the web page, ``chat`` a room's channel, and ``operations`` replaces
    any of :data:`OPERATIONS`, which is given those variables that it declares: ``id``,
    ``roomId``, ``channelId``, ``body``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: Annotated[SecretStr, AfterValidator(_is_token)] | None = None
    http_url: str = Field(
        default="https://engine.kosmi.io/", pattern="^https?://", description=HTTP
    )
    ws_url: str = Field(default="wss://engine.kosmi.io/gql-ws", pattern="^wss?://", description=WS)
    origin: str = WEB_PAGE
    user_agent: str = BROWSER
    version: str = "4364"
    chat: str = "general"
    operations: dict[Operation, str] = Field(default_factory=dict)

    @field_validator("operations")
    @classmethod
    def _are_documents(cls, operations: dict[Operation, str]) -> dict[Operation, str]:
        wrong = [name for name, document in operations.items() if not _is_document(document)]
        if wrong:
            raise ValueError(f"{' and '.join(wrong)} must be one GraphQL operation")
        return operations

    def ask(self, operation: Operation, room: str = "", body: str = "") -> GraphQLRequest:
        """The request of an operation in a room."""
        document = self.operations.get(operation, OPERATIONS[operation])
        return request(document, id=room, roomId=room, channelId=self.chat, body=body)
