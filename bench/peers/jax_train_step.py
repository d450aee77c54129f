"""The train step of `npm run bench:train` in JAX: a byte transformer with AdamW, float32, jit-compiled, on the CPU.

usage: jax_train_step.py WIDTH,LAYERS,HEADS,MLP,ROWS,LENGTH,VOCABULARY THREADS STEPS
Prints one JSON object: the version, and milliseconds of every step after the first two.
"""

import json
import os
import sys
import time

os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads={sys.argv[2]}"

import jax
import jax.numpy as jnp
import numpy as np
import optax

width, layers, heads, mlp, rows, length, vocabulary = map(int, sys.argv[1].split(","))
steps = int(sys.argv[3])
head_size = width // heads
random = np.random.default_rng(0)
normal = lambda *shape: (random.standard_normal(shape) * 0.02).astype("f4")

parameters = {
    "embedding": normal(vocabulary, width),
    "norm": np.ones(width, "f4"),
    "head": normal(width, vocabulary),
    "blocks": [
        {
            "attention_norm": np.ones(width, "f4"),
            "mlp_norm": np.ones(width, "f4"),
            **{name: normal(width, width) for name in "qkvo"},
            "gate": normal(width, mlp),
            "up": normal(width, mlp),
            "down": normal(mlp, width),
        }
        for _ in range(layers)
    ],
}

positions = np.arange(length)[:, None]
frequencies = 1e5 ** -(np.arange(0, head_size, 2) / head_size)
angles = np.concatenate([positions * frequencies] * 2, -1).astype("f4")
cosines, sines = np.cos(angles), np.sin(angles)
mask = np.triu(np.full((length, length), -1e9, "f4"), 1)


def norm(x, weight):
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-6) * weight


def rotate(x):
    half = head_size // 2
    return x * cosines + jnp.concatenate([-x[..., half:], x[..., :half]], -1) * sines


def forward(parameters, ids):
    x = parameters["embedding"][ids]
    for block in parameters["blocks"]:
        y = norm(x, block["attention_norm"])
        split = lambda z: z.reshape(rows, length, heads, head_size).transpose(0, 2, 1, 3)
        q, k, v = rotate(split(y @ block["q"])), rotate(split(y @ block["k"])), split(y @ block["v"])
        weights = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) * head_size**-0.5 + mask, -1)
        x = x + (weights @ v).transpose(0, 2, 1, 3).reshape(rows, length, width) @ block["o"]
        y = norm(x, block["mlp_norm"])
        x = x + (jax.nn.silu(y @ block["gate"]) * (y @ block["up"])) @ block["down"]
    return norm(x, parameters["norm"]) @ parameters["head"]


def loss_of(parameters, ids):
    return optax.softmax_cross_entropy_with_integer_labels(forward(parameters, ids[:, :-1]), ids[:, 1:]).mean()


optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1e-3, 0.9, 0.95, weight_decay=0.1))
state = optimizer.init(parameters)


@jax.jit
def train_step(parameters, state, ids):
    loss, gradients = jax.value_and_grad(loss_of)(parameters, ids)
    updates, state = optimizer.update(gradients, state, parameters)
    return optax.apply_updates(parameters, updates), state, loss


milliseconds = []
for step in range(steps + 2):
    ids = random.integers(64, 320, (rows, length + 1)).astype("i4")
    start = time.perf_counter()
    parameters, state, loss = train_step(parameters, state, ids)
    loss.block_until_ready()
    if step >= 2:
        milliseconds.append((time.perf_counter() - start) * 1000)
print(json.dumps({"version": jax.__version__, "milliseconds": milliseconds}))
