"""What a record means: one ranked root cause, with its symptoms folded under it. Never imports torch."""

from neurologist.diagnose.by_heart import ByHeart
from neurologist.diagnose.diagnosis import Bar, Diagnosis, History, NotMeasured, Summary, Track, Waterfall
from neurologist.diagnose.engine import examine, rules
from neurologist.diagnose.finding import Evidence, Finding, Origin, Rival, Symptom
from neurologist.diagnose.rule import Rule, Stage
from neurologist.diagnose.trials import Arm, Course, Trials

__all__ = [
    "Arm",
    "Bar",
    "ByHeart",
    "Course",
    "Diagnosis",
    "Evidence",
    "Finding",
    "History",
    "NotMeasured",
    "Origin",
    "Rival",
    "Rule",
    "Stage",
    "Summary",
    "Symptom",
    "Track",
    "Trials",
    "Waterfall",
    "examine",
    "rules",
]
