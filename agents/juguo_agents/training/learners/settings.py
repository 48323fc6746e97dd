"""What can be set of each learner. Nothing here needs torch."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from juguo_envs.validation import Strict

_LARGEST_BUFFER = 5_000_000
_ABANDON = "mean of the latent action abandon, before it is squashed, when training begins"


class LearnerSettings(Strict):
    """What all learners have.

    `envs` societies are stepped together; between two updates each of them lives `quarters_per_update`.
    """

    envs: int = Field(32, ge=1, le=65536, description="societies stepped together")
    learning_rate: float = Field(1e-3, gt=0, le=1)
    anneal: bool = Field(True, description="let the learning rate fall to zero")
    gamma: float = Field(0.99, gt=0, le=1)
    net: tuple[int, ...] = Field((64, 64), min_length=1, max_length=8, description="units per hidden layer")

    @property
    def quarters_per_update(self) -> int:
        """Quarters that every society lives between two updates."""
        raise NotImplementedError

    @property
    def rollout(self) -> int:
        """Environment steps between two updates: a training takes whole multiples of it."""
        return self.envs * self.quarters_per_update

    @model_validator(mode="after")
    def _layers(self) -> Self:
        if min(self.net) < 1 or max(self.net) > 4096:
            raise ValueError(f"net is {list(self.net)}; allowed are 1 to 4096 units per layer")
        return self


class _OnPolicy(LearnerSettings):
    n_steps: int = Field(60, ge=1, le=100_000, description="quarters of each per update")
    batch_size: int = Field(480, ge=2, le=10_000_000)
    n_epochs: int = Field(4, ge=1, le=1000)
    gae_lambda: float = Field(0.95, ge=0, le=1)
    clip_range: float = Field(0.2, gt=0, le=10)
    ent_coef: float = Field(0.003, ge=0, le=10)
    vf_coef: float = Field(0.5, ge=0, le=10)
    max_grad_norm: float = Field(0.5, gt=0, le=1e6)
    log_std_init: float = Field(
        0.0, ge=-10, le=5, description="logarithm of the noise's spread; with use_sde, of its weights'"
    )
    use_sde: bool = Field(
        False,
        description="state-dependent exploration: between two updates a society's noise is a fixed linear "
        "function of the last hidden layer, not drawn anew each quarter",
    )
    abandon_init: float = Field(
        -2.0,
        ge=-10,
        le=10,
        description="mean of the latent action abandon before training; at 0 a coin is tossed each quarter",
    )
    paired: int = Field(
        8,
        ge=1,
        le=65536,
        description="societies that live the same episodes; each is rewarded with what it brings beyond the "
        "mean of the others; 1: with what it brings",
    )

    @property
    def quarters_per_update(self) -> int:
        """As many as a rollout is long."""
        return self.n_steps

    @model_validator(mode="after")
    def _whole_batches(self) -> Self:
        if self.batch_size > self.rollout:
            raise ValueError(f"batch_size is {self.batch_size}, more than envs * n_steps = {self.rollout}")
        return self

    @model_validator(mode="after")
    def _whole_groups(self) -> Self:
        if self.envs % self.paired:
            raise ValueError(
                f"paired is {self.paired}, which does not divide envs = {self.envs}; allowed are divisors, "
                "and 1 for none"
            )
        return self


class Ppo(_OnPolicy):
    """Proximal policy optimisation (Schulman et al. 2017), as stable-baselines3 has it."""

    network: Literal["flat", "communities"] = Field(
        "flat",
        description="flat: every entry of an observation has weights of its own; communities: all "
        "communities share theirs, so that the policy acts in a world of any number of them",
    )
    net: tuple[int, ...] = Field((128, 128), min_length=1, max_length=8, description="units per hidden layer")

    critic: Literal["own", "group"] = Field(
        "own",
        description="what the critic sees: own, what the policy sees; group, besides that how the society "
        "differs from the others that live the same episode",
    )

    @model_validator(mode="after")
    def _of_a_group(self) -> Self:
        if self.critic == "group" and (self.paired == 1 or self.network != "flat"):
            raise ValueError(
                f"critic is group, paired is {self.paired} and network is {self.network}; allowed are "
                "paired=2 or more and network=flat, or critic=own"
            )
        return self

    @model_validator(mode="after")
    def _one_noise(self) -> Self:
        if self.use_sde and self.network == "communities":
            raise ValueError(
                "use_sde is true and network is communities; allowed is use_sde=false, or network=flat"
            )
        return self


class RecurrentPpo(_OnPolicy):
    """PPO whose actor and critic each remember by an LSTM, as sb3-contrib has it.

    Defaults: configs/learners.
    """

    learning_rate: float = Field(4.5e-3, gt=0, le=1)
    gamma: float = Field(0.98, gt=0, le=1)
    lstm: int = Field(
        32, ge=1, le=4096, description="units of the LSTM, of the actor's and the critic's each"
    )
    net: tuple[int, ...] = Field(
        (64, 64), min_length=1, max_length=8, description="units per hidden layer after the LSTM"
    )


class _OffPolicy(LearnerSettings):
    envs: int = Field(16, ge=1, le=65536, description="societies stepped together")
    learning_rate: float = Field(3e-4, gt=0, le=1)
    anneal: bool = Field(False, description="let the learning rate fall to zero")
    train_freq: int = Field(1, ge=1, le=100_000, description="quarters of each per update")
    gradient_steps: int = Field(2, ge=1, le=100_000, description="gradient steps per update")
    learning_starts: int = Field(
        5_000, ge=0, le=10**9, description="environment steps with random actions before the first update"
    )
    buffer_size: int = Field(
        200_000,
        ge=1,
        le=_LARGEST_BUFFER,
        description="environment steps that are remembered; the checkpoints hold them, too",
    )
    batch_size: int = Field(256, ge=2, le=1_000_000)
    tau: float = Field(0.005, gt=0, le=1, description="how far the target follows at a gradient step")
    abandon_init: float = Field(-1.0, ge=-10, le=10, description=_ABANDON)

    @property
    def quarters_per_update(self) -> int:
        """As many as are stepped between two updates."""
        return self.train_freq

    @model_validator(mode="after")
    def _room(self) -> Self:
        if self.buffer_size < self.rollout:
            raise ValueError(
                f"buffer_size is {self.buffer_size}, less than envs * train_freq = {self.rollout}"
            )
        return self


class _Entropic(_OffPolicy):
    """What SAC and TQC share; the studies of both ended at the same of what they share."""

    learning_rate: float = Field(6.52e-4, gt=0, le=1)
    gamma: float = Field(0.95, gt=0, le=1)
    gradient_steps: int = Field(1, ge=1, le=100_000, description="gradient steps per update")
    batch_size: int = Field(128, ge=2, le=1_000_000)
    tau: float = Field(0.02, gt=0, le=1, description="how far the target follows at a gradient step")
    abandon_init: float = Field(0.0, ge=-10, le=10, description=_ABANDON)
    ent_coef: float | Literal["auto"] = Field(
        0.001, description="weight of the entropy, from 0 to 10; auto: it is learned"
    )

    @field_validator("ent_coef", mode="before")
    @classmethod
    def _weight(cls, value: Any) -> Any:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value != "auto" and not (number and 0.0 <= value <= 10.0):
            raise ValueError(f"ent_coef is {value!r}; allowed are auto and numbers from 0 to 10")
        return value


class Sac(_Entropic):
    """Soft actor-critic (Haarnoja et al. 2018), as stable-baselines3 has it. Defaults: configs/learners."""


class Td3(_OffPolicy):
    """Twin delayed deterministic policy gradient (Fujimoto et al. 2018), as stable-baselines3 has it.

    Defaults: configs/learners.
    """

    learning_rate: float = Field(4.5e-3, gt=0, le=1)
    gamma: float = Field(0.98, gt=0, le=1)
    gradient_steps: int = Field(4, ge=1, le=100_000, description="gradient steps per update")
    batch_size: int = Field(128, ge=2, le=1_000_000)
    tau: float = Field(0.002, gt=0, le=1, description="how far the target follows at a gradient step")
    abandon_init: float = Field(-2.0, ge=-10, le=10, description=_ABANDON)
    action_noise: float = Field(0.2, ge=0, le=2, description="standard deviation of what exploration adds")
    policy_delay: int = Field(
        4, ge=1, le=1000, description="gradient steps of the critics per one of the actor"
    )
    target_policy_noise: float = Field(0.1, ge=0, le=2)
    target_noise_clip: float = Field(0.5, ge=0, le=2)


class Tqc(_Entropic):
    """Truncated quantile critics (Kuznetsov et al. 2020), as sb3-contrib has it.

    Defaults: configs/learners.
    """

    n_quantiles: int = Field(25, ge=2, le=1000)
    n_critics: int = Field(2, ge=1, le=20)
    top_quantiles_to_drop: int = Field(2, ge=0, le=999, description="of each critic")

    @model_validator(mode="after")
    def _some_left(self) -> Self:
        if self.top_quantiles_to_drop >= self.n_quantiles:
            raise ValueError(
                f"top_quantiles_to_drop is {self.top_quantiles_to_drop}; allowed is less than n_quantiles = "
                f"{self.n_quantiles}"
            )
        return self


Algorithm = Literal["ppo", "recurrent_ppo", "sac", "td3", "tqc"]
"""A learner by name; the name is that of its section, too."""

SECTIONS: dict[Algorithm, type[LearnerSettings]] = {
    "ppo": Ppo,
    "recurrent_ppo": RecurrentPpo,
    "sac": Sac,
    "td3": Td3,
    "tqc": Tqc,
}

ON_POLICY: tuple[Algorithm, ...] = ("ppo", "recurrent_ppo")
"""Learners that forget a rollout once they have learned from it."""
