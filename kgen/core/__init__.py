"""What everything in kgen stands on: configuration, registries, randomness, files."""
