"""SQL files: a text with placeholders in, single statements and literals out.

Statements end at a semicolon outside of strings, quoted names and comments. Comments between statements are dropped,
those inside a statement stay.
"""

import re
from collections.abc import Iterable
from string import Template
from typing import Final

TOKEN: Final = re.compile(
    r"""
      (?P<comment> --[^\n]* | \#[!\ ][^\n]* | /\*.*?\*/ )
    | (?P<quoted> '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*` | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | (?P<end> ; )
    | (?P<unclosed> ['"`] | /\* )
    | (?P<text> . )
    """,
    re.VERBOSE | re.DOTALL,
)


class SqlError(ValueError):
    """An SQL file that cannot be read; the text says where and what was expected."""


def statements(sql: str) -> list[str]:
    """The statements of `sql` in order, without the semicolon."""
    found, start, begun = [], 0, False
    for token in TOKEN.finditer(sql):
        kind = token.lastgroup if token.lastgroup != "tag" else "quoted"
        if kind == "unclosed":
            line = sql.count("\n", 0, token.start()) + 1
            raise SqlError(f"line {line}: {token.group()} is never closed")
        if kind == "end":
            if begun:
                found.append(sql[start : token.start()].strip())
            start, begun = token.end(), False
        elif not begun and (kind == "quoted" or (kind == "text" and not token.group().isspace())):
            start, begun = token.start(), True
    if begun:
        found.append(sql[start:].strip())
    return found


def rendered(sql: str, values: dict[str, str]) -> str:
    """`sql` with every `$placeholder` replaced; an unknown one raises `SqlError`."""
    try:
        return Template(sql).substitute(values)
    except KeyError as error:
        raise SqlError(f"unknown placeholder ${error.args[0]}, expected one of {', '.join(sorted(values))}") from None
    except ValueError as error:
        raise SqlError(f"{error}: write $$ for a dollar sign") from None


def literal(text: str) -> str:
    """A string literal of ClickHouse."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def literals(texts: Iterable[str], brackets: str = "()") -> str:
    """('a', 'b'), or ['a', 'b'] with brackets `[]`."""
    return brackets[0] + ", ".join(map(literal, texts)) + brackets[1]


def name(identifier: str) -> str:
    """A quoted name."""
    return "`" + identifier.replace("\\", "\\\\").replace("`", "\\`") + "`"
