"""Base of the heads for integers: their range as network inputs."""

from kgen.heads._base import Head


class LevelHead(Head):
    """Base of the heads over {0, ..., levels - 1}; `embed` maps them to [-1, 1]."""

    levels: int

    def embed(self, x):
        return x * (2.0 / (self.levels - 1)) - 1.0

    def features(self, x):
        # Zeros, such as most pixels of a drawing, then contribute nothing.
        return x * (1.0 / (self.levels - 1))

    def of_channel(self, index):
        return self

    def adapt(self, summary):
        return self
