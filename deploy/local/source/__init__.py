"""The source database of the embedded stack: a techhub of made-up rows. `simulate` behaves like its application."""

from deploy.local.source.base import CANARY
from deploy.local.source.install import DEFAULT_SCALE, MARKER, NotEmbedded, has_marker, install, require_marker

__all__ = ["CANARY", "DEFAULT_SCALE", "MARKER", "NotEmbedded", "has_marker", "install", "require_marker"]
