"""What a record means: one ranked root cause, with its symptoms folded under it. Never imports torch."""

from neurologist.diagnose.aside import Aside, Remark
from neurologist.diagnose.by_heart import ByHeart
from neurologist.diagnose.diagnosis import Bar, Diagnosis, History, NotMeasured, Summary, Track, Waterfall
from neurologist.diagnose.engine import examine, rules
from neurologist.diagnose.finding import Evidence, Finding, Origin, Rival, Symptom
from neurologist.diagnose.rule import Rule, Stage
from neurologist.diagnose.settings import Settings
from neurologist.diagnose.trials import Arm, Course, Trials

__all__ = [
    "Arm",
    "Aside",
    "Bar",
    "ByHeart",
    "Course",
    "Diagnosis",
    "Evidence",
    "Finding",
    "History",
    "NotMeasured",
    "Origin",
    "Remark",
    "Rival",
    "Rule",
    "Settings",
    "Stage",
    "Summary",
    "Symptom",
    "Track",
    "Trials",
    "Waterfall",
    "examine",
    "rules",
]
