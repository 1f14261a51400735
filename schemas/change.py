"""A change event: one row-level change of the source, as the fold needs it."""

from typing import Any, Final

import msgspec

OPERATIONS: Final = {"c": "create", "u": "update", "d": "delete", "t": "truncate", "r": "read"}
"""Debezium's operation codes; `read` is a snapshot read."""

REPAIR: Final = "repair"
"""What `source.snapshot` says in a delete that a repair has made."""


class Malformed(ValueError):
    """An envelope, operation or key that cannot be read: a dead letter. The text is the reason, never a value."""


class Change(msgspec.Struct, frozen=True, gc=False):
    """`values` follow the contract's columns and are None for a delete; `lsn` is 0 for a snapshot read."""

    offset: int
    operation: str
    key: Any
    """The value of the key column, or a tuple where the key has several; None for a truncate."""
    lsn: int
    committed_at: int
    """Commit time of the source transaction, microseconds since 1970 (of the read, for a snapshot)."""
    values: tuple[Any, ...] | None = None
    unavailable: tuple[int, ...] = ()
    """Columns whose TOASTed value the change did not carry: they keep the row's last value."""
    unfit: tuple[str, ...] = ()
    """`column: what was expected` of each value that did not fit and was replaced by the column's empty value."""
    transaction: int | None = None
    repair: bool = False
    """A delete that a repair has made for a row which the source no longer had at `committed_at`."""

    @property
    def streamed(self) -> bool:
        return self.lsn > 0
