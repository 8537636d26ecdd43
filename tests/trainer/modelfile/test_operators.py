"""The table of operators is what tflite-runtime 2.14 itself answers."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import REPOSITORY, need
from trainer.modelfile.operators import NEWEST_VERSIONS

pytest.importorskip("tensorflow")

from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from edge.infer.interpreter import find_runtime
from tests.fakes.sound import bundled

LOAD = """
import json, sys
from pathlib import Path
from tflite_runtime.interpreter import Interpreter
loaded = []
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        Interpreter(model_content=path.read_bytes())
    except ValueError:
        continue
    loaded.append(path.name)
print(json.dumps(loaded))
"""


def with_operator(model: Any, code: int, *, version: int) -> bytes:
    """Return a network that names one operator more than it uses: the runtime looks for it."""
    changed = copy.deepcopy(model)
    operator = schema.OperatorCodeT()
    operator.builtinCode, operator.deprecatedBuiltinCode = code, min(code, 127)
    operator.version = version
    changed.operatorCodes.append(operator)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(changed))


def test_the_newest_version_of_each_operator_loads_and_no_newer_one(tmp_path: Path) -> None:
    need(_has_oldest_runtime(), "tflite-runtime 2.14.0")
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(bundled().flatbuffer))
    codes = {n: c for n, c in vars(schema.BuiltinOperator).items() if isinstance(c, int)}
    expected = set()
    for name, code in codes.items():
        newest = NEWEST_VERSIONS.get(name, 0)
        for version in {newest, newest + 1} - {0}:
            changed = with_operator(model, code, version=version)
            (tmp_path / f"{name}-{version}").write_bytes(changed)
        expected |= {f"{name}-{newest}"} if newest else set()
    command = (sys.executable, "-c", LOAD, str(tmp_path))
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) == expected


def _has_oldest_runtime() -> bool:
    try:
        return find_runtime("tflite-runtime").version == "2.14.0"
    except ImportError:
        return False
