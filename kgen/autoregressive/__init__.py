"""Models whose density is a product of conditionals."""
