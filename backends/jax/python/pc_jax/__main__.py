"""`python -m pc_jax PROGRAM DATA [-o RESULTS]` runs a program once; `python -m pc_jax serve` is the engine of `pc`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import jax
import numpy as np

from . import program as programs
from . import safetensors
from .interpreter import evaluate


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        from .server import serve

        serve()
        return
    parser = argparse.ArgumentParser(prog="python -m pc_jax", description=__doc__)
    parser.add_argument("program", type=Path, help="a serialised tensor program")
    parser.add_argument("data", type=Path, help="safetensors: input.NAME and state.NAME; missing state is zero")
    parser.add_argument(
        "-o", "--output", type=Path, help="where output.NAME and next.NAME are written; default: only shown"
    )
    arguments = parser.parse_args()
    try:
        results = run_once(arguments.program.read_bytes(), arguments.data.read_bytes())
    except (OSError, safetensors.FormatError, programs.ProgramError) as error:
        parser.exit(1, f"Error: {error}\n")
    if arguments.output is not None:
        arguments.output.write_bytes(safetensors.encode(results))
    for name, value in results.items():
        shown = np.array2string(
            value.astype(np.float64) if value.dtype.kind == "V" else value, threshold=8, edgeitems=2
        )
        print(f"{name} {value.dtype} {list(value.shape)} {shown}")


def run_once(program_bytes: bytes, data: bytes) -> dict[str, np.ndarray]:
    program = programs.decode(program_bytes)
    tensors, _ = safetensors.decode(memoryview(data))
    inputs = {
        node.attributes["name"]: tensors.get(f"input.{node.attributes['name']}") for node in program.declared("input")
    }
    for name, value in inputs.items():
        if value is None:
            raise programs.ProgramError(f"the data has no input.{name}")
    state = {
        node.attributes["name"]: tensors.get(f"state.{node.attributes['name']}", np.zeros(node.shape, node.dtype))
        for node in program.declared("state")
    }
    jax.config.update("jax_default_matmul_precision", "highest")
    outputs, new = jax.jit(lambda inputs, state: evaluate(program, inputs, state))(inputs, state)
    named = {f"output.{name}": value for name, value in outputs.items()}
    named |= {f"next.{name}": value for name, value in new.items()}
    return {name: np.asarray(value) for name, value in named.items()}


if __name__ == "__main__":
    main()
