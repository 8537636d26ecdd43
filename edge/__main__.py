"""``python -m edge`` is `ser-edge`."""

import sys

from edge.cli import main

sys.exit(main())
