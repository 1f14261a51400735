"""Request bodies as they were before the client compressed them: at most `limit` bytes come out, or `TooLarge`."""

import io
import zlib
from collections.abc import Callable
from typing import Any

import lz4.frame
import zstandard


class TooLarge(Exception):
    """The body is larger than the limit, now or unpacked."""


class Malformed(Exception):
    """The body is not what its Content-Encoding says."""


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    try:
        plain = _decompress(body, encoding.strip().lower(), limit)
    except (RuntimeError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise Malformed(f"body is not {encoding}: {error}") from None
    if len(plain) > limit:
        raise TooLarge
    return plain


def _decompress(body: bytes, encoding: str, limit: int) -> bytes:
    match encoding:
        case "" | "identity":
            return body
        case "lz4":
            return _frames(lz4.frame.LZ4FrameDecompressor, body, limit)
        case "zstd":
            with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body), read_across_frames=True) as stream:
                return stream.read(limit + 1)
        case "gzip" | "deflate":
            return _frames(lambda: zlib.decompressobj(wbits=zlib.MAX_WBITS | 32), body, limit)
        case _:
            raise Malformed(f"Content-Encoding {encoding}: expected lz4, zstd, gzip or deflate")


def _frames(start: Callable[[], Any], body: bytes, limit: int) -> bytes:
    """Frame after frame: a client may pack each block of an insert by itself."""
    plain = bytearray()
    while True:
        unpacking = start()
        plain += unpacking.decompress(body, limit + 1 - len(plain))
        if len(plain) > limit:
            break
        if not unpacking.eof:
            raise EOFError("it ends too early")
        if not (body := unpacking.unused_data):
            break
    return bytes(plain)
