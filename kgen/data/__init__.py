"""From what users pass in to the batches that models train on."""
