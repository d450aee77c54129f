"""A serialised tensor program as data (docs/program-format.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import safetensors

VERSION = 1
OPERATION_SET = 1

DTYPES: dict[str, np.dtype] = {
    "f32": safetensors.DTYPES["F32"],
    "f16": safetensors.DTYPES["F16"],
    "bf16": safetensors.DTYPES["BF16"],
    "i32": safetensors.DTYPES["I32"],
    "bool": safetensors.DTYPES["BOOL"],
}
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}


class ProgramError(ValueError):
    """The program is corrupt, or made for another version."""


@dataclass(frozen=True)
class Node:
    op: str
    operands: tuple[int, ...]
    attributes: Mapping[str, Any]
    dtype: np.dtype
    shape: tuple[int, ...]
    scope: str


@dataclass(frozen=True)
class Program:
    nodes: tuple[Node, ...]
    """In an order of evaluation: operands are positions of earlier nodes."""
    outputs: Mapping[str, int]
    next: Mapping[str, int]
    """New values of state entries after a run."""
    constants: Mapping[str, np.ndarray]

    def declared(self, op: str) -> Iterator[Node]:
        """The nodes that are inputs, or those that are state; a name once."""
        return iter({node.attributes["name"]: node for node in self.nodes if node.op == op}.values())


def decode(data: bytes | bytearray | memoryview) -> Program:
    """The program of a file's content. Raises ProgramError or FormatError."""
    constants, metadata = safetensors.decode(memoryview(data))
    if "program" not in metadata:
        raise ProgramError("the file holds no program")
    document = json.loads(metadata["program"])
    found = (document.get("version"), document.get("operationSet"))
    if found != (VERSION, OPERATION_SET):
        raise ProgramError(
            f"the program has format and operation set {found}; this version reads {(VERSION, OPERATION_SET)}"
        )
    nodes = tuple(_node(index, node) for index, node in enumerate(document["nodes"]))
    for name, position in [*document["outputs"].items(), *document["next"].items()]:
        if not 0 <= position < len(nodes):
            raise ProgramError(f"{name} is node {position} of {len(nodes)}")
    return Program(nodes, document["outputs"], document["next"], constants)


def _node(index: int, node: Mapping[str, Any]) -> Node:
    operands = tuple(node["operands"])
    if any(not 0 <= operand < index for operand in operands):
        raise ProgramError(f"node {index}, {node['op']}, uses a node that does not come before it")
    dtype = DTYPES.get(node["dtype"])
    if dtype is None:
        raise ProgramError(f"node {index}, {node['op']}, has the type {node['dtype']}, which does not exist")
    return Node(node["op"], operands, node["attributes"], dtype, tuple(node["shape"]), node.get("scope", ""))
