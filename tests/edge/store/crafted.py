"""Models that are no good, each in a way of its own; all pass every check before the self-test."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from edge.contract.bundle import GOLDEN, MANIFEST, MODEL_CARD
from edge.contract.golden import GoldenCase
from edge.contract.manifest import TensorInfo
from edge.contract.spec import FeatureSpec
from edge.dsp import extract
from edge.infer.classifier import EmotionClassifier
from tests.edge.store.models import manifest, packed
from tests.fakes.sound import bundled
from tests.fakes.specs import logmel_table

HANGING = Path(__file__).with_name("hanging.tflite")


CRASHED = r"crashed its self-test \(SIG|needs more than \d+ MB of memory|refuses the model"
"""What is told of `crashing`: it reads what lies about in memory, which may be anything."""


@cache
def crashing() -> bytes:
    """An operator is fed what it cannot have, and the runtime does not look: it dies of it.

    Each runtime overlooks something else, so that several networks are tried in its own process.
    """
    for operator, position, tensor in ((0, 0, 5), (0, 1, -1), (9, 0, -1), (7, 0, -1)):
        content = packed(with_input(bundled().flatbuffer, operator, position, tensor))
        with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
            file.write(content)
            file.flush()
            command = [sys.executable, "-m", "edge.store.probe", file.name]
            if subprocess.run(command, capture_output=True, check=False).returncode < 0:
                return content
    return content  # this time nothing terrible lay there: it is refused in another way


@cache
def hanging() -> bytes:
    """A loop that never ends, in native code."""
    tensor = TensorInfo(shape=(1, 192, 64), dtype="float32", scale=0.0, zero_point=0)
    return packed(
        HANGING.read_bytes(),
        input_tensor=tensor,
        output_tensor=replace(tensor, shape=(1, 9)),
    )


@cache
def slow() -> bytes:
    """Right in every answer, but its features take longer than the sound lasts.

    Each frame is an FFT of four seconds, and every hop of 50 ms computes all frames anew.
    """
    table = bundled().manifest.features.to_dict()
    n_fft = 2**16
    table["framing"] |= {"n_fft": n_fft, "win_length": n_fft}
    table["blocks"] = [logmel_table(decibel={"amin": 1e-10, "ref": "max", "top_db": 80.0})]
    features = FeatureSpec.from_dict(table)
    decision = replace(bundled().manifest.decision, hop_s=0.05)
    changes = {
        "features": features,
        "fingerprint": features.fingerprint(),
        "decision": decision,
        "standardise": None,
    }
    sound = bundled().golden[0].samples[:8000]
    matrix = extract(sound, features)
    model = replace(bundled(), manifest=manifest(**changes))
    logits = EmotionClassifier(model).logits(matrix)
    case = GoldenCase(name="noise", samples=sound, features=matrix, logits=logits)
    return packed(golden=[case], **changes)


@cache
def mistaken() -> bytes:
    """Its golden case is not what it answers."""
    first, *rest = bundled().golden
    return packed(golden=[replace(first, logits=first.logits + np.float32(1.0)), *rest])


@cache
def without_golden_cases() -> bytes:
    return packed(golden=[])


@cache
def too_new() -> bytes:
    """The network asks for an operator of a version that nobody has."""
    return packed(with_operator_version(bundled().flatbuffer, 99))


@cache
def greedy(n_bytes: int = 2**28) -> bytes:
    """A golden case that is small in the file and endless in memory."""
    case = bundled().golden[0]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packing:
        for part in ("features", "logits"):
            packing.writestr(f"huge/{part}.npy", _npy(getattr(case, part)))
        with packing.open("huge/samples.npy", "w", force_zip64=True) as file:
            head = _npy(np.zeros(0, np.int16)).replace(b"(0,), ", b"(%d,)," % (n_bytes // 2))
            # The header is padded to a multiple of 64 bytes.
            file.write(head[:-1].ljust(127) + b"\n")
            for _ in range(n_bytes // 2**20):
                file.write(bytes(2**20))
    made = io.BytesIO(bundled().flatbuffer)
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as tail:
        tail.writestr(MANIFEST, manifest().to_json())
        tail.writestr(GOLDEN, archive.getvalue())
        tail.writestr(MODEL_CARD, "")
    return made.getvalue()


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array)
    return buffer.getvalue()


def flipped(content: bytes) -> bytes:
    """One bit of the network is another one."""
    return content[:5000] + bytes([content[5000] ^ 4]) + content[5001:]


def with_operator_version(flatbuffer: bytes, version: int) -> bytes:
    """Let the network ask for another version of its first operator that says one.

    A flatbuffer's table begins with the distance to its vtable, which says where each field lies.
    """
    changed = bytearray(flatbuffer)
    model = _u32(changed, 0)
    codes = _target(changed, _field(changed, model, 1))
    for n in range(_u32(changed, codes)):
        code = _target(changed, codes + 4 + 4 * n)
        if place := _field(changed, code, 2):
            struct.pack_into("<i", changed, place, version)
            return bytes(changed)
    raise AssertionError("no operator with a version")


def with_input(flatbuffer: bytes, operator: int, position: int, tensor: int) -> bytes:
    """Let an operator of the network take another tensor, by number; -1 is none at all."""
    changed = bytearray(flatbuffer)
    graph = _item(changed, _field(changed, _u32(changed, 0), 2), 0)
    table = _item(changed, _field(changed, graph, 3), operator)
    inputs = _target(changed, _field(changed, table, 1))
    struct.pack_into("<i", changed, inputs + 4 + 4 * position, tensor)
    return bytes(changed)


def _u32(data: bytearray, place: int) -> int:
    return struct.unpack_from("<I", data, place)[0]


def _target(data: bytearray, place: int) -> int:
    return place + _u32(data, place)


def _item(data: bytearray, vector: int, number: int) -> int:
    """Return where a table in a vector of tables lies."""
    return _target(data, _target(data, vector) + 4 + 4 * number)


def _field(data: bytearray, table: int, number: int) -> int:
    vtable = table - struct.unpack_from("<i", data, table)[0]
    if 4 + 2 * number >= struct.unpack_from("<H", data, vtable)[0]:
        return 0
    offset = struct.unpack_from("<H", data, vtable + 4 + 2 * number)[0]
    return table + offset if offset else 0
