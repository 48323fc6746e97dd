"""A mark for what only an NVIDIA device can show."""

from __future__ import annotations

import pytest
import torch

# why skipped: what is tested is torch's own arithmetic and generators on the device, for which nothing can
# stand in, and neither CI nor most machines have one; on a machine that has, these tests run by themselves
with_device = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA device")
