"""The GRU regressor."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from ._core._losses import REGRESSION_LOSSES, Loss
from ._sklearn_compat import Interval, StrOptions, fit_context
from ._supervised import SupervisedGRU


class GRURegressor(RegressorMixin, SupervisedGRU):
    """Gated recurrent unit that predicts numbers from sequences.

    A GRU layer, or several, reads each sequence step by step; an affine map of its final state is
    the prediction, or of every state, if each step has a target. Trained with Adam on the squared
    error with L2 regularisation, unless told otherwise.

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
    pooling : {"last", "mean", "max", "attention"}, default="last"
        What of the last layer's states decides: that after the last step (in the second direction:
        after the first), their mean or largest value over steps, or a mean weighted by attention
        with one learned query. Padding never counts.
    return_sequences : bool, default=False
        Whether there is a target, and a prediction, for each step. ``pooling`` is not used then.
    embedding_dim : int or None, default=None
        If given, X holds integer token ids, and each token that `fit` sees gets a learned vector of
        this length. Steps of id 0 are padding; ids that `fit` has not seen share one vector, which
        also stands for a sequence that is all padding.
    dropout : float, default=0.0
        Share of a layer's outputs that the next layer, or the output layer, does not see in
        training.
    recurrent_dropout : float, default=0.0
        Share of the state that a layer's own weights do not see in training, the same units at
        every step of a sequence [2]_.
    loss : {"squared_error", "absolute_error", "huber", "poisson", "quantile"}, \
            default="squared_error"
        "huber" is quadratic up to 1 and linear beyond, so y needs a scale; "poisson" predicts the
        exponential of the output and needs y >= 0; "quantile" is the pinball loss.
    quantile : float or array-like of float, default=0.5
        With ``loss="quantile"``: the level to predict, between 0 and 1. Several, in rising order,
        are predicted in a column each, and never cross.
    solver : {"adam", "adamw", "rmsprop", "sgd"}, default="adam"
        Adam [3]_; Adam with ``alpha`` as decoupled weight decay [4]_; RMSProp, whose mean of
        squares decays by 0.99; gradient descent with ``momentum``.
    alpha : float, default=1e-3
        Strength of the L2 term, ``alpha / 2`` times the sum of squares of all weights, without
        biases. It does not depend on the batch size. Of token vectors those in the batch count.
    batch_size : int or "auto", default="auto"
        Number of sequences in a mini-batch. "auto" takes all of up to 64 samples at once; of more,
        a 64th, but at least 16 and at most 200.
    learning_rate : {"constant", "plateau", "cosine", "onecycle"} or callable, default="cosine"
        What becomes of ``learning_rate_init``. "cosine": half a cosine down to 0 over ``max_iter``
        epochs; "onecycle": up from a 25th for 30 % of them, then down; "plateau": a fifth of it
        each time that the watched loss has not fallen for more than a third of
        ``n_iter_no_change`` epochs; a function takes the share of training that is done, from 0 to
        1, and returns a factor.
    learning_rate_init : float, default=0.01
        Step size of the solver.
    max_grad_norm : float or None, default=5.0
        The gradient is scaled down to this Euclidean norm where it is longer [5]_; None: never.
    max_iter : int or None, default=None
        Maximum number of epochs; None: as many as make 1000 mini-batches, but at least 30 and at
        most 500.
    shuffle : bool, default=True
        Whether to shuffle the samples in each epoch. A mini-batch of sequences of unlike length
        is put together from a few groups that are about as long, which takes half the time of
        one at random. False keeps the order of X.
    random_state : int, RandomState instance or None, default=None
        Seeds the first weights, the shuffling, dropout and the validation split.
    tol : float, default=1e-4
        By how much the watched loss has to fall to count as an improvement: that on held-out data
        with ``early_stopping``, else the training loss.
    verbose : bool or int, default=False
        Whether to print a line per epoch.
    warm_start : bool, default=False
        Whether `fit` goes on from the last fit instead of starting anew. Learning rates other than
        "constant" and "plateau" run through again.
    momentum : float, default=0.9
        Of ``solver="sgd"``.
    nesterovs_momentum : bool, default=True
        Whether that momentum looks ahead.
    early_stopping : bool, default=False
        Whether to hold out a part of the data, stop when the loss on it no longer falls, and keep
        the weights that had the lowest. Otherwise training stops after ``max_iter`` epochs, or if
        the training loss no longer falls while the learning rate is "constant" or "plateau".
    validation_fraction : float, default=0.1
        Share of the samples held out for ``early_stopping``; with ``groups`` in `fit`, of these.
    validation_split : cross-validation splitter or None, default=None
        In place of the fraction: what is held out is the test part of its last split, of a
        `sklearn.model_selection.TimeSeriesSplit` for instance.
    n_iter_no_change : int, default=10
        After more than this number of epochs in a row without improvement, training stops; without
        ``early_stopping``, only while the learning rate is "constant" or "plateau".
    beta_1, beta_2 : float, default=0.9, 0.999
        Decay of Adam's means of the gradient and of its square.
    epsilon : float, default=1e-8
        Added to the root in the denominator of Adam and RMSProp.
    init_from : dict of ndarray or None, default=None
        ``weights_`` of a fitted estimator, from which the recurrent layers and the token vectors
        start; the output layer begins anew.
    freeze : int, default=0
        The first so many layers, and the token vectors below them, are not trained.
    n_jobs : int or None, default=None
        Number of processes that `fit` divides each mini-batch among, and of threads that predict,
        where there is enough to do for several; None: 1, but for a context of joblib; -1: as many
        as there are processors. The result of a fit is the same up to rounding; with dropout, other
        random numbers are drawn.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of a 2-D X, of features per step otherwise.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names; only after `fit` with a table, or with a list of tables, whose column names
        are all strings.
    token_ids_ : ndarray of shape (n_tokens,)
        The ids that have a vector, in rising order; only with ``embedding_dim``.
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
        Number of training samples seen so far. Equal ones are one, with their weights added, in a
        fit that takes all at once, without dropout and early stopping.
    loss_, best_loss_ : float
        Training loss, L2 included, of the last epoch and the lowest of all epochs.
    loss_curve_ : list of float
        Training loss of each epoch.
    validation_loss_curve_, validation_scores_ : list of float or None
        Loss (without L2) and score on the held-out part or on ``X_val`` after each epoch; None
        without either.
    best_validation_score_ : float or None
        That score of the weights that are kept.
    history_ : dict of str to list of float
        Per epoch: losses, validation score (NaN where there is none), learning rate of the last
        step, mean gradient norm before clipping, and seconds.

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
    The loss is half the squared error, or what ``loss`` says, averaged over outputs. After a fit
    with X in float32 everything is computed in float32, otherwise in float64.

    References
    ----------
    .. [1] Cho et al. (2014). Learning phrase representations using RNN encoder-decoder for
       statistical machine translation. https://arxiv.org/abs/1406.1078
    .. [2] Gal and Ghahramani (2016). A theoretically grounded application of dropout in recurrent
       neural networks. https://arxiv.org/abs/1512.05287
    .. [3] Kingma and Ba (2015). Adam: a method for stochastic optimization.
       https://arxiv.org/abs/1412.6980
    .. [4] Loshchilov and Hutter (2019). Decoupled weight decay regularization.
       https://arxiv.org/abs/1711.05101
    .. [5] Pascanu et al. (2013). On the difficulty of training recurrent neural networks.
       https://arxiv.org/abs/1211.5063

    Examples
    --------
    Recall the last of ten numbers:

    >>> import numpy as np
    >>> from skgru import GRURegressor
    >>> from skgru.datasets import make_last_value
    >>> X, y = make_last_value(n_samples=300, random_state=0, return_X_y=True)
    >>> X.shape
    (300, 10, 1)
    >>> model = GRURegressor(16, random_state=0)
    >>> model.fit(X[:200] / 100, y[:200] / 100).score(X[200:] / 100, y[200:] / 100) > 0.9
    True

    A median with the bounds between which four of five values lie:

    >>> model = GRURegressor(16, loss="quantile", quantile=[0.1, 0.5, 0.9], random_state=0)
    >>> model.fit(X / 100, y / 100).predict(X[:5] / 100).shape
    (5, 3)

    A running mean, a target for each step:

    >>> means = X.cumsum(axis=1)[:, :, 0] / np.arange(1, 11)
    >>> model = GRURegressor(16, return_sequences=True, random_state=0)
    >>> model.fit(X / 100, means / 100).predict(X[:5] / 100).shape
    (5, 10)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SupervisedGRU._parameter_constraints,
        "loss": [StrOptions(set(REGRESSION_LOSSES))],
        "quantile": ["array-like", Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(
        self,
        hidden_layer_sizes=(64,),
        *,
        n_features_per_step=1,
        bidirectional=False,
        reset_after=False,
        pooling="last",
        return_sequences=False,
        embedding_dim=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        loss="squared_error",
        quantile=0.5,
        solver="adam",
        alpha=1e-3,
        batch_size="auto",
        learning_rate="cosine",
        learning_rate_init=0.01,
        max_grad_norm=5.0,
        max_iter=None,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        validation_split=None,
        n_iter_no_change=10,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        init_from=None,
        freeze=0,
        n_jobs=None,
    ):
        super().__init__(
            hidden_layer_sizes,
            n_features_per_step=n_features_per_step,
            bidirectional=bidirectional,
            reset_after=reset_after,
            pooling=pooling,
            return_sequences=return_sequences,
            embedding_dim=embedding_dim,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            max_grad_norm=max_grad_norm,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            validation_split=validation_split,
            n_iter_no_change=n_iter_no_change,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            init_from=init_from,
            freeze=freeze,
            n_jobs=n_jobs,
        )
        self.loss = loss
        self.quantile = quantile

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        groups=None,
    ):
        """Fit to sequences and their targets.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
            See the class; with ``warm_start=True`` training goes on from the last fit.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. The squared error takes them as they are: scale them, for example with
            `sklearn.compose.TransformedTargetRegressor`. With ``return_sequences=True`` an array
            (n_samples, n_timesteps) or (n_samples, n_timesteps, n_outputs), or a list with an array
            (n_timesteps_i,) or (n_timesteps_i, n_outputs) for each sequence.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; in the loss, k is the same as k copies of the sample (and in the fit, if both
            forms fill a single batch, but for rounding, which many epochs can make grow).
        X_val, y_val, sample_weight_val : default=None
            Data in the forms of X, y and sample_weight on which loss and score are recorded after
            each epoch, and which ``early_stopping=True`` watches in place of a part of X. What
            transforms targets around this estimator does not transform ``y_val``.
        groups : array-like of shape (n_samples,), default=None
            For ``early_stopping=True``: a group is held out as a whole or not at all.

        Returns
        -------
        self : GRURegressor

        Raises
        ------
        ValueError, TypeError
            If a parameter or the data is not valid, or training diverges. An estimator that was
            fitted before then still predicts as before.
        """
        validation = X_val, y_val, sample_weight_val
        self._fit(X, y, sample_weight, validation=validation, groups=groups)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch on these samples, keeping weights and the optimiser's state.

        All of them are trained on: ``early_stopping`` has no effect here, nor has a schedule.
        Weights count beside those of the same call. Tokens that the first call does not see are
        unknown ones for good.

        Parameters are those of `fit`.

        Returns
        -------
        self : GRURegressor
        """
        self._partial_fit(X, y, sample_weight)
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
            As y in `fit`, in the floating point type that X had there. Several quantiles are a
            further axis at the end. With ``return_sequences=True`` in the form of X: an array
            (n_samples, n_timesteps, ...) with NaN at padding, or a list of arrays
            (n_timesteps_i, ...).
        """
        sequences, raw = self._predict_raw(X)
        y = self._loss_function.inverse_link(raw).reshape(len(raw), self._n_targets, -1)
        if y.shape[2] == 1:
            y = y[:, :, 0]
        return self._in_form_of(X, sequences, y[:, 0] if self._y_is_1d else y)

    def score(self, X, y, sample_weight=None):
        """Return how well the targets are predicted.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
        y, sample_weight
            As in `fit`.

        Returns
        -------
        score : float
            R2, over all valid steps with ``return_sequences=True``; with several quantiles, the
            mean over them of D2, the share of the pinball loss that is explained.
        """
        check_is_fitted(self)
        if self._per_step or self.n_outputs_ > self._n_targets:
            return self._score_rows(X, y, sample_weight)
        return super().score(X, y, sample_weight)

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
        if reset:
            self._n_targets = y.shape[1]
        if y.shape[1] != self._n_targets:
            raise ValueError(
                f"y has {y.shape[1]} outputs, but the first fit had {self._n_targets}."
            )
        if reset:
            self._levels = self._quantiles()
        loss = REGRESSION_LOSSES[self.loss](self._levels) if reset else self._loss_function
        if (y < loss.smallest_target).any():
            raise ValueError(
                f"y has the value {y.min():g}, but loss={self.loss!r} needs y >= "
                f"{loss.smallest_target:g}. Choose another loss, or do not centre y."
            )
        return y

    def _new_loss(self, targets: np.ndarray, weights: np.ndarray) -> Loss:
        return REGRESSION_LOSSES[self.loss](self._levels)

    def _quantiles(self) -> tuple[float, ...]:
        try:
            levels = np.atleast_1d(np.asarray(self.quantile, dtype=float))
        except (TypeError, ValueError):
            levels = np.array([np.nan])
        rises = np.diff(levels, prepend=0.0, append=1.0) > 0
        if levels.ndim != 1 or not levels.size or not rises.all():
            raise ValueError(
                "quantile must be a number between 0 and 1, or several in rising order. Got "
                f"{self.quantile!r} instead."
            )
        return tuple(levels.tolist())

    def _score_raw(self, raw: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
        from sklearn.metrics import d2_pinball_score, r2_score  # as in the classifier

        predicted = self._loss_function.inverse_link(raw)
        columns = predicted.reshape(*targets.shape, -1)
        if columns.shape[2] == 1:
            return r2_score(targets, predicted, sample_weight=weights)
        scores = [
            d2_pinball_score(targets, columns[:, :, i], sample_weight=weights, alpha=level)
            for i, level in enumerate(self._levels)
        ]
        return float(np.mean(scores))

    def _strata(self, targets: np.ndarray) -> None:
        return None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        loss = REGRESSION_LOSSES.get(self.loss)
        tags.target_tags.positive_only = loss is not None and loss((0.5,)).smallest_target >= 0
        return tags
