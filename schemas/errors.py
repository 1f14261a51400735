"""What a command may end with. Every other exception is a defect.

0 ok, 1 `Problem` (looked, and found one), 2 `Usage` (wrong call or settings), 3 `Unreachable` (something it needs is
away).
The text of each is what the user reads: lower case, what was wrong, what was expected, what to do.
"""


class CommandError(Exception):
    exit_code = 1


class Problem(CommandError):
    exit_code = 1


class Usage(CommandError):
    exit_code = 2


class Unreachable(CommandError):
    exit_code = 3
