"""Headings of the API pages of estimators, and what goes below each."""

FAMILIES = {
    "autoregressive": "Autoregressive models",
    "flows": "Normalizing flows",
    "variational": "Variational models",
    "adversarial": "Adversarial models",
}
MODEL = "The model"
GROUPS = {
    MODEL: (),  # whatever is in none of the others
    "Output distribution": ("head", "scale"),
    "Labels and conditions": ("conditional", "conditioning"),
    "The game": (
        *("objective", "discriminator_steps", "discriminator_learning_rate"),
        *("spectral_normalisation", "simultaneous", "instance_noise", "noise_steps"),
        *("augmentation", "gradient_norms"),
    ),
    "Growing images": ("progressive", "growth_steps"),
    "Training": (
        *("epochs", "batch_size", "learning_rate", "weight_decay", "optimizer"),
        *("ema_momentum", "warm_start"),
    ),
    "Computing": ("precision", "jit_compile", "random_state", "verbose"),
}
METHODS = {
    "Fit and continue": ("fit", "fit_transform"),
    "Density": (
        *("log_prob", "bits_per_dim", "score_samples", "score"),
        "completion_log_prob",
    ),
    "Sample and complete": ("sample", "complete"),
    "Codes": (
        *("encode", "decode", "reconstruct", "transform", "inverse_transform"),
        "active_units",
    ),
    "Labels": ("predict", "predict_proba"),
    "Save and load": ("save",),
    "Search for hyper-parameters": ("search_space",),
}
# What a fit sets, except where a page of the guide describes it.
ATTRIBUTES = {
    "model_": "the Keras model",
    "history_": "a dict of lists, with one number per epoch",
    "head_": "the [head](heads.md), as an object",
    "levels_": "how many values a scalar can take; None for real numbers",
    "prior_": "the density of the codes, an estimator; None if `prior` is None",
    "range_": "smallest and largest possible integer; None for real numbers",
    "low_": "smallest value of every feature, or of all pixels",
    "high_": "largest value of every feature, or of all pixels",
    "loc_": "mean of the training data, by feature",
    "unit_": "standard deviation of the training data, by feature",
    "growth_steps_": "training steps of a phase, if `progressive`",
    "event_shape_": "shape of one example",
    "dtype_": "dtype of the training data and of samples",
    "discrete_": "whether samples are rounded to integers",
    "classes_": "the labels, sorted; None for condition vectors",
    "class_prior_": "frequencies of the labels; None for condition vectors",
    "condition_dim_": "length of the condition vectors; 0 if there are none",
    "n_features_in_": "number of features, if fitted on a table",
    "feature_names_in_": "names of the columns, if fitted on a DataFrame",
    "columns_": "names and dtypes of the columns, which samples also have",
    "seed_": "the seed that `random_state` gave",
    "policy_": "name of the Keras dtype policy",
}
OF_TABLES = {"n_features_in_", "feature_names_in_", "columns_"}
NOT_SHOWN = {"build_model", "params_", "conditions_"}
OPTIONS = """\
      heading_level: 3
      show_root_full_path: false"""
INTERFACE = (
    "`get_params`, `set_params` and `sklearn.base.clone` work as in "
    "scikit-learn{more}. {name} can be a step of a `Pipeline`, and `GridSearchCV` can "
    "search over its parameters."
)
