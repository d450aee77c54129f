"""Whether this process is one of several that train together, found from what their launcher tells each of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Environment = Mapping[str, str]


@dataclass(frozen=True)
class Cluster:
    coordinator: str
    """Address and port of process 0."""
    processes: int
    process: int
    launcher: str


class ClusterError(ValueError):
    """The launcher tells too little."""


DEFAULT_PORT = 8476


def find(environment: Environment) -> Cluster | None:
    """None: this process is alone. Raises ClusterError where a launcher started several, but not how they find each other."""
    for rule in RULES:
        cluster = rule(environment)
        if cluster is not None:
            return cluster if cluster.processes > 1 else None
    return None


def named(environment: Environment) -> Cluster | None:
    """The variables that torchrun sets, for any launcher: MASTER_ADDR, MASTER_PORT, WORLD_SIZE, RANK."""
    if not {"MASTER_ADDR", "WORLD_SIZE", "RANK"} <= environment.keys():
        return None
    coordinator = f"{environment['MASTER_ADDR']}:{environment.get('MASTER_PORT', DEFAULT_PORT)}"
    return Cluster(coordinator, int(environment["WORLD_SIZE"]), int(environment["RANK"]), "MASTER_ADDR")


def slurm(environment: Environment) -> Cluster | None:
    """A task of `srun`; the script of a batch job is none."""
    if "SLURM_STEP_NUM_TASKS" not in environment or "SLURM_PROCID" not in environment:
        return None
    host = first_host(environment["SLURM_STEP_NODELIST"])
    # Jobs that share a node take different ports.
    port = 61_440 + int(environment["SLURM_JOB_ID"]) % 4096
    processes = int(environment["SLURM_STEP_NUM_TASKS"])
    return Cluster(f"{host}:{port}", processes, int(environment["SLURM_PROCID"]), "srun")


def first_host(nodes: str) -> str:
    """`gpu[003-006,9],login` is gpu003 and others."""
    match = re.match(r"([^,\[]+)(?:\[(\w+))?", nodes)
    if match is None:
        raise ClusterError(f"the list of nodes {nodes!r} names none")
    return match[1] + (match[2] or "")


def mpi(environment: Environment) -> Cluster | None:
    """Open MPI, MPICH and Intel MPI say who a process is, but not where process 0 runs, unless all are on one machine."""
    for prefix, local in (("OMPI_COMM_WORLD", "OMPI_COMM_WORLD_LOCAL_SIZE"), ("PMI", "MPI_LOCALNRANKS")):
        if f"{prefix}_SIZE" not in environment:
            continue
        processes, process = int(environment[f"{prefix}_SIZE"]), int(environment[f"{prefix}_RANK"])
        host = environment.get("MASTER_ADDR") or _open_mpi_host(environment)
        if host is None and environment.get(local) == str(processes):
            host = "127.0.0.1"
        if host is None and processes > 1:
            raise ClusterError(
                "mpirun does not say where process 0 runs: give its address, mpirun -x MASTER_ADDR=HOST …"
            )
        return Cluster(f"{host}:{environment.get('MASTER_PORT', DEFAULT_PORT)}", processes, process, "mpirun")
    return None


def _open_mpi_host(environment: Environment) -> str | None:
    """Open MPI 4: `1531576320.0;tcp://10.96.0.1,10.148.0.1:34911`, of the machine that runs mpirun and process 0."""
    match = re.search(r"tcp://([\d.]+)", environment.get("OMPI_MCA_orte_hnp_uri", ""))
    return match[1] if match else None


def kubernetes(environment: Environment) -> Cluster | None:
    """A pod of an Indexed Job, whose host name is JOB-INDEX; its manifest says the number of pods and their subdomain."""
    if "JOB_COMPLETION_INDEX" not in environment:
        return None
    if not {"PC_PROCESSES", "PC_SUBDOMAIN"} <= environment.keys():
        raise ClusterError(
            "the manifest of the job sets no PC_PROCESSES and PC_SUBDOMAIN: the number of pods, and their service"
        )
    index = environment["JOB_COMPLETION_INDEX"]
    job = environment["HOSTNAME"].removesuffix(f"-{index}")
    coordinator = f"{job}-0.{environment['PC_SUBDOMAIN']}:{DEFAULT_PORT}"
    return Cluster(coordinator, int(environment["PC_PROCESSES"]), int(index), "kubernetes")


def tpu_pod(environment: Environment) -> Cluster | None:
    """A host of a TPU pod slice."""
    if not {"TPU_WORKER_HOSTNAMES", "TPU_WORKER_ID"} <= environment.keys():
        return None
    hosts = environment["TPU_WORKER_HOSTNAMES"].split(",")
    return Cluster(f"{hosts[0]}:{DEFAULT_PORT}", len(hosts), int(environment["TPU_WORKER_ID"]), "TPU pod")


RULES: tuple[Callable[[Environment], Cluster | None], ...] = (slurm, mpi, kubernetes, tpu_pod, named)
