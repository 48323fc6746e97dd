"""Societies that live the same episode are rewarded with what they bring beyond the others of their group.

The draws of the model are counted, from an episode's seed alone: the same technologies, shocks and persons
come whoever decides. So the mean reward of the *other* societies in a group is a baseline that no critic
could give, for it knows the hidden draws. Since it does not depend on what a society's own policy did, the
expected gradient is that of the plain reward (leave-one-out, as in Kool, van Hoof and Welling 2019, there
for whole episodes).
"""

from __future__ import annotations

from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from juguo_agents.array_types import Singles


def leave_one_out(values: Singles, group: int) -> Singles:
    """(n, ...) each value minus the mean of the others in its run of `group`, which is at least 2."""
    runs = values.reshape(-1, group, *values.shape[1:])
    others = (runs.sum(1, keepdims=True) - runs) / (group - 1)
    difference: Singles = (runs - others).reshape(values.shape)
    return difference


class LeaveOneOut(VecEnvWrapper):
    """Rewards of equal runs of environments, which have the same episodes, made relative; else nothing."""

    def __init__(self, venv: VecEnv, group: int) -> None:
        """Take the environments, runs of `group` of which meet the same episodes."""
        super().__init__(venv)
        self.group = group

    def reset(self) -> VecEnvObs:
        """As it is."""
        return self.venv.reset()

    def step_wait(self) -> VecEnvStepReturn:
        """With relative rewards."""
        observation, reward, done, infos = self.venv.step_wait()
        return observation, leave_one_out(reward, self.group), done, infos
