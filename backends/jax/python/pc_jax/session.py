"""Named state on devices, and the programs that run on it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import NamedSharding

from .interpreter import Values, evaluate
from .placement import Placement
from .program import DTYPE_NAMES, DTYPES, Program, ProgramError

# The CPU cannot take over every buffer; then it copies, which is no news to anybody.
warnings.filterwarnings("ignore", message="Some donated buffers were not usable")


@dataclass(frozen=True)
class Spec:
    name: str
    dtype: np.dtype
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{DTYPE_NAMES[self.dtype]} [{', '.join(map(str, self.shape))}]"


@dataclass
class Slice:
    """A piece of a state entry: `shape` elements from `offset` on."""

    spec: Spec
    offset: tuple[int, ...]
    shape: tuple[int, ...]
    value: jax.Array | np.ndarray
    """On the device until somebody needs the buffer or reads it; then in host memory."""

    def describe(self) -> dict[str, Any]:
        return {
            "name": self.spec.name,
            "dtype": DTYPE_NAMES[self.spec.dtype],
            "globalShape": self.spec.shape,
            "offset": self.offset,
            "shape": self.shape,
        }

    def to_host(self) -> np.ndarray:
        if not isinstance(self.value, np.ndarray):
            self.value = np.array(self.value)  # a copy: on the CPU, asarray would give the device's own memory
        return self.value


class Session:
    def __init__(self, specs: Sequence[Spec], placement: Placement) -> None:
        self.specs = {spec.name: spec for spec in specs}
        self.placement = placement
        self._state = {spec.name: self._place(spec, np.zeros(spec.shape, spec.dtype)) for spec in specs}
        self._snapshots: dict[int, dict[int, Slice]] = {}
        self._snapshot_count = 0
        # Entries that are being written piece by piece, in host memory.
        self._staged: dict[str, np.ndarray] = {}

    def spec(self, name: str) -> Spec:
        if name not in self.specs:
            raise ProgramError(f"the session has no state named {name}")
        return self.specs[name]

    # --------------------------------------------------------------------------------------------- programs

    def load(self, program: Program) -> Executable:
        for node in program.declared("state"):
            spec = self.spec(node.attributes["name"])
            if (spec.dtype, spec.shape) != (node.dtype, node.shape):
                declared = Spec(spec.name, node.dtype, node.shape)
                raise ProgramError(f"the program reads state {spec.name} as {declared}, the session holds {spec}")
        for name in program.next:
            self.spec(name)
        return Executable(program, self)

    def take(self, names: Sequence[str]) -> Values:
        """Current values, which the caller may use up; open snapshots get copies first."""
        self.flush()
        taken = set(names)
        for snapshot in self._snapshots.values():
            for piece in snapshot.values():
                if piece.spec.name in taken:
                    piece.to_host()
        return {name: self._state[name] for name in names}

    def read(self, names: Sequence[str]) -> Values:
        self.flush()
        return {name: self._state[name] for name in names}

    def put(self, values: Mapping[str, jax.Array]) -> None:
        self._state.update(values)

    # ------------------------------------------------------------------------------------ in and out of state

    def write(self, name: str, dtype: str, shape: Sequence[int], offset: Sequence[int], value: np.ndarray) -> None:
        """Writes a piece of an entry; it is on the devices after `flush`."""
        spec = self.spec(name)
        fits = len(offset) == value.ndim == len(spec.shape) and all(
            0 <= start and start + size <= whole for start, size, whole in zip(offset, value.shape, spec.shape)
        )
        if not fits or tuple(shape) != spec.shape or DTYPES[dtype] != spec.dtype:
            given = f"{dtype} {list(value.shape)} at {list(offset)} of {list(shape)}"
            raise ProgramError(f"state {name} is {spec}; cannot write {given}")
        if value.shape == spec.shape:
            self._staged.pop(name, None)
            self._state[name] = self._place(spec, value)
            return
        if name not in self._staged:
            self._staged[name] = self._local_values(spec)
        self._staged[name][_region(offset, value.shape)] = value

    def flush(self) -> None:
        for name, value in self._staged.items():
            self._state[name] = self._place(self.specs[name], value)
        self._staged.clear()

    def begin_snapshot(self, names: Sequence[str] | None) -> tuple[int, list[Slice]]:
        self.flush()
        slices = [piece for name in (self.specs if names is None else names) for piece in self._slices(self.spec(name))]
        for piece in slices:
            if isinstance(piece.value, jax.Array):
                piece.value.copy_to_host_async()
        self._snapshot_count += 1
        self._snapshots[self._snapshot_count] = dict(enumerate(slices))
        return self._snapshot_count, slices

    def read_snapshot(self, snapshot: int, first: int, most_bytes: int) -> list[np.ndarray]:
        """Pieces from the first on, as many as the bytes allow and at least one; each can be read once."""
        held = self._snapshots[snapshot]
        values: list[np.ndarray] = []
        while first in held and (not values or sum(value.nbytes for value in values) < most_bytes):
            values.append(held.pop(first).to_host())
            first += 1
        return values

    def end_snapshot(self, snapshot: int) -> None:
        self._snapshots.pop(snapshot, None)

    def _slices(self, spec: Spec) -> Iterator[Slice]:
        """The whole entry where this process has all of it; else the pieces that are this process's to save."""
        array = self._state[spec.name]
        if array.is_fully_addressable:
            yield Slice(spec, (0,) * array.ndim, spec.shape, array)
            return
        for shard in array.addressable_shards:
            if shard.replica_id == 0:
                yield Slice(spec, _offset(shard.index), shard.data.shape, shard.data)

    def _place(self, spec: Spec, value: np.ndarray) -> jax.Array:
        return jax.make_array_from_callback(spec.shape, self.placement.state(spec.shape), lambda index: value[index])

    def _local_values(self, spec: Spec) -> np.ndarray:
        """What this process's devices hold of an entry, and zeros elsewhere."""
        values = np.zeros(spec.shape, spec.dtype)
        for shard in self._state[spec.name].addressable_shards:
            values[shard.index] = np.asarray(shard.data)
        return values


class Executable:
    """A program, compiled as a whole: state that it changes is donated, and stays on its devices."""

    def __init__(self, program: Program, session: Session) -> None:
        self.session = session
        placement = session.placement
        self.outputs = list(program.outputs)
        self.inputs = {
            node.attributes["name"]: Spec(node.attributes["name"], node.dtype, node.shape)
            for node in program.declared("input")
        }
        reads = [node.attributes["name"] for node in program.declared("state")]
        self.changed = [name for name in reads if name in program.next]
        self.unchanged = [name for name in reads if name not in program.next]

        def run(changed: Values, unchanged: Values, inputs: Values) -> tuple[Values, Values]:
            def whole(x: jax.Array) -> jax.Array:
                return jax.lax.with_sharding_constraint(x, placement.whole)

            return evaluate(program, inputs, {**changed, **unchanged}, whole)

        def placed(names: Sequence[str]) -> dict[str, Any]:
            return {name: placement.state(session.spec(name).shape) for name in names}

        self.input_shardings = {name: placement.input(spec.shape) for name, spec in self.inputs.items()}
        shardings = (placed(self.changed), placed(self.unchanged), self.input_shardings)
        out = ({name: placement.whole for name in program.outputs}, placed(list(program.next)))
        compiled = jax.jit(run, in_shardings=shardings, out_shardings=out, donate_argnums=0)
        specs = [{name: session.spec(name) for name in names} for names in (self.changed, self.unchanged)]
        self._run = compiled.lower(*_abstract(specs), *_abstract([self.inputs])).compile()

    def start(self, given: Mapping[str, np.ndarray]) -> Values:
        """Begins one step and gives its outputs, which may not be there yet."""
        inputs = {name: self._input(spec, given.get(name)) for name, spec in self.inputs.items()}
        changed = self.session.take(self.changed)
        outputs, new = self._run(changed, self.session.read(self.unchanged), inputs)
        self.session.put(new)
        return {name: outputs[name] for name in self.outputs}

    def _input(self, spec: Spec, value: np.ndarray | None) -> jax.Array:
        if value is None:
            raise ValueError(f"no value was given for input {spec.name}")
        given = Spec(spec.name, value.dtype, value.shape)
        sharding = self.input_shardings[spec.name]
        if given == spec:
            return jax.make_array_from_callback(spec.shape, sharding, lambda index: value[index])
        if given == _share(spec):
            if _local_rows(sharding, spec.shape) == _rows_of_process(value.shape[0]):
                return jax.make_array_from_process_local_data(sharding, value, spec.shape)
            # Rows that all devices cannot divide among them are needed by other processes, too.
            rows = multihost_utils.process_allgather(value, tiled=True)
            return jax.make_array_from_callback(spec.shape, sharding, lambda index: rows[index])
        raise ValueError(f"input {spec.name} is {spec}, not {given}")


def _share(spec: Spec) -> Spec | None:
    """An input as one of several processes gives it: with its rows alone."""
    processes = jax.process_count()
    if len(spec.shape) < 2 or processes == 1:
        return None
    return Spec(spec.name, spec.dtype, (spec.shape[0] // processes, *spec.shape[1:]))


def _rows_of_process(rows: int) -> set[int]:
    """Those that this process gives of an input, where each gives so many."""
    first = rows * jax.process_index()
    return set(range(first, first + rows))


def _local_rows(sharding: NamedSharding, shape: Sequence[int]) -> set[int]:
    """Those that this process's devices get."""
    indices = sharding.addressable_devices_indices_map(tuple(shape)).values()
    return {row for index in indices if index is not None for row in range(*index[0].indices(shape[0]))}


def _abstract(groups: Sequence[Mapping[str, Spec]]) -> list[dict[str, jax.ShapeDtypeStruct]]:
    return [{name: jax.ShapeDtypeStruct(spec.shape, spec.dtype) for name, spec in group.items()} for group in groups]


def _region(offset: Sequence[int], shape: Sequence[int]) -> tuple[slice, ...]:
    return tuple(slice(start, start + size) for start, size in zip(offset, shape))


def _offset(index: Sequence[slice]) -> tuple[int, ...]:
    return tuple(axis.start or 0 for axis in index)
