"""TorchRL, with its collector and its loss: python examples/torchrl_ppo.py [STEPS]"""

import sys

import torch
from tensordict.nn import NormalParamExtractor, TensorDictModule
from torchrl.collectors import Collector
from torchrl.envs import GymEnv, RewardSum, TransformedEnv
from torchrl.modules import MLP, IndependentNormal, ProbabilisticActor, ValueOperator
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
torch.manual_seed(0)
base = GymEnv("juguo_envs:juguo/ExperimentDiffusion-v0", scenario="poor").auto_register_info_dict()
env = TransformedEnv(base, RewardSum())
n, k = env.observation_spec["observation"].shape[-1], env.action_spec.shape[-1]
net = torch.nn.Sequential(MLP(n, 2 * k, num_cells=[64, 64]), NormalParamExtractor())
actor = ProbabilisticActor(
    TensorDictModule(net, ["observation"], ["loc", "scale"]),
    in_keys=["loc", "scale"],
    distribution_class=IndependentNormal,  # the environment clips
    return_log_prob=True,
)
critic = ValueOperator(MLP(n, 1, num_cells=[64, 64]))
advantage, loss = GAE(gamma=0.99, lmbda=0.95, value_network=critic), ClipPPOLoss(actor, critic)
optimiser = torch.optim.Adam(loss.parameters(), lr=1e-3)
total = max(steps // 960, 1) * 960
for data in Collector(
    env, actor, frames_per_batch=960, total_frames=total, auto_register_policy_transforms=True
):
    for _ in range(4):
        advantage(data)
        for rows in torch.randperm(960).split(240):
            optimiser.zero_grad()
            loss(data.reshape(-1)[rows]).sum(reduce=True).backward()
            optimiser.step()
    end = data["next"][data["next", "done"].squeeze(-1)]
    print(f"return {end['episode_reward'].mean():.3f}, excluded at the end {end['cost'].mean():.1%}")
