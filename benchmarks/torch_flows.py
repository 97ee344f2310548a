"""The flows of `flows.py` in zuko and normflows, for PyTorch; `flows.py` runs this.

    python torch_flows.py zuko train_realnvp 2     # or normflows; task; threads

Prints lines: the task, what is measured, and examples per second, by the same clock as
`flows.py`: the wall clock, or the CPU time of this process if there is one thread.
"""

import sys
import time

import torch

LIBRARY, TASK, THREADS = sys.argv[1], sys.argv[2], int(sys.argv[3])
clock = time.process_time if THREADS == 1 else time.perf_counter
FEATURES, HIDDEN, BATCH = 64, (128, 128), 256


def zuko_flow():
    """The same networks as in `flows.py`."""
    import zuko
    from zuko.transforms import MonotonicRQSTransform

    if TASK == "sample_maf":
        return zuko.flows.MAF(FEATURES, transforms=5, hidden_features=HIDDEN)
    options = {"hidden_features": HIDDEN}
    if TASK == "train_nsf":
        shapes = [(8,), (8,), (7,)]
        options |= {"transforms": 3, "univariate": MonotonicRQSTransform}
        options |= {"shapes": shapes}
    else:
        options |= {"transforms": 8}
    return zuko.flows.NICE(FEATURES, **options)


def normflows_flow():
    """RealNVP of the same size."""
    import normflows as nf

    flows = []
    for _ in range(8):
        network = nf.nets.MLP([FEATURES // 2, *HIDDEN, FEATURES], init_zeros=True)
        flows += [
            nf.flows.AffineCouplingBlock(network),
            nf.flows.Permute(FEATURES, mode="swap"),
        ]
    base = nf.distributions.base.DiagGaussian(FEATURES, trainable=False)
    return nf.NormalizingFlow(base, flows)


def weights(flow):
    """Number of trainable weights; masked ones count."""
    return sum(part.numel() for part in flow.parameters() if part.requires_grad)


def train(flow, loss_of):
    """Examples per second of a plain loop, by epochs after the first."""
    x = torch.randn(50 * BATCH, FEATURES)
    adam = torch.optim.Adam(flow.parameters(), 1e-3)
    seconds = []
    for _ in range(4):
        start = clock()
        for index in torch.randperm(len(x)).split(BATCH):
            loss = loss_of(x[index])
            adam.zero_grad()
            loss.backward()
            adam.step()
        seconds.append(clock() - start)
    return len(x) / sorted(seconds[1:])[1]


def sample(flow, n, times):
    """Samples per second, the median."""
    seconds = []
    with torch.no_grad():
        for _ in range(times + 1):
            start = clock()
            flow().sample((n,))
            seconds.append(clock() - start)
    return n / sorted(seconds[1:])[times // 2]


def main():
    """Measure, print."""
    torch.manual_seed(0)
    torch.set_num_threads(THREADS)
    if LIBRARY == "zuko":
        flow = zuko_flow()
    else:
        flow = normflows_flow()
    print(TASK, "weights", weights(flow))
    if TASK == "sample_maf":
        for n in (100, 1000):
            print(TASK, n, sample(flow, n, 5))
    elif LIBRARY == "zuko":
        print(TASK, "train", train(flow, lambda x: -flow().log_prob(x).mean()))
    else:
        print(TASK, "train", train(flow, flow.forward_kld))


main()
