"""``ser-edge model receive`` with other limits of the self-test.

Run as ``python limited.py CPU_S``.
"""

from __future__ import annotations

import sys

from edge.app.channel import Channel
from edge.app.receiving import receive
from edge.store.examiner import Limits

sys.exit(receive(None, Channel(0, 1), limits=Limits(cpu_s=int(sys.argv[1]), memory_mb=2000)))
