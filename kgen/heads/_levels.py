"""What heads for integers have in common: their range as a network likes it."""

from kgen.heads._base import Head


class LevelHead(Head):
    """A head over {0, ..., levels - 1}, which a network sees as [-1, 1]."""

    levels: int

    def embed(self, x):
        return x * (2.0 / (self.levels - 1)) - 1.0

    def features(self, x):
        # What is off, as most of a drawing is, adds nothing then.
        return x * (1.0 / (self.levels - 1))
