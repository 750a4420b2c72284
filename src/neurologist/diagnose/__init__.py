"""What a record means: one ranked root cause, with its symptoms folded under it. Never imports torch."""

from neurologist.diagnose.by_heart import ByHeart
from neurologist.diagnose.diagnosis import Bar, Diagnosis, NotMeasured, Summary, Waterfall
from neurologist.diagnose.engine import examine, rules
from neurologist.diagnose.finding import Evidence, Finding, Origin, Rival, Symptom
from neurologist.diagnose.rule import Rule, Stage

__all__ = [
    "Bar",
    "ByHeart",
    "Diagnosis",
    "Evidence",
    "Finding",
    "NotMeasured",
    "Origin",
    "Rival",
    "Rule",
    "Stage",
    "Summary",
    "Symptom",
    "Waterfall",
    "examine",
    "rules",
]
