"""JSON of the Picker to values of the domain, and our few frames to JSON.

Two kinds of text come from a Picker. *Frames* of its live socket are decoded in one pass, since a
storm of votes may bring thousands a second; only one that does not fit its shape gets a second,
lenient look. *Answers* of its REST API are read leniently at once, and what is not clearly an
answer raises :class:`Unclear`: a night must never end because of an error page.

Quirks of the Picker that are met here: session ids stand in ``data.session.id`` or in
``data.sessionId``; booleans come as 1, 0, true and false; dates come as ISO 8601 and as SQLite
writes them, without a zone, which is UTC; a row of a session's games has an id of its own.
"""

from bot.wire.answers import (
    KeyRefused,
    Reply,
    Unclear,
    parse_active,
    parse_catalogue,
    parse_game,
    parse_games,
    parse_login,
    parse_session,
    parse_tickers,
    parse_votes,
)
from bot.wire.frames import (
    AuthAccepted,
    AuthRefused,
    Complaint,
    Control,
    Frame,
    Ignored,
    Malformed,
    Pong,
    Subscribed,
    encode_auth,
    encode_ping,
    encode_subscribe,
    encode_unsubscribe,
    parse_frame,
)
from bot.wire.lenient import parse_moment
from bot.wire.votes import encode_vote, parse_cast, parse_search

__all__ = [
    "AuthAccepted",
    "AuthRefused",
    "Complaint",
    "Control",
    "Frame",
    "Ignored",
    "KeyRefused",
    "Malformed",
    "Pong",
    "Reply",
    "Subscribed",
    "Unclear",
    "encode_auth",
    "encode_ping",
    "encode_subscribe",
    "encode_unsubscribe",
    "encode_vote",
    "parse_active",
    "parse_cast",
    "parse_catalogue",
    "parse_frame",
    "parse_game",
    "parse_games",
    "parse_login",
    "parse_moment",
    "parse_search",
    "parse_session",
    "parse_tickers",
    "parse_votes",
]
