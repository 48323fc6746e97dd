"""A mark for what only an NVIDIA device can show."""

from __future__ import annotations

import pytest
import torch

NO_DEVICE = not torch.cuda.is_available()
WHY = "torch's own arithmetic and generators on an NVIDIA device are tested, and this machine has none"
with_device = pytest.mark.skipif(NO_DEVICE, reason=WHY)  # nothing can stand in for it; runs where one is
