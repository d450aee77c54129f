"""Messages on pipes: plain data as JSON, and tensors as bytes behind it.

length of the JSON    4 bytes, little-endian
length of the bytes   8 bytes, little-endian
the JSON              {"id": …, "name": …, "body": …, "tensors": [{"dtype": …, "shape": […]}, …]}
the bytes             of the tensors, one after the other
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BufferedIOBase, BufferedReader
from typing import Any

import numpy as np

from .program import DTYPE_NAMES, DTYPES

_LENGTHS = struct.Struct("<IQ")


@dataclass
class Message:
    id: int
    name: str
    body: Any
    tensors: list[np.ndarray] = field(default_factory=list)


def read(stream: BufferedReader) -> Message | None:
    """The next message, or None where the stream has ended."""
    lengths = _read_exactly(stream, _LENGTHS.size)
    if lengths is None:
        return None
    json_length, byte_length = _LENGTHS.unpack(lengths)
    text = _read_exactly(stream, json_length)
    data = _read_exactly(stream, byte_length)
    if text is None or data is None:
        return None
    head = json.loads(bytes(text))
    return Message(head["id"], head["name"], head["body"], list(_tensors(head["tensors"], memoryview(data))))


def write(stream: BufferedIOBase, head: dict[str, Any], tensors: Sequence[np.ndarray] = ()) -> None:
    described = [{"dtype": DTYPE_NAMES[tensor.dtype], "shape": list(tensor.shape)} for tensor in tensors]
    text = json.dumps({**head, "tensors": described}).encode()
    stream.write(_LENGTHS.pack(len(text), sum(tensor.nbytes for tensor in tensors)))
    stream.write(text)
    for tensor in tensors:
        stream.write(np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data)
    stream.flush()


def _tensors(described: Iterable[dict[str, Any]], data: memoryview) -> Iterable[np.ndarray]:
    at = 0
    for entry in described:
        dtype = DTYPES[entry["dtype"]]
        end = at + dtype.itemsize * int(np.prod(entry["shape"], dtype=np.int64))
        yield np.frombuffer(data[at:end], dtype).reshape(entry["shape"])
        at = end


def _read_exactly(stream: BufferedReader, length: int) -> bytearray | None:
    data = bytearray(length)
    view = memoryview(data)
    done = 0
    while done < length:
        count = stream.readinto(view[done:])
        if not count:
            return None
        done += count
    return data
