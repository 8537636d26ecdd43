"""Days at home as the log tells them: talk, a loud television, and somebody who needs help."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from edge.decide.alerts import AlertRule
from edge.decide.feedback import Call, FeedbackExport, Judgement, Stretch

BERLIN = ZoneInfo("Europe/Berlin")
RULE = AlertRule(name="distress")
QUIET = {"calm": 0.7, "sad": 0.2, "neutral": 0.1}


class Diary:
    """Grows by what happens; each happening is judged by whoever was there, if they care to."""

    def __init__(self, *, rules: tuple[AlertRule, ...] = (RULE,)) -> None:
        self.rules = rules
        self.stretches: list[Stretch] = []
        self.calls: list[Call] = []
        self.judgements: list[Judgement] = []

    def hear(self, at: datetime, probabilities: dict[str, float], *, seconds: float) -> None:
        state = max(probabilities, key=probabilities.__getitem__) if probabilities else "no_speech"
        self.stretches.append(
            Stretch(
                time=at.isoformat(),
                duration_s=seconds,
                state=state,
                probabilities=probabilities,
            )
        )

    def distress(self, at: datetime, share: float, *, seconds: float = 15.0) -> None:
        """Hear distress after a minute of talk, and silence afterwards."""
        self.hear(at - timedelta(seconds=60), QUIET, seconds=60)
        self.hear(at, {"sad": share, "calm": 1 - share}, seconds=seconds)
        self.hear(at + timedelta(seconds=seconds), {}, seconds=120)

    def judge(self, at: datetime, verdict: str, *, alarm: bool, truth: str | None = None) -> None:
        name = f"alarm {len(self.calls)}" if alarm else None
        if name:
            time = (at + timedelta(seconds=8)).isoformat()
            self.calls.append(Call(alarm=name, rule=self.rules[0].name, time=time))
        time = (at + timedelta(seconds=30)).isoformat()
        self.judgements.append(
            Judgement(time=time, verdict=verdict, truth=truth, alarm=name)  # type: ignore[arg-type]
        )

    def export(self) -> FeedbackExport:
        return FeedbackExport(
            created="2026-11-26T12:00:00+01:00",
            rules=self.rules,
            stretches=tuple(self.stretches),
            calls=tuple(self.calls),
            judgements=tuple(self.judgements),
        )


def noon(day: int) -> datetime:
    """Return noon of a day in November, in Berlin."""
    return datetime(2026, 11, 1, 12, tzinfo=BERLIN) + timedelta(days=day)


def television(*, days: int = 10) -> Diary:
    """Twice a day a television that sounds like distress; every day somebody who is in it."""
    diary = Diary()
    for day in range(days):
        for hour in (0, 1):
            at = noon(day) + timedelta(hours=hour)
            diary.distress(at, 0.65)
            diary.judge(at, "wrong", alarm=True)
        at = noon(day) + timedelta(hours=4)
        diary.distress(at, 0.92)
        diary.judge(at, "right", alarm=True)
    return diary
