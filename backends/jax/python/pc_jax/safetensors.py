"""Reads and writes safetensors files: 8 bytes of length, a JSON header, and the tensors without gaps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import ml_dtypes  # comes with jax: numpy has no bfloat16 of its own
import numpy as np

DTYPES: dict[str, np.dtype] = {
    "F32": np.dtype(np.float32),
    "F16": np.dtype(np.float16),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "I32": np.dtype(np.int32),
    "BOOL": np.dtype(np.bool_),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


class FormatError(ValueError):
    """What was read is not what it should be."""


def decode(data: memoryview) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The tensors of a file, as views of `data`, and its metadata."""
    if len(data) < 8:
        raise FormatError("it is no safetensors file: it has fewer than 8 bytes")
    start = 8 + int.from_bytes(data[:8], "little")
    if start > len(data):
        raise FormatError(f"it is truncated: its header takes {start} bytes of {len(data)}")
    try:
        header = json.loads(bytes(data[8:start]))
    except ValueError as error:
        raise FormatError(f"its header is not JSON: {error}") from error
    metadata = header.pop("__metadata__", {})
    tensors = {name: _tensor(name, entry, data[start:]) for name, entry in header.items()}
    return tensors, metadata


def _tensor(name: str, entry: Mapping[str, Any], data: memoryview) -> np.ndarray:
    dtype = DTYPES.get(entry["dtype"])
    if dtype is None:
        raise FormatError(f"tensor {name} has the type {entry['dtype']}, which programs do not have")
    begin, end = entry["data_offsets"]
    if not 0 <= begin <= end <= len(data):
        raise FormatError(f"it is truncated: tensor {name} ends at byte {end} of {len(data)}")
    return np.frombuffer(data[begin:end], dtype).reshape(entry["shape"])


def encode(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> bytes:
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    parts: list[bytes] = []
    end = 0
    for name, tensor in tensors.items():
        parts.append(np.ascontiguousarray(tensor).tobytes())
        begin, end = end, end + len(parts[-1])
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])
