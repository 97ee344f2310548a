"""The API page of every estimator has all that a reader can set, read and call."""

import re
from pathlib import Path

import pytest

import kgen

pytest.importorskip("griffe", reason="of the extra 'docs'")


@pytest.fixture(scope="module")
def pages():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent.parent / "docs")
        import api_pages

        return {
            cls.name: api_pages.Page(cls, [], None) for cls in api_pages.estimators()
        }


@pytest.fixture(params=list(kgen.estimators))
def name(request):
    return request.param


def shown(value):
    """A default as a page shows it."""
    return repr(value).replace("'", '"')


def test_every_parameter_is_there_with_its_default(pages, name):
    text = str(pages[name])
    found = dict(re.findall(r"^`(\w+)`\{.*default `(.*)`$", text, re.MULTILINE))
    params = kgen.estimators[name]().get_params(deep=False)
    assert found == {key: shown(value) for key, value in params.items()}


def test_every_method_is_there_and_nothing_for_authors(pages, name):
    cls = kgen.estimators[name]
    conditional = cls.conditional is not False or "conditional" in cls().get_params()
    public = {
        method
        for owner in cls.__mro__
        if owner.__module__.startswith("kgen.")
        for method, value in vars(owner).items()
        if callable(value) and not method.startswith(("_", "set_fit_request"))
    }
    public |= {"predict", "predict_proba"} if cls.density != "none" else set()
    public -= set() if conditional else {"predict", "predict_proba"}
    text = str(pages[name])
    found = re.findall(rf"^::: kgen\.{name}\.(\w+)$", text, re.MULTILINE)
    assert sorted(found) == sorted(public - {"build_model"})
    assert "build_model" not in text


def test_facts_are_those_of_the_class(pages, name):
    cls, text = kgen.estimators[name], str(pages[name])
    assert f"- **Density:** {cls.density}" in text
    assert ("log_prob` and its relatives raise" in text) == (cls.density == "none")
    assert re.search(r"^\*\*[^*]+\.\*\*$", text, re.MULTILINE)
    assert re.search(r"^- \*\*Source:\*\* \[.+\]\(https?://.+\)$", text, re.MULTILINE)
    assert re.search(r"^- \*\*X:\*\* \(n, ", text, re.MULTILINE)


def test_every_attribute_of_a_fit_is_there(pages):
    X, y = kgen.data.toy.mixture(64, random_state=0)
    for model, labels in (
        (kgen.MAF(conditional=True, layers=1, hidden=(4,), epochs=1), y),
        (kgen.GAN(latent_dim=2, epochs=1), None),
        (kgen.VAE(latent_dim=2, epochs=1), None),
    ):
        model.fit(X, labels)
        text = str(pages[type(model).__name__])
        found = set(re.findall(r"^\| `(\w+_)` \|", text, re.MULTILINE))
        learned = {key for key in vars(model) if re.fullmatch(r"[a-z]\w*_", key)}
        assert learned - found <= {"params_", "conditions_"}
        # Those of DataFrames, of growing networks, and properties.
        others = {"feature_names_in_", "columns_", "growth_steps_"}
        assert {key for key in found - others if not hasattr(model, key)} == set()
