"""Where a learner's networks are: the CPU, or an NVIDIA device."""

from __future__ import annotations

from juguo_agents.training.config import ConfigError, Training


def check_device(training: Training) -> None:
    """Refuse a device that is not there, before anything is written.

    Torch, whose import takes seconds, is asked only where another device than the CPU is wanted.

    Raises:
        ConfigError: If torch cannot use it.
    """
    if training.device == "cpu":
        return
    import torch

    if not torch.cuda.is_available():
        raise ConfigError(
            f"training.device is {training.device}, and torch {torch.__version__} finds no NVIDIA device; "
            "allowed here is cpu; where there is such a device, install a build of torch for its CUDA"
        )
