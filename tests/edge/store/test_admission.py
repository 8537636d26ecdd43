from __future__ import annotations

import pytest

from edge.errors import DowngradeError, NoEmotionsError, OperatorTooNewError, SignatureError
from edge.infer.interpreter import Runtime
from edge.store.admission import Release, refuse_downgrade, refuse_unfit, refuse_unsigned
from tests.edge.store.models import manifest

TFLITE = Runtime(name="tflite-runtime", version="2.14.0", interpreter_class=None)
LITERT = Runtime(name="litert", version="1.4.0", interpreter_class=None)


def release(version: str, made: str = "2026-11-20T10:00:00Z", name: str = "room") -> Release:
    return Release(name=name, version=version, created_utc=made)


@pytest.mark.parametrize(
    ("new", "current"),
    [
        (release("1.9"), release("1.10")),
        (release("1.9", made="2027-01-01T00:00:00Z"), release("1.10")),
        (release("1"), release("1.0.1")),
        (release("1.0", made="2026-11-19T10:00:00Z"), release("1")),
        (release("spring", made="2026-01-01T00:00:00Z"), release("autumn")),
        (release("2-beta", made="2026-01-01T00:00:00Z"), release("1")),
    ],
)
def test_an_older_model_is_refused_and_the_newer_one_never(new, current):
    with pytest.raises(DowngradeError, match=r"is older than the current .*--allow-downgrade"):
        refuse_downgrade(new, current)
    refuse_downgrade(current, new)


@pytest.mark.parametrize(
    ("new", "current"),
    [
        (release("1"), release("1")),
        (release("1.0"), release("1")),
        (release("0.1", name="kitchen"), release("9")),
    ],
)
def test_the_same_version_and_another_name_are_no_downgrade(new, current):
    refuse_downgrade(new, current)


def test_a_downgrade_is_told_in_one_clear_sentence():
    with pytest.raises(DowngradeError) as caught:
        refuse_downgrade(release("1.2"), release("1.10"))
    assert str(caught.value) == (
        "room 1.2 (made 2026-11-20T10:00:00Z) is older than the current room 1.10 "
        "(made 2026-11-20T10:00:00Z); push it with --allow-downgrade if it shall replace the "
        "newer one"
    )


@pytest.mark.parametrize(
    ("wanted", "runtime", "fits"),
    [
        ("2.3.0", TFLITE, True),
        ("2.14.0", TFLITE, True),
        ("2.14", TFLITE, True),
        ("2.15.0", TFLITE, False),
        ("2.15.0", LITERT, True),
        ("3.0.0", LITERT, False),
    ],
)
def test_the_runtime_must_be_new_enough(wanted, runtime, fits):
    model = manifest(min_runtime=wanted)
    if fits:
        refuse_unfit(model, runtime)
    else:
        with pytest.raises(OperatorTooNewError, match=f"TFLite {wanted} or newer, this device has"):
            refuse_unfit(model, runtime)


def test_a_room_needs_emotions():
    with pytest.raises(NoEmotionsError, match="tells the speaker's sex"):
        refuse_unfit(manifest(labels=("female", "male")), LITERT)


def test_unsigned_models_are_the_owners_decision():
    refuse_unsigned(None, allow_unsigned=True)
    refuse_unsigned("signature", allow_unsigned=False)
    with pytest.raises(SignatureError, match=r"store\.allow_unsigned = true"):
        refuse_unsigned(None, allow_unsigned=False)
