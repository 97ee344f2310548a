"""Models whose density is bounded from below."""
