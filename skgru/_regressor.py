"""The GRU regressor."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array

from ._base import BaseGRU
from ._core._losses import Loss, SquaredError
from ._sklearn_compat import fit_context


class GRURegressor(RegressorMixin, BaseGRU):
    """Gated recurrent unit that predicts numbers from sequences.

    A GRU layer, or several, reads each sequence step by step; an affine map of its final state is
    the prediction. Trained with Adam on the squared error with L2 regularisation.

    X may be an array of shape (n_samples, n_timesteps, n_features); a table of shape (n_samples,
    n_timesteps * n_features); or a list of sequences of any lengths, each an array (n_timesteps_i,
    n_features). Steps at the end of a 3-D array that are NaN in all features are padding, the same
    as shorter sequences in a list.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(64,)
        Number of units of each stacked GRU layer.
    n_features_per_step : int, default=1
        How a row of a 2-D X is cut into steps: its ``T * F`` columns are read as T steps of F =
        ``n_features_per_step`` features. Other forms of X carry their own number of features.
    bidirectional : bool, default=False
        Whether each layer also reads the sequence from its last step to its first.
    reset_after : bool, default=False
        Whether the reset gate acts after the product with the recurrent weights, as in cuDNN,
        PyTorch and Keras, or before it, as in [1]_.
    alpha : float, default=1e-4
        Strength of the L2 term, ``alpha / 2`` times the sum of squares of all weights, without
        biases. It does not depend on the batch size.
    batch_size : int or "auto", default="auto"
        Number of sequences in a mini-batch. "auto" takes all of up to 64 samples at once; of more,
        a 64th, but at least 16 and at most 200.
    learning_rate_init : float, default=3e-3
        Step size of Adam [2]_.
    max_grad_norm : float or None, default=1.0
        The gradient is scaled down to this Euclidean norm where it is longer [3]_; None: never.
    max_iter : int, default=200
        Maximum number of epochs.
    shuffle : bool, default=True
        Whether to shuffle the samples in each epoch.
    random_state : int, RandomState instance or None, default=None
        Seeds the first weights, the shuffling and the validation split.
    tol : float, default=1e-4
        By how much the loss has to fall to count as an improvement.
    verbose : bool or int, default=False
        Whether to print a line per epoch.
    warm_start : bool, default=False
        Whether `fit` goes on from the last fit instead of starting anew.
    early_stopping : bool, default=False
        Whether to hold out a part of the data, stop when the loss on it no longer falls, and keep
        the weights that had the lowest. Otherwise training stops when the training loss no longer
        falls.
    validation_fraction : float, default=0.1
        Share of the samples held out for ``early_stopping``.
    n_iter_no_change : int, default=10
        After more than this number of epochs in a row without improvement, training stops.
    beta_1, beta_2 : float, default=0.9, 0.999
        Decay of Adam's means of the gradient and of its square.
    epsilon : float, default=1e-8
        Added to the root in Adam's denominator.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of a 2-D X, of features per step otherwise.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names; only after `fit` with a table whose column names are all strings.
    weights_ : dict of str to ndarray
        Named parameters, see the property's own text.
    n_parameters_ : int
        Number of weights and biases.
    n_layers_ : int
        Number of layers, input and output included, as in scikit-learn's MLP.
    n_outputs_ : int
        Number of outputs before the link.
    out_activation_ : str
        The inverse link of the outputs.
    n_iter_ : int
        Number of epochs trained so far.
    t_ : int
        Number of training samples seen so far.
    loss_, best_loss_ : float
        Training loss, L2 included, of the last epoch and the lowest of all epochs.
    loss_curve_ : list of float
        Training loss of each epoch.
    validation_loss_curve_, validation_scores_ : list of float or None
        Loss (without L2) and score on the held-out part after each epoch; None without
        ``early_stopping``.
    best_validation_score_ : float or None
        Score on the held-out part of the weights that are kept.
    history_ : dict of str to list of float
        Per epoch: losses, validation score (NaN without ``early_stopping``), learning rate, mean
        gradient norm before clipping, and seconds.

    See Also
    --------
    GRUClassifier : The same for classes.
    sklearn.neural_network.MLPRegressor : For inputs without an order.

    Notes
    -----
    With ``h_0 = 0`` and ``*`` elementwise, each layer computes for every step::

        z = sigmoid(W_z [h, x] + b_z)            update gate: share of the new content
        r = sigmoid(W_r [h, x] + b_r)            reset gate
        c = tanh(W_h [r * h, x] + b_h)           candidate
        h = (1 - z) * h + z * c

    and with ``reset_after=True`` the candidate is ``tanh(W_hx x + b_h + r * (W_hh h + b_hh))``.
    The loss is half the squared error, averaged over outputs. After a fit with X in
    float32 everything is computed in float32, otherwise in float64.

    References
    ----------
    .. [1] Cho et al. (2014). Learning phrase representations using RNN encoder-decoder for
       statistical machine translation. https://arxiv.org/abs/1406.1078
    .. [2] Kingma and Ba (2015). Adam: a method for stochastic optimization.
       https://arxiv.org/abs/1412.6980
    .. [3] Pascanu et al. (2013). On the difficulty of training recurrent neural networks.
       https://arxiv.org/abs/1211.5063

    Examples
    --------
    Recall the last of ten numbers:

    >>> from skgru import GRURegressor
    >>> from skgru.datasets import make_last_value
    >>> X, y = make_last_value(n_samples=300, random_state=0, return_X_y=True)
    >>> X.shape
    (300, 10, 1)
    >>> model = GRURegressor(16, learning_rate_init=0.01, max_iter=300, random_state=0)
    >>> model.fit(X[:200] / 100, y[:200] / 100).score(X[200:] / 100, y[200:] / 100) > 0.9
    True
    """

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit to sequences and their targets.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
            See the class; with ``warm_start=True`` training goes on from the last fit.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. The squared error takes them as they are: scale them, for example with
            `sklearn.compose.TransformedTargetRegressor`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; in the loss, k is the same as k copies of the sample (and in the fit, if
            either form fills a single batch).

        Returns
        -------
        self : GRURegressor

        Raises
        ------
        ValueError, TypeError
            If a parameter or the data is not valid, or training diverges. An estimator that was
            fitted before then still predicts as before.
        """
        self._fit(X, y, sample_weight)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch on these samples, keeping weights and the optimiser's state.

        Parameters are those of `fit`.

        Returns
        -------
        self : GRURegressor
        """
        self._fit(X, y, sample_weight, incremental=True)
        return self

    def predict(self, X):
        """Predict the targets of sequences.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
            ``n_timesteps`` may differ from that in `fit`, except for tables.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            As y in `fit`, in the floating point type that X had there.
        """
        raw = self._predict_raw(X)
        y = self._objective.loss.inverse_link(raw)
        return y[:, 0] if self._y_is_1d else y

    def _read_targets(self, y: Any, *, reset: bool, classes: Any = None) -> np.ndarray:
        n_dimensions = len(y.shape) if hasattr(y, "shape") else np.asarray(y).ndim
        if n_dimensions > 2:
            raise ValueError(
                f"y has {n_dimensions} dimensions; expected (n_samples,) or (n_samples, n_outputs)."
            )
        try:
            y = check_array(y, ensure_2d=False, dtype=np.float64, estimator=self, input_name="y")
        except ValueError as error:
            raise ValueError(f"y must hold numbers: {error}") from error
        if reset:
            self._y_is_1d = y.ndim == 1
        y = y.reshape(len(y), -1)
        if not reset and y.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y has {y.shape[1]} outputs, but the first fit had {self.n_outputs_}."
            )
        return y

    def _loss(self) -> Loss:
        return SquaredError()

    def _score_raw(self, raw: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
        return r2_score(targets, raw, sample_weight=weights)

    def _strata(self, targets: np.ndarray) -> None:
        return None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
