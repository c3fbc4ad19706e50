"""A gated recurrent unit (GRU) for scikit-learn."""

from ._classifier import GRUClassifier
from ._language_model import GRULanguageModel
from ._regressor import GRURegressor

__all__ = ["GRUClassifier", "GRULanguageModel", "GRURegressor"]
__version__ = "0.1.0.dev0"
