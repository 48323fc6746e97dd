"""What the code and the shipped claims state in English is there in Chinese: all of it, and nothing else."""

from __future__ import annotations

import re
from importlib import resources

from juguo_agents.allocators.base import Setting
from juguo_agents.allocators.hybrid import PARTS
from juguo_agents.allocators.levers import LEVERS
from juguo_agents.artifacts.place_weights import LOCALS
from juguo_agents.evaluation import effects
from juguo_agents.evaluation.importance import groups
from juguo_agents.evaluation.outcomes import OUTCOMES
from juguo_agents.report import texts
from juguo_agents.report.texts import speaking, translated
from juguo_agents.search.portfolio import OWN
from juguo_agents.studies import STUDIES
from juguo_agents.studies.ablation.analysis import CONTROL
from juguo_agents.studies.hypotheses.claims import SHIPPED, load_claims
from juguo_agents.studies.passive.study import PassiveSettings, arms
from juguo_agents.studies.value.analysis import CLOSED, KINDS, KNOWING, OPEN, UNEVALUATED
from juguo_envs.documents import load_mapping
from juguo_envs.model.state import FUNCTIONS
from juguo_envs.worlds.scenario import Scenario

CHINESE = load_mapping((resources.files(texts) / "translated" / "zh.yaml").read_text("utf-8"), "translated")
NAMES = {"theta", "phi0", "phi1", "mu", "chi", "kept", "div0", "passive"}
"""Of the model and of scenarios."""
_FIELDS = ("name", "claim", "statistic", "refuted_by", "built_in")


def stated() -> set[str]:
    """All that pages show of what is stated in English."""
    claims = load_claims(SHIPPED).claims
    words = {
        getattr(c, name) for c in claims for name in ("name", "claim", "statistic", "refuted_by", "built_in")
    }
    words |= {text for c in claims for part in (*c.parts, *c.also) for text in (part.name, part.says)}
    words |= {text for outcome in OUTCOMES.values() for text in (outcome.words, outcome.unit)}
    words |= {group.words for group in groups(Setting.of(Scenario()).layout)}
    words |= {
        *effects.REASONS.values(),
        *PARTS,
        *(kind.name for kind in KINDS),
        *(local.short for local in LOCALS),
    }
    words |= {text for lever in LEVERS.values() for text in (lever.name, lever.forced)}
    words |= {
        CLOSED,
        OPEN,
        KNOWING,
        UNEVALUATED,
        "feedback",
        "evaluation",
        "knowledge",
        CONTROL,
        "nothing",
        OWN,
    }
    words |= {arm.name for arm in arms(PassiveSettings())}
    words |= {entry.text for entry in STUDIES.values()}
    return words - {*FUNCTIONS, *(f"+ {function}" for function in FUNCTIONS)} | {"resilience"}


def test_all_that_is_stated_is_there_in_chinese_and_nothing_else() -> None:
    assert set(CHINESE) == stated()


def test_numbers_and_names_agree() -> None:
    for text, chinese in CHINESE.items():
        assert numbers(text) == numbers(chinese), text
        names = set(re.findall(r"[A-Za-z]\w*", re.sub(r"\{step\}", "", chinese)))
        assert names <= NAMES & set(re.findall(r"\w+", text)), text


def numbers(text: str) -> set[float]:
    return {float(number) for number in re.findall(r"(?<![a-z])\d*\.?\d+", text)}


def test_what_is_ones_own_stays_as_it_is() -> None:
    with speaking("zh", "year"):
        assert translated("quarters left") == "剩余的时间（年）"
        assert translated("A claim of my own.") == "A claim of my own."
    assert translated("quarters left") == "quarters left"
