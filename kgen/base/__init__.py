"""The two bases: Keras models that sample, and scikit-learn estimators around them."""
