"""Error messages. The checks are elsewhere.

Every message names the argument, says what was passed, what is allowed and, where it
helps, what to do.
"""

from kgen.core.messages.compression import *  # noqa: F403
from kgen.core.messages.data import *  # noqa: F403
from kgen.core.messages.datasets import *  # noqa: F403
from kgen.core.messages.densities import *  # noqa: F403
from kgen.core.messages.files import *  # noqa: F403
from kgen.core.messages.imputation import *  # noqa: F403
from kgen.core.messages.labels import *  # noqa: F403
from kgen.core.messages.latent import *  # noqa: F403
from kgen.core.messages.metrics import *  # noqa: F403
from kgen.core.messages.networks import *  # noqa: F403
from kgen.core.messages.outliers import *  # noqa: F403
from kgen.core.messages.plots import *  # noqa: F403
from kgen.core.messages.training import *  # noqa: F403
from kgen.core.messages.tuning import *  # noqa: F403
