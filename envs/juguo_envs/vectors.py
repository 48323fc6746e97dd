"""Vector instructions of the full width, on processors where the compiler would use half of it.

Importing this before anything is compiled is enough. It holds for all that numba compiles in the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import llvmlite.binding as llvm
from numba.core import config

HALVED = ("sapphirerapids", "emeraldrapids")
"""Processors, as LLVM names them, that have vectors of 512 bits, of which it uses 256 by default.

Measured on the second, not on the first.
"""


def full_width(processor: str, features: Mapping[str, bool]) -> str | None:
    """The features to compile for, as LLVM reads them; None where the default is as wide.

    Args:
        processor: As LLVM names it.
        features: What it has, by LLVM's names.
    """
    if processor not in HALVED or not features.get("avx512f"):
        return None
    has = ",".join(f"{'+' if there else '-'}{name}" for name, there in sorted(features.items()))
    return f"{has},-prefer-256-bit"


_config: Any = config  # its settings are made as it is imported
if _config.CPU_NAME is None and _config.CPU_FEATURES is None and _config.ENABLE_AVX:  # who set one decides
    _config.CPU_FEATURES = full_width(llvm.get_host_cpu_name(), llvm.get_host_cpu_features())
