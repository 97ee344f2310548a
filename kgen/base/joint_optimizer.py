"""Several players' optimizers as the one optimizer that Keras knows about."""

from collections import UserList

import keras

from kgen.core.replicas import unscaled


class JointOptimizer(keras.optimizers.Optimizer):
    """What Keras and its callbacks see as the optimizer of a model with players.

    Learning rates, averages of weights, counts and files work as for one optimizer. The
    players' own optimizers take the steps.

    Args:
        parts: pairs of a `Player` and its optimizer.

    Attributes:
        optimizers: the players' optimizers, without loss scaling around them, as in a
            `keras.optimizers.MultiOptimizer`: callbacks treat them one by one.
        evaluated: batches since an evaluation began.
    """

    def __init__(self, parts):
        super().__init__(learning_rate=0.0, name="players")
        # Not lists: the model has the optimizers, and Keras would save them twice.
        self.parts = UserList(parts)
        self.optimizers = UserList(unscaled(optimizer) for _, optimizer in self.parts)
        self.evaluated = self.add_variable(
            (), dtype="int", aggregation="only_first_replica", name="evaluated"
        )

    def build(self, variables):
        """Create the variables of all optimizers; every player knows its weights."""
        for player, optimizer in self.parts:
            if not optimizer.built:
                optimizer.build(player.variables)
        self.built = True

    @property
    def variables(self):
        return super().variables + [v for _, o in self.parts for v in o.variables]

    @property
    def learning_rate(self):
        """The learning rate of the first optimizer; setting it sets it for all."""
        return self.optimizers[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        for optimizer in self.optimizers:
            optimizer.learning_rate = value

    def finalize_variable_values(self, var_list):
        """Replace weights by their averages, where an optimizer has any."""
        for player, optimizer in self.parts:
            optimizer.finalize_variable_values(player.variables)

    def save_own_variables(self, store):
        for name in _COUNTS:
            store[name] = getattr(self, name).numpy()

    def load_own_variables(self, store):
        for name in _COUNTS:
            if name in store.keys():  # noqa: SIM118 (old files have none)
                getattr(self, name).assign(store[name])


_COUNTS = ("iterations", "evaluated")


def steps_taken(optimizer):
    """Batches that an optimizer has seen.

    If it accumulates gradients, its `iterations` counts updates, which are fewer.
    """
    return next(v for v in unscaled(optimizer).variables if v.name == "iteration")
