"""What a request's text asks for: bytes in (statement, perhaps with data behind it), a `Statement` out. No I/O.

Only as much SQL is read as is needed: words outside of strings and comments. The engine parses the rest.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from deploy.local.clickhouse.errors import BAD_ARGUMENTS, NOT_IMPLEMENTED, SYNTAX_ERROR, StatementError

Lane = Literal["read", "insert", "other"]

READS = frozenset({b"SELECT", b"WITH", b"SHOW", b"DESCRIBE", b"DESC", b"EXPLAIN", b"EXISTS", b"FROM", b"("})
DEFINES = frozenset({b"CREATE", b"ALTER", b"DROP", b"RENAME", b"EXCHANGE", b"TRUNCATE", b"OPTIMIZE"})
BEGINNING = 5
"""Tokens among which TEMPORARY stands, as in CREATE OR REPLACE TEMPORARY TABLE."""

TOKEN = re.compile(
    rb"""
      (?P<space>\s+ | --[^\n]* | \#[ !][^\n]* | /\*.*?\*/)
    | (?P<quoted>'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*`)
    | (?P<heredoc>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<word>\w+)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
AFTER_FORMAT = re.compile(rb"[ \t\f]*\r?\n?")


@dataclass(frozen=True, slots=True)
class Token:
    text: bytes  # words in upper case
    start: int
    end: int
    is_word: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """`sql` for the engine and its lane. Of an INSERT that brings its rows along: what stands before the rows is in
    three, the statement itself, its SETTINGS and the `format` of `data`."""

    sql: str
    lane: Lane
    settings: str = ""
    format: str | None = None
    data: bytes = b""
    leaves_session: bool = False
    """It surely changes no setting, database or temporary table of its session."""


def tokens(text: bytes) -> Iterator[Token]:
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if kind != "space":
            yield Token(match.group().upper(), match.start(), match.end(), kind == "word")


def read_statement(text: bytes) -> Statement:
    """Raises `StatementError` for no statement, for more than one, and for what would touch the server's files."""
    found = tokens(text)
    first = next(found, None)
    if first is None:
        raise StatementError.refused(SYNTAX_ERROR, "Empty query")
    if first.text == b"INSERT":
        return _insert(text, found)
    sql = _decode(text[: _only_one(found, len(text))])
    if first.text in READS:
        return Statement(sql, "read", leaves_session=True)
    beginning = {token.text for token in islice(tokens(text), BEGINNING)}
    return Statement(sql, "other", leaves_session=first.text in DEFINES and b"TEMPORARY" not in beginning)


def _insert(text: bytes, found: Iterator[Token]) -> Statement:
    depth, settings = 0, None
    for token in found:
        if token.text in (b"(", b")"):
            depth += 1 if token.text == b"(" else -1
        elif depth or not token.is_word:
            continue
        elif token.text == b"SETTINGS":
            settings = token
        elif token.text == b"FORMAT":
            return _insert_with_data(text, settings or token, token, next(found, None))
        elif token.text == b"VALUES":
            return Statement(_decode(text), "other")
        elif token.text == b"INFILE":
            raise StatementError.refused(BAD_ARGUMENTS, "INFILE reads a file of the server: send the rows in the body")
        elif token.text in (b"SELECT", b"WITH"):
            return Statement(_decode(text[: _only_one(found, len(text))]), "other")
    return Statement(_decode(text), "other")


def _insert_with_data(text: bytes, end: Token, keyword: Token, name: Token | None) -> Statement:
    if name is None or not name.is_word:
        raise StatementError.refused(SYNTAX_ERROR, "Syntax error: expected the name of a format after FORMAT")
    gap = AFTER_FORMAT.match(text, name.end)
    begin = gap.end() if gap else name.end
    settings = _decode(text[end.start : keyword.start])
    return Statement(_decode(text[: end.start]), "insert", settings, text[name.start : name.end].decode(), text[begin:])


def _only_one(found: Iterator[Token], end: int) -> int:
    """Where the statement ends: at a final semicolon or at the end of the text."""
    before = b""
    for token in found:
        if token.text == b";":
            if any(rest.text != b";" for rest in found):
                raise StatementError.refused(SYNTAX_ERROR, "Syntax error: multi-statements are not allowed")
            return token.start
        if token.text == b"OUTFILE" and before == b"INTO":
            raise StatementError.refused(NOT_IMPLEMENTED, "INTO OUTFILE writes a file of the server")
        before = token.text
    return end


def _decode(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise StatementError.refused(SYNTAX_ERROR, f"the statement is not UTF-8 at byte {error.start}") from None
