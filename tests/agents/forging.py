"""Files of ours changed by hand, with a checksum that fits, so that what is within is looked at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.numpy import save

from juguo_agents.artifacts.archive import from_bytes, to_bytes
from juguo_agents.artifacts.identity import CHECKSUM, Record, record_of, sealed, text_of
from juguo_agents.artifacts.policy import checksum
from juguo_agents.artifacts.policy_file import KEY
from juguo_agents.studies.arms import ArmSettings
from juguo_agents.studies.value.analysis import VALUE_FILE, ValueRecord
from juguo_envs import Scenario

Change = Callable[[Any], Any]


def store(path: Path, kind: type[Record], content: Mapping[str, Any], of: str | None = None) -> Path:
    """Write the record of something."""
    path.write_text(text_of(record_of(kind, content, of)), encoding="utf-8")
    return path


def store_value(
    folder: Path, scenario: Scenario, numbers: Mapping[str, Any], of: str | None = None, **changes: Any
) -> None:
    """The file of the study `value`, as far as it is read."""
    rest = ("allocators", "gap", "worth", "kinds", "worth_searched_on", "kinds_searched_on", "searches",
            "versions", "restarts", "doubling")  # fmt: skip
    settings = ArmSettings.parse({"scenario": (scenario,), **ArmSettings.smoke})
    content = {
        "settings": settings.as_json(scenario),
        "scenario_digest": scenario.digest(),
        "numbers": numbers,
        "last": {name: name for name in numbers},
        **{name: {} for name in rest},
    }
    store(folder / VALUE_FILE, ValueRecord, content | changes, of)


def forge(path: Path, change: Change) -> None:
    """Change what a JSON file of ours holds."""
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(sealed(data)), encoding="utf-8")


def forge_policy(path: Path, metadata: Change = len, tensors: Change = len) -> None:
    """Change the metadata or the tensors of a policy."""
    with safe_open(path, framework="numpy") as file:
        told = json.loads(file.metadata()[KEY])
        names = file.keys()
        held = {name: file.get_tensor(name) for name in names}
    metadata(told)
    tensors(held)
    text = json.dumps(told)
    path.write_bytes(save(held, metadata={KEY: text, CHECKSUM: checksum(held, text)}))


def forge_archive(path: Path, values: Change = len, arrays: Change = len) -> None:
    """Change the values or the arrays of a checkpoint."""
    held, told = from_bytes(path.read_bytes(), str(path))
    values(told)
    arrays(held)
    path.write_bytes(to_bytes(held, told))


def resealed(head: bytes, body: bytes) -> bytes:
    """An archive whose checksum fits whatever its body is."""
    return head.rpartition(b" ")[0] + b" " + hashlib.sha256(body).hexdigest().encode() + b"\n" + body
