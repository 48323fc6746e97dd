"""The policies that come with the package. `zoo:NAME` stands for one wherever an allocator is named.

`tools/zoo.py` puts them there. Each tells in its metadata by which command it was made
(`evaluation.zoo`), and how it did on the test episodes (`evaluation.test`).
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from juguo_agents.allocators.registry import UnknownAllocator
from juguo_envs.errors import unknown

ZOO = Path(str(resources.files("juguo_agents"))) / "zoo"
PREFIX = "zoo:"
_SUFFIX = ".safetensors"


def zoo_names() -> list[str]:
    """Names of the policies that come with the package, such as `china31`."""
    return sorted(path.stem for path in ZOO.glob(f"*{_SUFFIX}"))


def is_of_zoo(file: Path) -> bool:
    """Whether a file is one of those."""
    return file.parent == ZOO


def zoo_file(name: str) -> Path:
    """The file of a policy, by `zoo:NAME`.

    Raises:
        UnknownAllocator: If there is none of that name.
    """
    names = zoo_names()
    if (policy := name.removeprefix(PREFIX)) not in names:
        raise UnknownAllocator(unknown("policy of the zoo", policy, names))
    return ZOO / f"{policy}{_SUFFIX}"
