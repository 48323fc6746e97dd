"""TorchRL: the environment, its info and a collector; PPO's loss on whole episodes.

    python examples/torchrl_ppo.py [STEPS]
"""

import sys

import torch
from tensordict.nn import NormalParamExtractor, TensorDictModule
from torchrl.collectors import Collector
from torchrl.envs import GymEnv, RewardSum, TransformedEnv
from torchrl.modules import MLP, ProbabilisticActor, TanhNormal, ValueOperator
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
    distribution_class=TanhNormal,
    return_log_prob=True,
    spec=env.action_spec,
)
critic = ValueOperator(MLP(n, 1, num_cells=[64, 64]))
advantage, loss = GAE(gamma=0.99, lmbda=0.95, value_network=critic), ClipPPOLoss(actor, critic)
optimiser = torch.optim.Adam(loss.parameters(), lr=1e-3)
for data in Collector(env, actor, frames_per_batch=960, total_frames=max(steps // 960, 1) * 960):
    for _ in range(4):
        with torch.no_grad():
            advantage(data)
        for rows in torch.randperm(data.numel()).split(240):
            losses = loss(data.reshape(-1)[rows])
            optimiser.zero_grad()
            (losses["loss_objective"] + losses["loss_critic"] + losses["loss_entropy"]).backward()
            optimiser.step()
    done = data["next", "done"].squeeze(-1)
    print(f"return {data['next', 'episode_reward'][done].mean():.3f}  cost {data['next', 'cost'][done].mean():.3f}")
