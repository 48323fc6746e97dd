"""Vector instructions of the full width where a processor has them; results are the same bits without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from juguo_envs.vectors import HALVED, full_width

WIDE = {"avx512f": True, "avx2": True, "sse4a": False}
CHOSEN = """
from numba.core import config
before = config.CPU_FEATURES
import juguo_envs
print(config.CPU_FEATURES == before)
"""
ON_SUCH_A_PROCESSOR = """
import llvmlite.binding as llvm
has = llvm.get_host_cpu_features()
has["avx512f"] = True
llvm.get_host_cpu_name, llvm.get_host_cpu_features = lambda: "emeraldrapids", lambda: has
import juguo_envs
from numba.core.registry import cpu_target
print(cpu_target.target_context.codegen()._tm_features.endswith(",-prefer-256-bit"))
"""
DIGEST = """
import hashlib, numpy as np
from juguo_envs import Batch, Scenario, encode_allocation
batch = Batch(Scenario.load("default").override({"society.persons": 5000}), 3, threads=1)
batch.reset(np.arange(3, dtype=np.uint64))
action = encode_allocation(np.full(9, 0.1), batch.structure.share, openness=0.5, advance=True)
for _ in range(30):
    batch.step(np.repeat(action[None], 3, axis=0))
print(hashlib.sha256(b"".join(np.asarray(part).tobytes() for part in batch.state)).hexdigest())
"""


@pytest.mark.parametrize("processor", HALVED)
def test_where_vectors_are_halved_the_full_width_is_asked_for_and_nothing_else_changes(
    processor: str,
) -> None:
    assert full_width(processor, WIDE) == "+avx2,+avx512f,-sse4a,-prefer-256-bit"


@pytest.mark.parametrize(
    ("processor", "features"), [("znver4", WIDE), (HALVED[0], {"avx512f": False}), ("", {})]
)
def test_elsewhere_the_default_stays(processor: str, features: dict[str, bool]) -> None:
    assert full_width(processor, features) is None


@pytest.mark.parametrize(
    "chosen", [{"NUMBA_CPU_NAME": "generic"}, {"NUMBA_CPU_FEATURES": "+avx2"}, {"NUMBA_ENABLE_AVX": "0"}]
)
def test_who_has_chosen_what_to_compile_for_is_left_alone(chosen: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHOSEN], env=os.environ | chosen, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"


def test_the_package_asks_for_it_before_numba_has_fixed_what_it_compiles_for() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ON_SUCH_A_PROCESSOR], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"


# The code for 512 bits is run: elsewhere its instructions do not exist, and the process would be ended.
@pytest.mark.slow
@pytest.mark.skipif(not llvm.get_host_cpu_features().get("avx512f"), reason="no vectors of 512 bits here")
def test_the_width_changes_no_bit_of_a_state(tmp_path: Path) -> None:
    digests = set()
    for chosen in ("+prefer-256-bit", "-prefer-256-bit"):
        environment = {"NUMBA_CPU_NAME": "x86-64-v4", "NUMBA_CPU_FEATURES": chosen}
        environment["NUMBA_CACHE_DIR"] = str(tmp_path / chosen)
        done = subprocess.run(
            [sys.executable, "-c", DIGEST],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout)
    assert len(digests) == 1
