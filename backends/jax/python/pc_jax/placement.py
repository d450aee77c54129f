"""Where values lie: fully sharded data parallelism on a mesh of replicas × shards.

Every tensor of the state is cut along one axis over the shards, and is the same in all replicas. The rows of a batch are
cut over all devices. The compiler puts in what travels: parameters are gathered where they are used, gradients are summed where
the piece of a moment that they change lies (Rajbhandari et al., ZeRO, arXiv 1910.02054; Zhao et al., FSDP, arXiv 2304.11277).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

BATCH_AXES = ("replica", "shard")
_ROW_CUTS = (BATCH_AXES, ("shard",), ("replica",))


class Placement:
    def __init__(self, devices: Sequence[jax.Device], shards: int) -> None:
        self.mesh = Mesh(np.array(devices).reshape(-1, shards), BATCH_AXES)
        self.shards = shards
        self.whole = NamedSharding(self.mesh, PartitionSpec())

    def state(self, shape: Sequence[int]) -> NamedSharding:
        """Cut along the largest axis that the shards divide; whole everywhere where there is none."""
        axes = [axis for axis, size in enumerate(shape) if size % self.shards == 0]
        if self.shards == 1 or not axes:
            return self.whole
        axis = max(axes, key=lambda axis: shape[axis])
        return NamedSharding(self.mesh, PartitionSpec(*[None] * axis, "shard"))

    def input(self, shape: Sequence[int]) -> NamedSharding:
        """Inputs of several axes begin with the rows of a batch, cut over as many devices as divide them."""
        if len(shape) < 2:
            return self.whole
        cuts = [(math.prod(self.mesh.shape[axis] for axis in axes), axes) for axes in _ROW_CUTS]
        pieces, axes = max((cut for cut in cuts if shape[0] % cut[0] == 0), default=(1, ()), key=lambda cut: cut[0])
        return NamedSharding(self.mesh, PartitionSpec(axes)) if pieces > 1 else self.whole
