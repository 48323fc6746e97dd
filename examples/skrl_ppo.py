"""skrl, on the native vector environment: python examples/skrl_ppo.py [STEPS]"""

import sys

import gymnasium as gym
from skrl.agents.torch.ppo import PPO, PPO_CFG
from skrl.envs.wrappers.torch import wrap_env
from skrl.memories.torch import RandomMemory
from skrl.trainers.torch import SequentialTrainer
from skrl.utils import set_seed
from skrl.utils.model_instantiators.torch import deterministic_model, gaussian_model

steps, societies = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000, 16
set_seed(0)
name = "juguo_envs:juguo/ExperimentDiffusion-v0"
env = wrap_env(gym.make_vec(name, societies, "vector_entry_point", scenario="poor"))
spaces = {"observation_space": env.observation_space, "action_space": env.action_space, "device": env.device}
network = [{"name": "net", "input": "OBSERVATIONS", "layers": [64, 64], "activations": "tanh"}]
models = {
    "policy": gaussian_model(**spaces, network=network, output="ACTIONS", clip_actions=False),
    "value": deterministic_model(**spaces, network=network, output="ONE"),
}
for role, model in models.items():
    model.init_state_dict(role=role)
memory = RandomMemory(memory_size=60, num_envs=societies, device=env.device)
config = PPO_CFG(rollouts=60, learning_epochs=4, mini_batches=4, learning_rate=1e-3, entropy_loss_scale=3e-3)
config.experiment.write_interval = config.experiment.checkpoint_interval = 0
learner = PPO(models=models, memory=memory, cfg=config, **spaces)
quarters = {"timesteps": max(steps // societies, 60), "headless": True, "disable_progressbar": True}
SequentialTrainer(env=env, agents=learner, cfg=quarters).train()

observation, _ = env.reset()
total = 0.0
for _ in range(60):
    _, told = models["policy"].act({"observations": observation}, role="policy")
    observation, reward, *_ = env.step(told["mean_actions"].detach())
    total += reward.mean().item()
print(f"return {total:.3f}")
