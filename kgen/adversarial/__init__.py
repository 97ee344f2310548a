"""Models that draw samples but have no density."""
