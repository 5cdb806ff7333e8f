"""What a pickle may ask for."""

import pytest

from rollbook.probes.trust import trusted


@pytest.mark.parametrize(
    "asked",
    [
        ("sklearn.linear_model._logistic", "LogisticRegression"),
        ("sklearn.tree._tree", "Tree"),
        ("sklearn._loss._loss", "__pyx_unpickle_CyHalfBinomialLoss"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("joblib.numpy_pickle", "NumpyArrayWrapper"),
        ("collections", "OrderedDict"),
        ("numpy", "log1p"),
    ],
)
def test_what_models_are_made_of_may_be_asked_for(asked: tuple[str, str]) -> None:
    assert trusted(*asked)


@pytest.mark.parametrize(
    "asked",
    [
        ("posix", "system"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("numpy", "load"),
        ("numpy.testing._private.utils", "runstring"),
        ("numpy.f2py.crackfortran", "Anything"),
        ("joblib.numpy_pickle", "load"),
        ("sklearn.base", "BaseEstimator.__init__"),
        ("sklearnx", "Model"),
        ("my_company.models", "Model"),
    ],
)
def test_what_runs_code_or_is_not_known_may_not(asked: tuple[str, str]) -> None:
    assert not trusted(*asked)
