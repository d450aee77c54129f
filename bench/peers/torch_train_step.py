"""The train step of `npm run bench:train` in PyTorch: a byte transformer with AdamW, float32, on the CPU.

usage: torch_train_step.py WIDTH,LAYERS,HEADS,MLP,ROWS,LENGTH,VOCABULARY THREADS STEPS eager|compiled
Prints one JSON object: the version, and milliseconds of every step after the first two.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

width, layers, heads, mlp, rows, length, vocabulary = map(int, sys.argv[1].split(","))
threads, steps, mode = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
torch.set_num_threads(threads)
torch.manual_seed(0)

positions = torch.arange(length).float()[:, None]
frequencies = 1e5 ** -(torch.arange(0, width // heads, 2).float() / (width // heads))
angles = torch.cat([positions * frequencies] * 2, -1)
cosines, sines = angles.cos(), angles.sin()


class RMSNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


def rotate(x):
    first, second = x.chunk(2, -1)
    return x * cosines + torch.cat([-second, first], -1) * sines


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.mlp_norm = RMSNorm(), RMSNorm()
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(width, mlp, bias=False) for _ in range(2))
        self.down = nn.Linear(mlp, width, bias=False)

    def forward(self, x):
        y = self.attention_norm(x)
        split = lambda z: z.view(rows, length, heads, -1).transpose(1, 2)
        q, k, v = rotate(split(self.q(y))), rotate(split(self.k(y))), split(self.v(y))
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(attended.transpose(1, 2).reshape(rows, length, width))
        y = self.mlp_norm(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block() for _ in range(layers))
        self.norm = RMSNorm()
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, ids):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


model = Model()
for parameter in model.parameters():
    if parameter.dim() > 1:
        nn.init.normal_(parameter, std=0.02)
forward = torch.compile(model) if mode == "compiled" else model
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)

milliseconds = []
for step in range(steps + 2):
    ids = torch.randint(64, 320, (rows, length + 1))
    start = time.perf_counter()
    loss = F.cross_entropy(forward(ids[:, :-1]).view(-1, vocabulary), ids[:, 1:].reshape(-1))
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    if step >= 2:
        milliseconds.append((time.perf_counter() - start) * 1000)
print(json.dumps({"version": torch.__version__, "milliseconds": milliseconds}))
