"""The engine's side of the pipes: requests are served one after the other, in the order in which they come.

Standard input and output carry frames. What libraries print goes to standard error. The process ends when its input does:
whoever started it is gone then, whatever it was doing.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from io import BufferedReader, BufferedWriter, FileIO
from typing import Any, cast

import jax
import numpy as np
from jax.experimental import multihost_utils

from . import cluster, frames, safetensors
from . import program as programs
from .frames import Message
from .placement import Placement
from .session import Executable, Session, Spec

# A snapshot is read between the steps of a run: in few messages, that it does not take as many steps as tensors.
SNAPSHOT_MESSAGE_BYTES = 1 << 26

Reply = tuple[Any, list[np.ndarray]]


def serve() -> None:
    _ignore_signals()
    replies = BufferedWriter(FileIO(os.dup(1), "wb"), 1 << 20)
    os.dup2(2, 1)
    requests: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(cast(BufferedReader, sys.stdin.buffer), requests), daemon=True).start()
    server = Server()
    while True:
        message = requests.get()
        try:
            body, tensors = server.handlers[message.name](message)
            frames.write(replies, {"id": message.id, "body": body}, tensors)
        except BrokenPipeError:
            return
        except Exception as error:  # whatever it is, the other side must hear of it
            frames.write(replies, {"id": message.id, "error": describe(error)})


def _ignore_signals() -> None:
    """Signals are for whoever started this process: it stops cleanly, and still needs the state."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)


def _receive(stream: BufferedReader, requests: queue.SimpleQueue[Message]) -> None:
    code = 1  # a message that cannot be read, after which there is no telling where the next begins
    try:
        while (message := frames.read(stream)) is not None:
            requests.put(message)
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(code)  # at once: the other thread may be in the middle of a long computation


def describe(error: Exception) -> dict[str, str]:
    text = str(error) or type(error).__name__
    if isinstance(error, (programs.ProgramError, safetensors.FormatError)):
        return {"failure": "corrupt-program", "message": text}
    known = {"RESOURCE_EXHAUSTED": "out-of-memory", "UNIMPLEMENTED": "unsupported-operation"}
    failure = next((kind for phrase, kind in known.items() if phrase in text), "failed")
    if isinstance(error, MemoryError):
        failure = "out-of-memory"
    return {"failure": failure, "message": text if isinstance(error, ValueError) else f"{type(error).__name__}: {text}"}


class Server:
    def __init__(self) -> None:
        self.handlers: dict[str, Callable[[Message], Reply]] = {
            "start": self.start,
            "allGather": self.all_gather,
            "open": self.open,
            "load": self.load,
            "run": self.run,
            "unload": self.unload,
            "snapshot": self.snapshot,
            "readSnapshot": self.read_snapshot,
            "endSnapshot": self.end_snapshot,
            "write": self.write,
            "flush": self.flush,
            "close": self.close,
        }
        self.sessions: dict[int, Session] = {}
        self.executables: dict[int, Executable] = {}
        self.count = 0
        self.placement: Placement | None = None

    def number(self) -> int:
        self.count += 1
        return self.count

    def start(self, message: Message) -> Reply:
        """Finds the devices, and lays the mesh over as many of them as are asked for."""
        asked = message.body
        jax.config.update("jax_default_matmul_precision", asked["matmul"])
        if asked["platform"] != "auto":
            jax.config.update("jax_platforms", "cuda,rocm" if asked["platform"] == "gpu" else asked["platform"])
        others = cluster.find(os.environ)
        world = 1 if others is None else others.processes
        if asked["devices"] is not None:
            if asked["devices"] % world != 0:
                raise ValueError(f"{asked['devices']} devices are not the same number for each of {world} processes")
            jax.config.update("jax_num_cpu_devices", asked["devices"] // world)
        if others is not None:
            _join(others)
        devices = jax.devices()
        wanted = asked["devices"] or len(devices)
        if wanted > len(devices):
            raise ValueError(f"{wanted} devices were asked for, and there are {len(devices)}: {devices[0].device_kind}")
        if world > 1 and wanted != len(devices):
            raise ValueError(
                f"{wanted} devices were asked for; {world} processes train on all of theirs, {len(devices)}"
            )
        shards = asked["shards"] or wanted
        if wanted % shards != 0:
            raise ValueError(f"{shards} shards do not divide {wanted} devices")
        self.placement = Placement(devices[:wanted], shards)
        described = [
            {"id": f"{device.platform}:{index}", "kind": _kind(device.platform), "description": device.device_kind}
            for index, device in enumerate(devices[:wanted])
        ]
        engine = f"jax {jax.__version__}, {devices[0].device_kind}"
        topology = {"rank": jax.process_index(), "world": jax.process_count(), "devices": described}
        return {"topology": topology, "engine": engine, "version": jax.__version__}, []

    def all_gather(self, message: Message) -> Reply:
        """The bytes of every process: as long as the longest, rounded up so that few computations are compiled."""
        own = message.tensors[0].view(np.uint8)
        lengths = multihost_utils.process_allgather(np.array(own.size, np.int32)).reshape(-1)
        padded = np.zeros(1 << max(10, int(lengths.max() - 1).bit_length()), np.uint8)
        padded[: own.size] = own
        gathered = multihost_utils.process_allgather(padded)
        return None, [row[:length].view(np.bool_) for row, length in zip(gathered, lengths)]

    def open(self, message: Message) -> Reply:
        assert self.placement is not None
        specs = [Spec(e["name"], programs.DTYPES[e["dtype"]], tuple(e["shape"])) for e in message.body["state"]]
        session = self.number()
        self.sessions[session] = Session(specs, self.placement)
        return {"session": session}, []

    def load(self, message: Message) -> Reply:
        program = programs.decode(message.tensors[0].tobytes())
        executable = self.number()
        self.executables[executable] = self.sessions[message.body["session"]].load(program)
        return {"executable": executable}, []

    def run(self, message: Message) -> Reply:
        """All steps are begun before the results of the first are waited for."""
        executable = self.executables[message.body["executable"]]
        given = iter(message.tensors)
        steps = [executable.start({name: next(given) for name in names}) for names in message.body["steps"]]
        results = [[np.asarray(value) for value in outputs.values()] for outputs in steps]
        return {"steps": [list(outputs) for outputs in steps]}, [value for step in results for value in step]

    def unload(self, message: Message) -> Reply:
        self.executables.pop(message.body["executable"], None)
        return None, []

    def snapshot(self, message: Message) -> Reply:
        snapshot, slices = self.sessions[message.body["session"]].begin_snapshot(message.body["names"])
        return {"snapshot": snapshot, "slices": [piece.describe() for piece in slices]}, []

    def read_snapshot(self, message: Message) -> Reply:
        session = self.sessions[message.body["session"]]
        values = session.read_snapshot(message.body["snapshot"], message.body["first"], SNAPSHOT_MESSAGE_BYTES)
        return None, values

    def end_snapshot(self, message: Message) -> Reply:
        self.sessions[message.body["session"]].end_snapshot(message.body["snapshot"])
        return None, []

    def write(self, message: Message) -> Reply:
        body = message.body
        session = self.sessions[body["session"]]
        session.write(body["name"], body["dtype"], body["globalShape"], body["offset"], message.tensors[0])
        return None, []

    def flush(self, message: Message) -> Reply:
        self.sessions[message.body["session"]].flush()
        return None, []

    def close(self, message: Message) -> Reply:
        session = self.sessions.pop(message.body["session"], None)
        for number in [key for key, value in self.executables.items() if value.session is session]:
            del self.executables[number]
        return None, []


def _join(others: cluster.Cluster) -> None:
    """Waits for the others. One that is lost ends all: what they compute, they compute together."""
    jax.distributed.initialize(
        others.coordinator,
        others.processes,
        others.process,
        initialization_timeout=int(os.environ.get("PC_JOIN_SECONDS", "300")),
        heartbeat_timeout_seconds=int(os.environ.get("PC_HEARTBEAT_SECONDS", "60")),
    )
    # It has its own idea of what to do on SIGTERM.
    _ignore_signals()


def _kind(platform: str) -> str:
    return platform if platform in ("cpu", "tpu") else "gpu"
