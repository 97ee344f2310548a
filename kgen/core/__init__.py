"""The foundations of kgen: configuration, registries, randomness, files."""
