"""``ser-edge model receive`` of a device that gives a self-test little time."""

from __future__ import annotations

import sys

from edge.app.channel import Channel
from edge.app.receiving import receive
from edge.store.examiner import Limits

sys.exit(receive(None, Channel(0, 1), limits=Limits(cpu_s=3, wall_s=30, memory_mb=2000)))
