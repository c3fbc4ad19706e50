"""The shape of the project: who imports whom, shared texts, nothing optional at import."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skgru
from skgru import GRUClassifier, GRULanguageModel, GRURegressor, GRUSeq2Seq

PACKAGE = Path(skgru.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# Which modules of skgru the files of a room may import; the longest prefix that fits counts.
ALLOWED = {
    "__init__": {"_classifier", "_language_model", "_regressor", "_seq2seq"},
    "_classifier": {
        "_class_weight",
        "_core._log_losses",
        "_core._losses",
        "_sklearn_compat",
        "_supervised",
    },
    "_regressor": {"_core._losses", "_sklearn_compat", "_supervised"},
    "_supervised": {
        "_base",
        "_core._network",
        "_core._samples",
        "_core._sequences",
        "_input_formats",
        "_pooled_states",
        "_sklearn_compat",
    },
    "_language_model": {
        "_base",
        "_core._generation",
        "_core._log_losses",
        "_core._losses",
        "_core._samples",
        "_core._sequences",
        "_core._streams",
        "_core._training",
        "_input_formats",
        "_parts",
        "_sklearn_compat",
    },
    "_seq2seq": {
        "_base",
        "_core._decoding",
        "_core._log_losses",
        "_core._losses",
        "_core._samples",
        "_core._sequences",
        "_input_formats",
        "_parts",
        "_sklearn_compat",
        "_target_sequences",
        "_threads",
    },
    "_base": {
        "_core",
        "_held_out",
        "_input_formats",
        "_parts",
        "_shards",
        "_sklearn_compat",
        "_threads",
        "_transfer",
    },
    "_shards": {
        "_core._objective",
        "_core._samples",
        "_core._tape",
        "_core._training",
        "_threads",
    },
    "_parts": {"_core"},
    "_pooled_states": {"_core._network"},
    "_class_weight": set(),
    "_held_out": {"_core._samples", "_core._sequences"},
    "_input_formats": {"_core._sequences"},
    "_target_sequences": {"_core._sequences", "_input_formats"},
    "_sklearn_compat": set(),
    "_threads": {"_core._blas"},
    "_transfer": set(),
    "_core._sequences": set(),
    "_core._params": set(),
    "_core._losses": set(),
    "_core._log_losses": {"_core._losses"},
    "_core._optimizers": {"_core._params"},
    "_core._schedules": set(),
    "_core._dropout": set(),
    "_core._batching": {"_core._sequences"},
    "_core._aligned": set(),
    "_core._elementwise": set(),
    "_core._runs": set(),
    "_core._tape": {"_core._aligned", "_core._batching", "_core._runs"},
    "_core._blas": set(),
    "_core._products": {"_core._aligned", "_core._blas", "_core._tape"},
    "_core._cell": {
        "_core._batching",
        "_core._elementwise",
        "_core._products",
        "_core._runs",
        "_core._tape",
    },
    "_core._reset_before": {
        "_core._cell",
        "_core._elementwise",
        "_core._products",
        "_core._runs",
        "_core._tape",
    },
    "_core._reset_after": {
        "_core._cell",
        "_core._elementwise",
        "_core._products",
        "_core._runs",
        "_core._tape",
    },
    "_core._layers": {
        "_core._batching",
        "_core._cell",
        "_core._dropout",
        "_core._params",
        "_core._reset_after",
        "_core._reset_before",
        "_core._tape",
    },
    "_core._heads": {"_core._params"},
    "_core._embedding": {"_core._params", "_core._sequences"},
    "_core._pooling": {"_core._batching", "_core._layers", "_core._params"},
    "_core._trunk": {
        "_core._batching",
        "_core._embedding",
        "_core._layers",
        "_core._params",
        "_core._sequences",
        "_core._tape",
    },
    "_core._carry": set(),
    "_core._samples": {"_core._batching", "_core._carry", "_core._sequences"},
    "_core._network": {
        "_core._batching",
        "_core._dropout",
        "_core._embedding",
        "_core._heads",
        "_core._layers",
        "_core._params",
        "_core._pooling",
        "_core._samples",
        "_core._sequences",
        "_core._tape",
        "_core._trunk",
    },
    "_core._attention": {"_core._params", "_core._tape"},
    "_core._dense": {"_core._params"},
    "_core._encoder_decoder": {
        "_core._attention",
        "_core._batching",
        "_core._dense",
        "_core._dropout",
        "_core._heads",
        "_core._network",
        "_core._params",
        "_core._samples",
        "_core._sequences",
        "_core._tape",
        "_core._trunk",
    },
    "_core._decoding": {
        "_core._attention",
        "_core._encoder_decoder",
        "_core._generation",
        "_core._objective",
        "_core._samples",
        "_core._sequences",
        "_core._tape",
        "_core._trunk",
    },
    "_core._objective": {
        "_core._embedding",
        "_core._losses",
        "_core._params",
        "_core._samples",
        "_core._sequences",
        "_core._tape",
    },
    "_core._streams": {
        "_core._batching",
        "_core._carry",
        "_core._network",
        "_core._objective",
        "_core._samples",
        "_core._sequences",
        "_core._tape",
    },
    "_core._generation": {
        "_core._batching",
        "_core._network",
        "_core._sequences",
        "_core._tape",
        "_core._trunk",
    },
    "_core._training": {
        "_core._params",
        "_core._samples",
        "_core._optimizers",
        "_core._schedules",
        "_core._tape",
    },
    "_core": set(),
    "preprocessing": {"_input_formats", "_sklearn_compat", "preprocessing"},
    "inspection": {"_base", "_core._sequences", "_input_formats", "_sklearn_compat", "inspection"},
    "datasets": {"datasets"},
    "testing": {"testing"},
}

# Packages that need not be there: only imported in functions.
OPTIONAL = {
    "preprocessing._long": {"pandas", "polars"},
    "inspection._drawing": {"matplotlib"},
    "inspection._forecast_display": {"matplotlib"},
    "inspection._loss_curve_display": {"mpl_toolkits"},
}


def dotted(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def imports(path):
    """Yield every imported module, relative ones resolved, those of skgru without the prefix."""
    parts = path.relative_to(PACKAGE).parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            room = parts[: len(parts) - node.level]
            yield "skgru." + ".".join([*room, *filter(None, [node.module])])
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_imports_go_one_way(path):
    name = dotted(path)
    rule = max((prefix for prefix in ALLOWED if name.startswith(prefix)), key=len)
    allowed = tuple(ALLOWED[rule])
    for module in imports(path):
        if module.startswith("skgru."):
            assert module.removeprefix("skgru.").startswith(allowed), f"{name} imports {module}"
        top = module.split(".")[0]
        third_party = {"numpy", "scipy"}
        if not name.startswith("_core"):
            third_party |= {"sklearn"}
        if name in {"_shards", "_threads", "_core._blas"}:
            third_party |= {"joblib", "threadpoolctl"}  # what scikit-learn itself requires
        if name in OPTIONAL:
            third_party |= OPTIONAL[name]
        assert top in {"skgru", "__future__", *third_party} | sys.stdlib_module_names


@pytest.mark.parametrize("name", OPTIONAL)
def test_optional_packages_are_imported_where_they_are_needed(name):
    path = PACKAGE / (name.replace(".", "/") + ".py")
    assert {module.split(".")[0] for module in imports(path)} >= OPTIONAL[name]
    for node in run_at_import(ast.parse(path.read_text())):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            assert OPTIONAL[name].isdisjoint(ast.unparse(node).replace(".", " ").split())


def run_at_import(node):
    """Yield the nodes of a module but those inside of functions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef):
            yield from run_at_import(child)


def test_private_names_of_scikit_learn_stay_in_one_file():
    for path in MODULES:
        if path.name == "_sklearn_compat.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"):
                names = [*node.module.split("."), *(alias.name for alias in node.names)]
                assert not any(name.startswith("_") for name in names), f"{path.name}: {names}"


@pytest.mark.parametrize("path", [p for p in MODULES if "_core" in p.parts], ids=dotted)
def test_core_files_are_short(path):
    assert len(path.read_text().splitlines()) <= 300


def section(estimator, title):
    """Return the entries of a numpydoc section by name."""
    text = estimator.__doc__.split(f"    {title}\n    {'-' * len(title)}\n")[1]
    text = re.split(r"\n    [A-Z][\w ]+\n    -+\n", text)[0]
    return dict(
        re.findall(r"^    (\w[\w, ]*) :(.*?)(?=^    \w|\Z)", text, re.DOTALL | re.MULTILINE)
    )


@pytest.mark.parametrize("title", ["Parameters", "Attributes"])
def test_regressor_and_classifier_share_texts(title):
    regressor, classifier = section(GRURegressor, title), section(GRUClassifier, title)
    shared = set(regressor) & set(classifier)
    assert len(shared) > 10
    for name in shared:
        assert regressor[name] == classifier[name], name
    assert set(classifier) - shared <= {"classes_", "class_weight"}
    assert set(regressor) - shared <= {"loss", "quantile"}


@pytest.mark.parametrize("title", ["Parameters", "Attributes"])
def test_language_model_shares_texts(title):
    """But for those whose default or meaning is its own."""
    model, classifier = section(GRULanguageModel, title), section(GRUClassifier, title)
    shared = {name for name in set(model) & set(classifier) if model[name] == classifier[name]}
    assert set(model) - shared <= {
        *("hidden_layer_sizes", "embedding_dim", "bptt_steps", "alpha", "batch_size"),
        *("learning_rate_init", "max_grad_norm", "max_iter", "shuffle", "validation_fraction"),
        "n_jobs",
        *("n_features_in_", "token_ids_", "n_outputs_", "t_", "loss_, best_loss_"),
        "validation_loss_curve_, validation_scores_",
    }


@pytest.mark.parametrize("title", ["Parameters", "Attributes"])
def test_encoder_decoder_shares_texts(title):
    """But for those whose default or meaning is its own."""
    model, classifier = section(GRUSeq2Seq, title), section(GRUClassifier, title)
    shared = {name for name in set(model) & set(classifier) if model[name] == classifier[name]}
    assert set(model) - shared <= {
        *("hidden_layer_sizes", "embedding_dim", "target_embedding_dim", "bidirectional"),
        *("dropout", "beam_width", "length_penalty", "max_length", "alpha", "batch_size"),
        *("learning_rate", "learning_rate_init", "max_grad_norm", "max_iter", "n_jobs"),
        *("token_ids_", "target_ids_", "max_length_", "weights_", "n_layers_", "n_outputs_"),
        *("loss_, best_loss_", "t_", "validation_loss_curve_, validation_scores_"),
    }


@pytest.mark.parametrize("estimator", [GRURegressor, GRUClassifier, GRULanguageModel, GRUSeq2Seq])
def test_every_parameter_is_documented_with_its_default(estimator):
    documented = {}
    for names, text in section(estimator, "Parameters").items():
        default = re.search(r"default=(.*?)\n", text).group(1)
        parts = default.split(", ") if ", " in names else [default]
        documented |= dict(zip(names.split(", "), parts, strict=True))
    actual = estimator().get_params()
    assert list(documented) == list(estimator.__init__.__code__.co_varnames[1 : len(actual) + 1])
    for name, default in documented.items():
        assert ast.literal_eval(default) == actual[name], name


@pytest.mark.parametrize("room", ["", ".datasets", ".inspection", ".preprocessing", ".testing"])
def test_all_that_is_public_has_an_example(room):
    module = importlib.import_module("skgru" + room)
    without = [name for name in module.__all__ if ">>>" not in getattr(module, name).__doc__]
    assert not without


def test_only_the_first_parameter_is_positional():
    with pytest.raises(TypeError):
        GRURegressor((4,), 1)


def test_import_loads_nothing_optional():
    """scikit-learn itself loads pandas where there is one; skgru adds standard modules at most."""
    code = (
        "import sys, sklearn.neural_network; before = set(sys.modules); "
        "import skgru; print(*set(sys.modules) - before)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert "skgru._base" in result.stdout
    added = {name.split(".")[0] for name in result.stdout.split()}
    assert added - sys.stdlib_module_names == {"skgru"}


def test_data_is_small():
    assert sum(path.stat().st_size for path in (PACKAGE / "datasets" / "data").iterdir()) < 1.6e6
