"""Messages about files and backups."""


def other_backup(path: object, what: str) -> ValueError:
    return ValueError(
        f"{path} is the backup of a fit with other {what}. Pass the same "
        "hyper-parameters and data to resume that fit, or another backup_dir for a new "
        "one."
    )


def other_pass(path: object) -> str:
    return (
        f"The dataset's mean, spread or range is not what it was when {path} was "
        "written. The fit goes on: that is right for a dataset that augments its "
        "examples at random. For other data pass another backup_dir."
    )


def busy_backup(folder: object) -> RuntimeError:
    return RuntimeError(
        f"backup_dir={str(folder)!r} is in use by another fit, here or in another "
        "process. Give every fit a folder of its own."
    )


def unreadable(path: object, problem: object) -> ValueError:
    return ValueError(
        f"{str(path)!r} is not a file that kgen can load: {problem}. kgen.load reads "
        "what an estimator's `save` wrote."
    )


def no_copy(path: object, folder: str, problem: OSError) -> OSError:
    return OSError(
        problem.errno,
        f"{str(path)!r} could not be copied to the temporary folder {folder!r}: "
        f"{problem.strerror or problem}. Make room there, or set the environment "
        "variable TMPDIR to another folder",
    )


def not_written(path: object, problem: OSError) -> OSError:
    text = (
        f"{str(path)!r} could not be written: {problem.strerror or problem}. What was "
        "there before is unchanged."
    )
    return OSError(problem.errno, text) if problem.errno else OSError(text)


def unloadable(
    what: str, problem: object = "its class is not registered"
) -> ValueError:
    return ValueError(
        f"{what} could be written to a file, but not be loaded again: {problem}. "
        "Register classes and functions of your own first, with "
        "@keras.saving.register_keras_serializable() or @kgen.base.register, and in "
        "the process that loads the file, too; lambdas need a name. The estimator and "
        "any file that was there before are unchanged."
    )


def too_large(size: int, limit: int) -> ValueError:
    return ValueError(
        f"The estimator's own facts (labels, history, hyper-parameters) make {size} "
        f"bytes of JSON, and files hold {limit}. Number your labels 0, 1, 2 ... if "
        "they are long."
    )


def unregistered(owner: str) -> ValueError:
    return ValueError(
        f"{owner} is not among kgen.estimators, so kgen.load could not find it. "
        f"Register the class first: kgen.base.estimator({owner}). "
        "The estimator itself is unchanged."
    )


def unwritable(name: str, value: object) -> ValueError:
    return ValueError(
        f"`{name}`={value!r} cannot be written to a file without pickle. Give it a "
        "name first: an Architecture by kgen.networks.architectures.register('name'), "
        "a Keras object by keras.saving.register_keras_serializable. The estimator "
        "and any file that was there before are unchanged."
    )
