"""A world of the data's own: its persons, communities and ties, and the hazards fitted to it."""

from __future__ import annotations

import numpy as np

from juguo_agents.calibration.data import Diffusion
from juguo_agents.calibration.results import MODELS, Calibration
from juguo_envs.documents import dump_yaml
from juguo_envs.worlds.scenario import STEPS_A_YEAR, Scenario

CAPABILITY = 0.37
"""Mean capability of every community: that of the default world, for the data tell nothing of it."""
USABLE = {"alpha_k": 0.0, "alpha_s": 0.0, "d0": -10.0}
"""Theta and acceptance are 1: p and q were measured on a technology that people could use."""


def check_world(diffusion: Diffusion, name: str) -> None:
    """Find out before the work whether the data make a world.

    Raises:
        ScenarioError: If they do not fit into a scenario.
    """
    Scenario.parse(_fields(diffusion, name, 0.1, 0.1), f"scenario {name}")


def scenario_file(found: Calibration) -> str:
    """The scenario as YAML, under a comment that says what is measured and what is assumed."""
    return _header(found) + dump_yaml(_fields(found.diffusion, found.name, found.p, found.q))


def mutual_ties(diffusion: Diffusion) -> list[list[int]]:
    """Ties without direction between persons as a scenario counts them: by community, then as in the file."""
    place = np.empty(len(diffusion), "i8")
    place[np.argsort(diffusion.community, kind="stable")] = np.arange(len(diffusion))
    ends = np.sort(np.c_[place[diffusion.ego], place[diffusion.alter]], axis=1)
    ties: list[list[int]] = np.unique(ends, axis=0).tolist()
    return ties


def _fields(diffusion: Diffusion, name: str, p: float, q: float) -> dict[str, object]:
    sizes = np.bincount(diffusion.community, minlength=len(diffusion.places)).tolist()
    return {
        "name": name,
        "description": (
            f"{len(diffusion):,} persons and their own ties, with the hazards of adoption fitted to "
            f"{diffusion.periods} {diffusion.step}s of data. One step is one {diffusion.step} of the data."
        ),
        "step": diffusion.step if diffusion.step in STEPS_A_YEAR else "quarter",
        "society": {
            "persons": len(diffusion),
            "communities": [
                {"name": name, "population": size, "producers": size, "capability": CAPABILITY}
                for name, size in zip(diffusion.places, sizes, strict=True)
            ],
            "network": "listed",
            "ties": mutual_ties(diffusion),
        },
        "adoption": {"p": round(p, 8), "q": round(q, 8), **USABLE},
    }


def _header(found: Calibration) -> str:
    d, used, own = found.diffusion, found.model, found.best_world
    return _HEADER.format(
        persons=len(d),
        periods=d.periods,
        step=d.step,
        length=_KNOWN.format(step=d.step) if d.step in STEPS_A_YEAR else _UNKNOWN,
        first=f", of which {d.start} is the first" if d.start else "",
        named=len(d.ego),
        ties=len(mutual_ties(d)),
        model=MODELS[found.chosen],
        q=found.q,
        fitted=used.log_likelihood,
        here=found.as_world,
        own=own.log_likelihood,
        own_p=own.coefficients.p,
        own_q=own.coefficients.q_peers,
        capability=CAPABILITY,
        **used.coefficients._asdict(),
    )


_KNOWN = "One step is one {step} of the data (step)."
_UNKNOWN = """One step is one period of the data. They do not tell how long that is, and texts call it
#                a quarter: give juguo calibrate --step, or set step below."""
_HEADER = """\
# A world made from data: who lives where, who named whom, and the hazards of adopting that fit what the
# persons of the data did.
#
# Measured, on {persons:,} persons over {periods} {step}s{first}
#   persons      Counted from 0 in the order of the communities, then in that of the file of persons.
#   ties         {named:,} pairs of who named whom become {ties:,} ties without direction. In the data the
#                peers of a person are those whom the person named; in the model both ends of a tie are peers.
#   p, q         Hazards per {step}, by maximum likelihood of the model's own step of adoption, fitted with
#                {model} (--model):
#                    p = {p:.6f}
#                    q = q_peers + q_community = {q_peers:.6f} + {q_community:.6f} = {q:.6f}
#                The model has no term for the community: in this world all of q goes by the adopting share of
#                the persons one is tied to. Log-likelihood of the data under
#                    the step that was fitted                               {fitted:.2f}
#                    the step of this world, with these p and q             {here:.2f}
#                    the step of this world, with p and q of its best fit   {own:.2f}
#                The best fit of its own has override.adoption.p={own_p:.6f} override.adoption.q={own_q:.6f}.
#
# Chosen to go with it
#   a step       {length}
#                Budget, decay and shocks are then per {step}, too. For steps n times shorter, divide p and
#                q by n.
#   alpha_k, alpha_s, d0
#                Theta and acceptance are 1, since p and q were measured on a technology that people could
#                use: where nothing is paid for and everybody may adopt (in application), persons adopt by the
#                hazards above. Know-how, environment, trust and fit do not gate adoption. What money and
#                decisions change: guidance raises p; trials; when a stage ends; whether a defect is seen,
#                repaired or given up; who loses the ability to take part. With alpha_k, alpha_s and d0 of the
#                default world the gates are back, and the hazards above are an upper limit.
#
# Assumed
#   producers    In proportion to persons; they are the first of each community. There are no hubs.
#   capability   Mean {capability} everywhere, the mean of the default world.
#   all else     As in the default world: budget, defects, shocks, 60 steps. Nothing of it is fitted.
"""
