"""The text of a survey: columns that align, what is worst first, long lists cut."""

from __future__ import annotations

import pytest

from tests.fakes.surveys import corpus, examined, survey
from trainer.survey import text
from trainer.survey.faults import findings
from trainer.survey.scan import CorpusScan, PassedOver, Survey


def report(surveyed: Survey) -> str:
    return text.report(surveyed, findings(surveyed))


def healthy(name: str, *, n_speakers: int = 2, n_clips: int = 3) -> CorpusScan:
    items = [
        examined(f"{name}/{number}{emotion}{speaker}", emotion=emotion, speaker=f"{name}_{speaker}")
        for speaker in range(n_speakers)
        for emotion in ("happy", "sad")
        for number in range(n_clips)
    ]
    return corpus(*items, name=name, emotions=("happy", "sad"))


def test_healthy_survey_as_a_whole() -> None:
    assert (
        report(survey(healthy("home"), healthy("radio", n_speakers=10)))
        == """\
corpus  clips  speakers  hours  shortest  median  longest  sound
home       12         2   0.01    2.00 s  2.00 s   2.00 s  16 kHz mono
radio      60        10   0.03    2.00 s  2.00 s   2.00 s  16 kHz mono

home: clips of Home
  speaker             happy  sad  all
  home_0 and 1 alike      3    3    6
  all                     6    6   12

radio: clips of Radio
  speaker              happy  sad  all
  radio_0 and 9 alike      3    3    6
  all                     30   30   60

nothing is wrong"""
    )


def test_long_list_says_how_much_is_hidden() -> None:
    silent = [examined(f"home/{number:02}.wav", peak=0.0) for number in range(41)]
    lines = report(survey(corpus(*silent))).splitlines()
    assert "  home: silent: no sample is louder than -70 dBFS (41)" in lines
    assert "      home/09.wav  digital silence" in lines
    assert "      and 31 more" in lines
    assert not any("home/10.wav" in line for line in lines)


def test_faults_stand_before_warnings_before_notes() -> None:
    reason = "boredom, which is no label here"
    bored = PassedOver(file="home/bored.wav", cause="by design", reason=reason)
    told = report(
        survey(
            corpus(
                examined("home/a.wav", trouble="lost sync"),
                examined("home/b.wav", clipped_share=0.25),
                passed_over=(bored,),
            )
        )
    )
    words = ["FAULTS", "home/a.wav  lost sync", "WARNINGS", "home/b.wav  25.0%", "NOTES", "bored"]
    places = [told.index(word) for word in words]
    assert places == sorted(places)
    assert told.endswith("1 fault, 2 warnings, 1 note")


def test_copies_stand_in_one_line() -> None:
    copies = [
        examined(f"home/{n}.wav", content="x", emotion=e) for n, e in enumerate(("sad", "angry"))
    ]
    assert "home/0.wav = home/1.wav  angry and sad" in report(survey(corpus(*copies)))


@pytest.mark.parametrize(
    ("formats", "words"),
    [
        ([(48000, 1)], "48 kHz mono"),
        ([(22050, 2), (22050, 2)], "22.05 kHz stereo"),
        ([(16000, 1), (16000, 1), (44100, 6)], "16 kHz mono (2), 44.1 kHz 6 channels (1)"),
    ],
)
def test_formats_in_words(formats: list[tuple[int, int]], words: str) -> None:
    items = [
        examined(f"{n}", sample_rate_hz=rate_hz, n_channels=n_channels)
        for n, (rate_hz, n_channels) in enumerate(formats)
    ]
    assert report(survey(corpus(*items))).splitlines()[1].endswith(f"  {words}")


def test_who_lacks_most_stands_first_and_many_speakers_are_cut() -> None:
    items = [
        examined(f"{speaker}{number}", speaker=f"s{speaker:02}", emotion="happy")
        for speaker in range(20)
        for number in range(speaker + 1)
    ]
    told = report(survey(corpus(*items, examined("x", speaker="s07"), emotions=("happy", "sad"))))
    rows = told[told.index("clips of") :].splitlines()
    assert rows[2].split() == ["s00", "1", "-", "1"]
    assert rows[14] == "  and 8 more"
    assert rows[15].split() == ["all", "210", "1", "211"]


def test_corpus_that_cannot_be_decoded_at_all_has_no_durations() -> None:
    row = report(survey(corpus(examined("a.wav", trouble="lost sync")))).splitlines()[1]
    assert row.split() == ["home", "1", "1", "-", "-", "-", "-"]
