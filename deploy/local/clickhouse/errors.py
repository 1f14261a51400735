"""An error as ClickHouse reports it: its own code, its text and the HTTP status that goes with the code."""

import re

CODE = re.compile(r"Code: (\d+)")

SYNTAX_ERROR = 62
BAD_ARGUMENTS = 36
AUTHENTICATION_FAILED = 516
TOO_MANY_SIMULTANEOUS_QUERIES = 202
NOT_IMPLEMENTED = 48
UNKNOWN_EXCEPTION = 1002

NAMES = {
    SYNTAX_ERROR: "SYNTAX_ERROR",
    BAD_ARGUMENTS: "BAD_ARGUMENTS",
    AUTHENTICATION_FAILED: "AUTHENTICATION_FAILED",
    TOO_MANY_SIMULTANEOUS_QUERIES: "TOO_MANY_SIMULTANEOUS_QUERIES",
    NOT_IMPLEMENTED: "NOT_IMPLEMENTED",
    UNKNOWN_EXCEPTION: "UNKNOWN_EXCEPTION",
}

STATUS = {
    **dict.fromkeys((6, 26, 27, 33, 36, 38, 41, 43, 53, 62, 72, 73, 117, 130, 131, 456, 457), 400),
    **dict.fromkeys((16, 46, 47, 60, 81, 115), 404),
    NOT_IMPLEMENTED: 501,
    159: 408,
    TOO_MANY_SIMULTANEOUS_QUERIES: 503,
    AUTHENTICATION_FAILED: 403,
}
"""HTTP status by code; every other one is 500."""


class StatementError(Exception):
    """The engine refused the statement, or the interface did before it got there."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 500)

    @classmethod
    def refused(cls, code: int, reason: str) -> "StatementError":
        return cls(code, f"Code: {code}. DB::Exception: {reason}. ({NAMES[code]})")

    @classmethod
    def of_engine(cls, error: Exception) -> "StatementError":
        text = str(error)
        found = CODE.search(text)
        if found is None:
            return cls.refused(UNKNOWN_EXCEPTION, text or type(error).__name__)
        return cls(int(found.group(1)), text[found.start() :])
