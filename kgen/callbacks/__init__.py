"""Watch training by its samples: pictures, metrics in the logs, mode collapse."""

from kgen.callbacks.collapse_monitor import CollapseMonitor
from kgen.callbacks.sample_grid import SampleGrid
from kgen.callbacks.sample_metric import SampleMetric

__all__ = ["CollapseMonitor", "SampleGrid", "SampleMetric"]
