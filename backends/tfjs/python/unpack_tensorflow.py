"""Takes the C library of TensorFlow, and the headers that a binding to it needs, out of a wheel.

    python unpack_tensorflow.py WHEELS DEPS

WHEELS is a folder with one wheel of TensorFlow, which is removed in the end; DEPS gets `include/` and `lib/`, and beside it
a folder for the binding. Linkers look for libraries by names without a version.
"""

import shutil
import sys
import zipfile
from pathlib import Path

HEADERS = ("tensorflow/c/", "tensorflow/core/platform/", "tsl/platform/", "xla/tsl/")
INCLUDE = "tensorflow/include/"
LIBRARIES = {"libtensorflow_cc.so.2": "libtensorflow.so", "libtensorflow_framework.so.2": "libtensorflow_framework.so"}


def unpack(wheels: Path, deps: Path) -> None:
    (wheel,) = wheels.glob("tensorflow*.whl")
    (deps / "lib").mkdir(parents=True)
    (deps.parent / "lib" / "napi-v8").mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            header = name.removeprefix(INCLUDE)
            library = name.removeprefix("tensorflow/")
            if header != name and header.startswith(HEADERS) and header.endswith((".h", ".inc")):
                copy(archive, name, deps / "include" / header)
            elif library in LIBRARIES:
                copy(archive, name, deps / "lib" / library)
                (deps / "lib" / LIBRARIES[library]).symlink_to(library)
    shutil.rmtree(wheels)


def copy(archive: zipfile.ZipFile, name: str, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as source, to.open("wb") as target:
        shutil.copyfileobj(source, target)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
