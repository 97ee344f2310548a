"""What heads for integers have in common: the range in which networks see them."""

from kgen.heads._base import Head


class LevelHead(Head):
    """Base of the heads over {0, ..., levels - 1}, which a network sees in [-1, 1]."""

    levels: int

    def embed(self, x):
        return x * (2.0 / (self.levels - 1)) - 1.0

    def features(self, x):
        # What is off, as most of a drawing is, adds nothing then.
        return x * (1.0 / (self.levels - 1))

    def of_channel(self, index):
        return self

    def adapt(self, summary):
        return self
