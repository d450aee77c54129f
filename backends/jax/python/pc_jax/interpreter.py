"""Evaluates a program on JAX values: inside of `jax.jit` it makes one XLA computation of all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp

from .operations import OPERATIONS
from .program import Node, Program, ProgramError

Values = dict[str, jax.Array]

# Of these, an operand that has the shape of the result is used element by element.
_ELEMENTWISE = {
    "negate",
    "sqrt",
    "cast",
    "add",
    "subtract",
    "multiply",
    "divide",
    "maximum",
    "minimum",
    "select",
    "equal",
    "less",
}


def evaluate(
    program: Program,
    inputs: Mapping[str, jax.Array],
    state: Mapping[str, jax.Array],
    whole: Callable[[jax.Array], jax.Array] = lambda x: x,
) -> tuple[Values, Values]:
    """Outputs, and next values of state.

    `whole` is told of every state entry that an operation needs as a whole, rather than element by element as the update of
    a parameter does: where state is spread over devices, it says what the operation gets.
    """
    values: list[jax.Array] = []
    gathered: dict[int, jax.Array] = {}

    def operand(position: int, user: Node) -> jax.Array:
        source = program.nodes[position]
        if source.op != "state" or (user.op in _ELEMENTWISE and user.shape == source.shape):
            return values[position]
        if position not in gathered:
            gathered[position] = whole(values[position])
        return gathered[position]

    for index, node in enumerate(program.nodes):
        if node.op == "input":
            value = inputs[node.attributes["name"]]
        elif node.op == "state":
            value = state[node.attributes["name"]]
        elif node.op == "constant":
            value = jnp.asarray(program.constants[node.attributes["tensor"]])
        else:
            value = _apply(index, node, [operand(position, node) for position in node.operands])
        if value.shape != node.shape or value.dtype != node.dtype:
            raise ProgramError(
                f"node {index}, {node.op}, is {value.dtype} {list(value.shape)}, not {node.dtype} {list(node.shape)}"
            )
        values.append(value)
    return (
        {name: values[position] for name, position in program.outputs.items()},
        {name: values[position] for name, position in program.next.items()},
    )


def _apply(index: int, node: Node, operands: list[jax.Array]) -> jax.Array:
    operation = OPERATIONS.get(node.op)
    if operation is None:
        raise ProgramError(f"node {index} has the operation {node.op}, which does not exist")
    # The name shows in XLA's profiles.
    with jax.named_scope(node.scope.replace("'", ".backward") or "program"):
        return operation(*operands, node=node, attributes=node.attributes)
