"""The GRU classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse
from scipy.special import log_expit, log_softmax
from sklearn.base import ClassifierMixin
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from ._base import BaseGRU
from ._core._losses import BinaryLogLoss, Loss, MultinomialLogLoss
from ._sklearn_compat import fit_context


class GRUClassifier(ClassifierMixin, BaseGRU):
    """Gated recurrent unit that predicts classes from sequences.

    A GRU layer, or several, reads each sequence step by step; its final state decides on the
    class. Trained with Adam on the log loss with L2 regularisation.

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
    classes_ : ndarray of shape (n_classes,)
        Class labels; for an indicator matrix the numbers of its columns.
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
    GRURegressor : The same for numbers.
    sklearn.neural_network.MLPClassifier : For inputs without an order.

    Notes
    -----
    With ``h_0 = 0`` and ``*`` elementwise, each layer computes for every step::

        z = sigmoid(W_z [h, x] + b_z)            update gate: share of the new content
        r = sigmoid(W_r [h, x] + b_r)            reset gate
        c = tanh(W_h [r * h, x] + b_h)           candidate
        h = (1 - z) * h + z * c

    and with ``reset_after=True`` the candidate is ``tanh(W_hx x + b_h + r * (W_hh h + b_hh))``.
    Two classes have one output with a logistic link, more a softmax, and several labels a logistic
    link each. After a fit with X in float32
    everything is computed in float32, otherwise in float64.

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
    Tell rising from falling sequences of different lengths:

    >>> import numpy as np
    >>> from skgru import GRUClassifier
    >>> X = [np.arange(n) / 10 for n in range(3, 13)] + [-np.arange(n) / 10 for n in range(3, 13)]
    >>> y = ["rising"] * 10 + ["falling"] * 10
    >>> model = GRUClassifier(8, learning_rate_init=0.01, max_iter=300, random_state=0).fit(X, y)
    >>> model.predict([[0.0, 0.2, 0.3, 0.5, 0.6], [0.1, -0.1, -0.3]])
    array(['rising', 'falling'], dtype='<U7')
    """

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit to sequences and their classes.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
            See the class; with ``warm_start=True`` training goes on from the last fit.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels; or, for several labels at once, an indicator matrix of zeros and ones.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; in the loss, k is the same as k copies of the sample (and in the fit, if
            either form fills a single batch).

        Returns
        -------
        self : GRUClassifier

        Raises
        ------
        ValueError, TypeError
            If a parameter or the data is not valid, or training diverges. An estimator that was
            fitted before then still predicts as before.
        """
        self._fit(X, y, sample_weight)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one epoch on these samples, keeping weights and the optimiser's state.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array-like of shape (n_classes,), default=None
            All classes there will be. Needed in the first call, unless y holds them all.

        Returns
        -------
        self : GRUClassifier
        """
        if classes is None and not hasattr(self, "classes_"):
            raise ValueError("classes must be passed on the first call to partial_fit.")
        self._fit(X, y, sample_weight, incremental=True, classes=classes)
        return self

    def predict(self, X):
        """Predict the class of each sequence.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
            ``n_timesteps`` may differ from that in `fit`, except for tables.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Class labels, or zeros and ones for several labels.
        """
        p = self._probabilities(self._predict_raw(X))
        if self._y_type == "multilabel-indicator":
            return (p > 0.5).astype(int)
        return self.classes_[np.argmax(p, axis=1)]

    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``. Of several labels, each has a probability of its own.
        """
        return self._probabilities(self._predict_raw(X))

    def predict_log_proba(self, X):
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            Finite also where `predict_proba` is rounded to 0.
        """
        raw = self._predict_raw(X)
        if self._y_type == "multiclass":
            return log_softmax(raw, axis=1)
        if self._y_type == "binary":
            raw = np.hstack([-raw, raw])
        return log_expit(raw)

    def _probabilities(self, raw: np.ndarray) -> np.ndarray:
        p = self._objective.loss.inverse_link(raw)
        return np.hstack([1 - p, p]) if self._y_type == "binary" else p

    def _read_targets(self, y: Any, *, reset: bool, classes: Any = None) -> np.ndarray:
        check_classification_targets(y)
        if type_of_target(y, input_name="y") == "multilabel-indicator":
            return self._read_indicators(y, reset)
        y = column_or_1d(y, warn=True)
        if reset:
            self.classes_ = np.unique(y if classes is None else classes)
            self._y_type = "binary" if len(self.classes_) == 2 else "multiclass"
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least 2 classes in y, but there is "
                f"only one class: {self.classes_.tolist()[0]!r}."
            )
        if self._y_type == "multilabel-indicator":
            raise ValueError(
                "y holds one class per sample, unlike the indicators of the first fit."
            )
        if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes={classes} is not what the first call had: {self.classes_}.")
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y holds {unknown.tolist()[0]!r}, but the classes of the first fit are "
                f"{self.classes_}."
            )
        codes = np.searchsorted(self.classes_, y)
        if self._y_type == "binary":
            return codes[:, None].astype(np.float64)
        return np.eye(len(self.classes_))[codes]

    def _read_indicators(self, y: Any, reset: bool) -> np.ndarray:
        y = check_array(y, accept_sparse=True, estimator=self, input_name="y", dtype=np.float64)
        y = y.toarray() if issparse(y) else y
        if reset:
            self.classes_ = np.arange(y.shape[1])
            self._y_type = "multilabel-indicator"
        if self._y_type != "multilabel-indicator" or y.shape[1] != len(self.classes_):
            raise ValueError(
                f"y is an indicator matrix of {y.shape[1]} labels, unlike the y of the first fit."
            )
        return y

    def _loss(self) -> Loss:
        return MultinomialLogLoss() if self._y_type == "multiclass" else BinaryLogLoss()

    def _score_raw(self, raw: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
        if self._y_type == "multiclass":
            correct = raw.argmax(axis=1) == targets.argmax(axis=1)
        else:
            correct = ((raw > 0) == targets).all(axis=1)
        return float(np.average(correct, weights=weights))

    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        if self._y_type == "multilabel-indicator":
            return None
        return targets[:, 0] if self._y_type == "binary" else targets.argmax(axis=1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
