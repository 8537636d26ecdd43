"""Prints every row of the log, without what is filled in later: this must never be lost."""

import json
import sqlite3
import sys

LATER = {"stopped", "interrupted", "duration_s"}
log = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
log.row_factory = sqlite3.Row
for table in ("sessions", "events", "alerts", "actions", "minutes", "notes"):
    for row in log.execute(f"SELECT * FROM {table}"):
        kept = {name: value for name, value in dict(row).items() if name not in LATER}
        sys.stdout.write(json.dumps([table, kept], sort_keys=True) + "\n")
