"""What every operation is in JAX: one table for primitives and composites alike.

Composites stand as their decompositions. XLA fuses them, and merges what a backward pass computes anew with what the
forward pass has computed, which it could not do with kernels of another form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from .program import DTYPES, Node

Array = jax.Array
Attributes = Mapping[str, Any]
Operation = Callable[..., Array]
"""Takes the operands and, by the names `node` and `attributes`, what it is to do."""


def plain(function: Callable[..., Array]) -> Operation:
    """An operation that its operands determine."""
    return lambda *operands, node, attributes: function(*operands)


def cast(x: Array, *, node: Node, attributes: Attributes) -> Array:
    return x != 0 if attributes["dtype"] == "bool" else x.astype(DTYPES[attributes["dtype"]])


def iota(*, node: Node, attributes: Attributes) -> Array:
    return lax.broadcasted_iota(jnp.int32, node.shape, attributes["axis"])


def logical(of_integers: Callable[..., Array]) -> Operation:
    return lambda a, b, *, node, attributes: of_integers(a, b).astype(node.dtype)


def reduction(function: Callable[..., Array]) -> Operation:
    def reduce(x: Array, *, node: Node, attributes: Attributes) -> Array:
        axes = tuple(attributes["axes"])
        return function(x, axis=axes, keepdims=True).astype(x.dtype) if axes else x

    return reduce


def divide(a: Array, b: Array, *, node: Node, attributes: Attributes) -> Array:
    if jnp.issubdtype(node.dtype, jnp.floating):
        return jnp.divide(a, b)
    return lax.div(*jnp.broadcast_arrays(a, b))  # integers: truncates, as everywhere but in Python


def slice_(x: Array, *, node: Node, attributes: Attributes) -> Array:
    start = attributes["start"]
    return lax.slice_in_dim(x, start, start + attributes["size"], axis=attributes["axis"])


def pad(x: Array, *, node: Node, attributes: Attributes) -> Array:
    widths = [(0, 0, 0)] * x.ndim
    widths[attributes["axis"]] = (attributes["before"], attributes["after"], 0)
    return lax.pad(x, jnp.zeros((), x.dtype), widths)


def matmul(a: Array, b: Array, *, node: Node, attributes: Attributes) -> Array:
    a = jnp.swapaxes(a, -1, -2) if attributes["transposeA"] else a
    b = jnp.swapaxes(b, -1, -2) if attributes["transposeB"] else b
    return product(a, b, attributes["scale"])


def product(a: Array, b: Array, scale: float) -> Array:
    """scale · a · b; the smaller operand is scaled, since the result is often larger than both."""
    if scale != 1:
        factor = jnp.asarray(scale, a.dtype)
        a, b = (a * factor, b) if a.size <= b.size else (a, b * factor)
    return jnp.matmul(a, b)


def rows(table: Array, indices: Array) -> Array:
    """Rows of a table. An index outside gives NaN, so that it does not pass for another."""
    return table.at[from_zero(indices, table.shape[0])].get(mode="fill", fill_value=outside(table.dtype))


def pick(x: Array, indices: Array) -> Array:
    """One element of the last axis at each index."""
    places = from_zero(indices, x.shape[-1])[..., None]
    picked = jnp.take_along_axis(x, places, axis=-1, mode="fill", fill_value=outside(x.dtype))
    return picked[..., 0]


def from_zero(indices: Array, size: int) -> Array:
    """JAX counts negative indices from the end; programs have none that mean anything."""
    return jnp.where(indices < 0, size, indices)


def outside(dtype: jnp.dtype) -> Any:
    return jnp.nan if jnp.issubdtype(dtype, jnp.floating) else None


def scatter_add(indices: Array, updates: Array, *, node: Node, attributes: Attributes) -> Array:
    places = from_zero(indices, attributes["rows"])
    return jnp.zeros(node.shape, updates.dtype).at[places].add(updates, mode="drop")


def update_slice(target: Array, value: Array, start: Array, *, node: Node, attributes: Attributes) -> Array:
    return lax.dynamic_update_slice_in_dim(target, value, start.reshape(()), attributes["axis"])


def after(x: Array, dependency: Array) -> Array:
    return lax.optimization_barrier((x, dependency))[0]


def silu(x: Array) -> Array:
    return x * jax.nn.sigmoid(x)


def softmax(x: Array) -> Array:
    unnormalised = jnp.exp(x - jnp.max(x, axis=-1, keepdims=True))
    return unnormalised / jnp.sum(unnormalised, axis=-1, keepdims=True)


def rms_norm(x: Array, weight: Array, *, node: Node, attributes: Attributes) -> Array:
    mean = jnp.sum(x * x, axis=-1, keepdims=True) * jnp.asarray(1 / x.shape[-1], x.dtype)
    return x * (1 / jnp.sqrt(mean + jnp.asarray(attributes["epsilon"], x.dtype))) * weight


def rope(x: Array, cosines: Array, sines: Array) -> Array:
    first, second = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([first * cosines - second * sines, second * cosines + first * sines], axis=-1)


def attention(q: Array, k: Array, v: Array, bias: Array | None = None, *, node: Node, attributes: Attributes) -> Array:
    scores = product(q, jnp.swapaxes(k, -1, -2), attributes["scale"])
    return jnp.matmul(softmax(scores if bias is None else scores + bias), v)


def cross_entropy(logits: Array, labels: Array) -> Array:
    shifted = logits - jnp.max(logits, axis=-1, keepdims=True)
    normaliser = jnp.log(jnp.sum(jnp.exp(shifted), axis=-1))
    return (normaliser - pick(shifted, labels)).astype(jnp.float32)


def cross_entropy_gradient(logits: Array, labels: Array, cotangent: Array) -> Array:
    one_hot = (labels[..., None] == jnp.arange(logits.shape[-1], dtype=jnp.int32)).astype(logits.dtype)
    return (softmax(logits) - one_hot) * cotangent[..., None]


def linear_cross_entropy(
    x: Array, head: Array, labels: Array, weights: Array, *, node: Node, attributes: Attributes
) -> Array:
    """A chunk of positions at a time, each after the one before: the logits of one are in memory."""
    tokens, heads = labels.shape
    weights = jnp.broadcast_to(weights, labels.shape)
    total = jnp.zeros((2, heads), jnp.float32)
    for start in range(0, tokens, attributes["chunk"]):
        chunk = slice(start, min(start + attributes["chunk"], tokens))
        own = after(x[chunk], total) if start > 0 else x[chunk]
        logits = jnp.matmul(own, head.T).reshape(own.shape[0], heads, -1)
        nats = cross_entropy(logits, labels[chunk])
        total = total + jnp.stack([jnp.sum(nats * weights[chunk], axis=0), jnp.sum(nats, axis=0)])
    return total


OPERATIONS: Mapping[str, Operation] = {
    "iota": iota,
    "negate": plain(jnp.negative),
    "exp": plain(jnp.exp),
    "log": plain(jnp.log),
    "sqrt": plain(jnp.sqrt),
    "reciprocal": plain(lambda x: 1 / x),
    "sigmoid": plain(jax.nn.sigmoid),
    "cos": plain(jnp.cos),
    "sin": plain(jnp.sin),
    "not": plain(jnp.logical_not),
    "cast": cast,
    "add": plain(jnp.add),
    "subtract": plain(jnp.subtract),
    "multiply": plain(jnp.multiply),
    "divide": divide,
    "maximum": plain(jnp.maximum),
    "minimum": plain(jnp.minimum),
    "equal": plain(jnp.equal),
    "less": plain(jnp.less),
    "and": logical(jnp.bitwise_and),
    "or": logical(jnp.bitwise_or),
    "select": plain(jnp.where),
    "sum": reduction(jnp.sum),
    "max": reduction(jnp.max),
    "reshape": lambda x, *, node, attributes: x.reshape(node.shape),
    "broadcast": lambda x, *, node, attributes: jnp.broadcast_to(x, node.shape),
    "transpose": lambda x, *, node, attributes: jnp.transpose(x, attributes["permutation"]),
    "concat": lambda *parts, node, attributes: jnp.concatenate(parts, axis=attributes["axis"]),
    "slice": slice_,
    "pad": pad,
    "matmul": matmul,
    "gather": plain(rows),
    "scatterAdd": scatter_add,
    "pick": plain(pick),
    "updateSlice": update_slice,
    "after": plain(after),
    "silu": plain(silu),
    "swiglu": plain(lambda gate, up: silu(gate) * up),
    "softmax": plain(softmax),
    "rmsNorm": rms_norm,
    "rope": plain(rope),
    "attention": attention,
    "crossEntropy": plain(cross_entropy),
    "crossEntropyGradient": plain(cross_entropy_gradient),
    "linearCrossEntropy": linear_cross_entropy,
}
