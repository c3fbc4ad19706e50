"""A gated recurrent unit (GRU) for scikit-learn."""

from ._classifier import GRUClassifier
from ._language_model import GRULanguageModel
from ._regressor import GRURegressor
from ._seq2seq import GRUSeq2Seq

__all__ = ["GRUClassifier", "GRULanguageModel", "GRURegressor", "GRUSeq2Seq"]
__version__ = "0.1.0.dev0"
