"""The GRU encoder-decoder."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ._base import BaseGRU, rows_of
from ._core._decoding import (
    Hypothesis,
    Search,
    encoder_states,
    most_probable,
    target_losses,
)
from ._core._log_losses import MultinomialLogLoss
from ._core._losses import Loss
from ._core._samples import Samples
from ._core._sequences import SequenceBatch, begins
from ._input_formats import as_objects, holds_float64
from ._parts import cure_of_divergence, new_encoder_decoder
from ._sklearn_compat import (
    Interval,
    check_sample_weight,
    fit_context,
    validate_parameter_constraints,
)
from ._target_sequences import read_target_sequences
from ._threads import blas_threads

# Parameters of the other estimators that are none here: there is no choice of them.
FIXED: dict[str, Any] = {
    "pooling": "last",
    "return_sequences": False,
    "init_from": None,
    "freeze": 0,
}

# Parameters of the search, which take effect also when they are set after `fit`.
SEARCH_CONSTRAINTS: dict[str, list[Any]] = {
    "beam_width": [Interval(Integral, 1, None, closed="left")],
    "length_penalty": [Interval(Real, 0, None, closed="left")],
    "max_length": [None, Interval(Integral, 1, None, closed="left")],
}


class GRUSeq2Seq(BaseGRU):
    """Gated recurrent unit that turns sequences into other sequences.

    Trained on pairs, a sequence and the sequence of tokens that belongs to it: sentences and their
    translation, letters and sounds, dates in one form and another, spectra and symbols. An encoder
    reads the source; a decoder writes the target, token by token, and looks at each step at those
    parts of the source that matter to it (attention).

    X holds sequences of token ids, or with ``embedding_dim=None`` of real numbers, in all forms
    that the other estimators take. y is a list of sequences of any lengths, each an array
    (n_timesteps_i,) of token ids, or an array (n_samples, n_timesteps) of them, padded with 0.
    Ids are positive integers, without an upper limit. A target has no token for its end, that is
    added inside; it may be empty. `skgru.preprocessing.TextEncoder` makes ids of texts.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(128,)
        Number of units of each stacked GRU layer, of the encoder and of the decoder alike.
    embedding_dim : int or None, default=64
        X holds integer token ids, and each token that `fit` sees gets a learned vector of this
        length. Steps of id 0 are padding; ids that `fit` has not seen share one vector, which also
        stands for a sequence that is all padding. None: X holds real numbers.
    target_embedding_dim : int, default=64
        Length of the vector that is learned for each token of the targets.
    n_features_per_step : int, default=1
        How a row of a 2-D X is cut into steps: its ``T * F`` columns are read as T steps of F =
        ``n_features_per_step`` features. Other forms of X carry their own number of features.
    bidirectional : bool, default=True
        Whether each layer of the encoder also reads the sequence from its last step to its first.
    reset_after : bool, default=False
        Whether the reset gate acts after the product with the recurrent weights, as in cuDNN,
        PyTorch and Keras, or before it, as in [1]_.
    dropout : float, default=0.0
        Share of a layer's outputs that the next layer, or the output layer, does not see in
        training.
    recurrent_dropout : float, default=0.0
        Share of the state that a layer's own weights do not see in training, the same units at
        every step of a sequence [2]_.
    beam_width : int, default=1
        How many beginnings of a target `predict` follows side by side. 1 takes the most probable
        token at each step; more find targets that are more probable as a whole [6]_, in more time.
    length_penalty : float, default=1.0
        Of targets that are found, that is the best whose log-probability, divided by its number of
        tokens, the end included, to this power, is the largest: 0 favours short ones.
    max_length : int or None, default=None
        Number of tokens after which a predicted target ends at the latest; None: twice as many as
        the longest target of `fit` has.
    solver : {"adam", "adamw", "rmsprop", "sgd"}, default="adam"
        Adam [3]_; Adam with ``alpha`` as decoupled weight decay [4]_; RMSProp, whose mean of
        squares decays by 0.99; gradient descent with ``momentum``.
    alpha : float, default=0.0
        Strength of the L2 term, ``alpha / 2`` times the sum of squares of all weights, without
        biases. It does not depend on the batch size.
    batch_size : int or "auto", default=64
        Number of sequences in a mini-batch. "auto" takes all of up to 64 samples at once; of more,
        a 64th, but at least 16 and at most 200.
    learning_rate : {"constant", "plateau", "cosine", "onecycle"} or callable, default="cosine"
        What becomes of ``learning_rate_init``. "cosine": half a cosine down to 0 over ``max_iter``
        epochs; "onecycle": up from a 25th for 30 % of them, then down; "plateau": a fifth of it
        each time that the watched loss has not fallen for more than a third of
        ``n_iter_no_change`` epochs; a function takes the share of training that is done, from 0 to
        1, and returns a factor.
    learning_rate_init : float, default=0.005
        Step size of the solver.
    max_grad_norm : float or None, default=1.0
        The gradient is scaled down to this Euclidean norm where it is longer [5]_; None: never.
    max_iter : int or None, default=None
        Maximum number of epochs; None: as many as make 1000 mini-batches, but at least 10 and at
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
    n_jobs : int or None, default=None
        Number of processes that `fit` divides each mini-batch among, where there is enough to do
        for several; None: 1, but for a context of joblib; -1: as many as there are processors. The
        result is the same up to rounding; with dropout, other random numbers are drawn.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of a 2-D X, of features per step otherwise.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names; only after `fit` with a table, or with a list of tables, whose column names
        are all strings.
    token_ids_ : ndarray of shape (n_tokens,)
        With ``embedding_dim``, the ids of X that are known, in rising order.
    target_ids_ : ndarray of shape (n_target_tokens,)
        The ids of y that are known, in rising order: what `predict` chooses from.
    max_length_ : int
        Number of tokens after which a predicted target ends at the latest.
    weights_ : dict of str to ndarray
        Named parameters. Those of the encoder as of the other estimators; those of the decoder
        with names that end with "_decoder"; ``weight_bridge_l0`` (H, M) and ``bias_bridge_l0``
        make the decoder's first states; ``weight_attention`` (H, M); ``weight_readout`` (H, M + H)
        and ``bias_readout``; ``weight_out`` (n_outputs_, H) and ``bias_out``. H: units of the
        decoder's last layer, M: of the encoder's, both directions. Changing them changes the model.
    n_parameters_ : int
        Number of weights and biases.
    n_layers_ : int
        Number of layers of the encoder, and as well of the decoder, input and output included.
    n_outputs_ : int
        Number of outputs before the softmax: the first for unknown tokens, one for each of
        ``target_ids_``, the last for the end.
    out_activation_ : str
        The inverse link of the outputs.
    n_iter_ : int
        Number of epochs trained so far.
    t_ : int
        Number of samples trained on so far; in full batches of up to 1000 without dropout and
        early stopping, of distinct ones.
    loss_, best_loss_ : float
        Training loss, in nats per token of the targets, L2 included, of the last epoch and the
        lowest of all.
    loss_curve_ : list of float
        Training loss of each epoch.
    validation_loss_curve_, validation_scores_ : list of float or None
        Loss (without L2) and `score`, with ``beam_width`` as it is, on the held-out part or on
        ``X_val`` after each epoch; None without either.
    best_validation_score_ : float or None
        That score of the weights that are kept.
    history_ : dict of str to list of float
        Per epoch: losses, validation score (NaN where there is none), learning rate of the last
        step, mean gradient norm before clipping, and seconds.

    See Also
    --------
    skgru.preprocessing.TextEncoder : Texts as token ids, and back.
    GRULanguageModel : Sequences without a source.
    GRUClassifier : A class for each step of a sequence, where targets have the length of X.

    Notes
    -----
    With states ``m_1 ... m_S`` of the encoder and ``q_t`` of the decoder, which has read the target
    before step t, the next token has the probabilities ::

        a_tj = softmax over j of (q_t . W_a m_j)
        context_t = sum over j of a_tj m_j
        softmax(W tanh(W_u [context_t, q_t] + b_u) + b)

    the general attention of Luong et al. [7]_, without feeding contexts back into the recurrence.
    Training reads the true tokens before each step (teacher forcing). Tokens that `fit` has not
    seen have an output of their own, so that a target with one has a small probability and not
    none, but they are never predicted.

    After a fit with X in float64, or with ids that are, everything is computed in float64,
    otherwise in float32.

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
    .. [6] Sutskever et al. (2014). Sequence to sequence learning with neural networks.
       https://arxiv.org/abs/1409.3215
    .. [7] Luong et al. (2015). Effective approaches to attention-based neural machine translation.
       https://arxiv.org/abs/1508.04025

    Examples
    --------
    Learn to write words backwards:

    >>> from skgru import GRUSeq2Seq
    >>> from skgru.preprocessing import TextEncoder
    >>> words = ["stop", "live", "draw", "part", "star", "time", "loop", "pets", "tide", "raw"]
    >>> encoder = TextEncoder("char").fit(words)
    >>> X, y = encoder.transform(words), encoder.transform([word[::-1] for word in words])
    >>> model = GRUSeq2Seq(32, max_iter=100, random_state=0).fit(X, y)
    >>> encoder.inverse_transform(model.predict(encoder.transform(["live", "draw"])))
    ['evil', 'ward']
    >>> model.score(X, y)
    1.0

    What the decoder looks at while it writes the four letters and the end:

    >>> model.attention_weights(X[:1])[0].shape
    (5, 4)
    """

    _auto_n_epochs = 10, 500

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{
            name: constraint
            for name, constraint in BaseGRU._parameter_constraints.items()
            if name not in FIXED
        },
        "target_embedding_dim": [Interval(Integral, 1, None, closed="left")],
        **SEARCH_CONSTRAINTS,
    }

    def __init__(
        self,
        hidden_layer_sizes=(128,),
        *,
        embedding_dim=64,
        target_embedding_dim=64,
        n_features_per_step=1,
        bidirectional=True,
        reset_after=False,
        dropout=0.0,
        recurrent_dropout=0.0,
        beam_width=1,
        length_penalty=1.0,
        max_length=None,
        solver="adam",
        alpha=0.0,
        batch_size=64,
        learning_rate="cosine",
        learning_rate_init=0.005,
        max_grad_norm=1.0,
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
        n_jobs=None,
    ):
        super().__init__(
            hidden_layer_sizes,
            **FIXED,
            embedding_dim=embedding_dim,
            n_features_per_step=n_features_per_step,
            bidirectional=bidirectional,
            reset_after=reset_after,
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
            n_jobs=n_jobs,
        )
        self.target_embedding_dim = target_embedding_dim
        self.beam_width = beam_width
        self.length_penalty = length_penalty
        self.max_length = max_length

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
        """Fit to pairs of sequences.

        Parameters
        ----------
        X : list of array-like, array, or table
            The sources, see the class. With ``warm_start=True`` training goes on from the last fit.
        y : list of array-like of shape (n_timesteps_i,), or array of shape (n_samples, n_timesteps)
            Token ids of the targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; in the loss, k is the same as k copies of the pair.
        X_val, y_val, sample_weight_val : default=None
            Pairs in the forms of X and y on which loss and score are recorded after each epoch, and
            which ``early_stopping=True`` watches in place of a part of X.
        groups : array-like of shape (n_samples,), default=None
            For ``early_stopping=True``: a group is held out as a whole or not at all.

        Returns
        -------
        self : GRUSeq2Seq

        Raises
        ------
        ValueError, TypeError
            If a parameter or the data is not valid, naming sample and step, or training diverges.
            An estimator that was fitted before then still predicts as before.
        """
        validation = X_val, y_val, sample_weight_val
        self._fit(X, y, sample_weight, validation=validation, groups=groups)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch on these pairs, keeping weights and the optimiser's state.

        All of them are trained on: ``early_stopping`` has no effect here, nor has a schedule.
        Weights count beside those of the same call. Tokens that the first call does not see are
        unknown ones for good.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.

        Returns
        -------
        self : GRUSeq2Seq
        """
        self._partial_fit(X, y, sample_weight)
        return self

    def predict(self, X):
        """Return the best target that is found for each sequence.

        Parameters
        ----------
        X : list of array-like, array, or table

        Returns
        -------
        y : list of ndarray of shape (n_tokens_i,), or object array of them
            Token ids, int64; a list if X is one, and otherwise an array, so that
            `sklearn.model_selection.cross_val_predict` can join the folds. The parameters
            ``beam_width``, ``length_penalty`` and ``max_length`` take effect as they are now, also
            after `fit`.
        """
        predicted = [self._ids(found[0]) for found in self._search(X)]
        return predicted if isinstance(X, (list, tuple)) else as_objects(predicted)

    def predict_beams(self, X):
        """Return all targets that are found for each sequence, the best first.

        Parameters
        ----------
        X : list of array-like, array, or table

        Returns
        -------
        targets : list of lists of ndarray of shape (n_tokens_ij,)
            Token ids: for each sequence as many targets as ``beam_width`` says, or all that there
            are, in the order of what ``length_penalty`` makes of their log-probabilities.
        log_proba : list of ndarray of shape (n_targets_i,)
            Natural logarithms of their probabilities, the end included; for targets that
            ``max_length`` cut off, of what there is of them.
        """
        found = self._search(X)
        targets = [[self._ids(one) for one in hypotheses] for hypotheses in found]
        log_proba = [np.array([one.log_probability for one in hypotheses]) for hypotheses in found]
        return targets, log_proba

    def log_likelihood(self, X, y):
        """Return the log-likelihood of each target, given its source.

        Parameters
        ----------
        X : list of array-like, array, or table
        y : list of array-like of shape (n_timesteps_i,), or array of shape (n_samples, n_timesteps)

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,)
            Natural logarithms of the probabilities, the end of the target included, float64.
        """
        check_is_fitted(self)
        samples = self._read(X, y, None, reset=False)
        return np.add.reduceat(self._log_likelihood(samples), begins(samples.n_targets))

    def score(self, X, y, sample_weight=None):
        """Return the share of sequences whose predicted target is the true one in every token.

        Parameters
        ----------
        X : list of array-like, array, or table
        y : list of array-like of shape (n_timesteps_i,), or array of shape (n_samples, n_timesteps)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
            At best 1.
        """
        check_is_fitted(self)
        targets = read_target_sequences(y)
        weights = check_sample_weight(sample_weight, targets.starts, np.float64)
        predicted = [self._ids(found[0]) for found in self._search(X)]
        check_consistent_length(predicted, targets.starts)
        return float(np.average(_are_equal(predicted, targets), weights=weights))

    def attention_weights(self, X, y=None):
        """Return what the decoder looks at while it writes each token.

        Parameters
        ----------
        X : list of array-like, array, or table
        y : list of array-like of shape (n_timesteps_i,), or array, default=None
            Targets that are written; None: those that are predicted.

        Returns
        -------
        attention : list of ndarray of shape (n_target_steps_i + 1, n_source_steps_i)
            A row for each token of the target, and the last one for its end: shares of the steps of
            the source, without padding, which sum to 1. What is smaller than the square of the
            machine epsilon, 1.4e-14 in float32, is 0.
        """
        check_is_fitted(self)
        samples = self._read(X, self.predict(X) if y is None else y, None, reset=False)
        objective = self._trainer.objective
        return objective.network.attention_of(objective.layout.views(self._trainer.params), samples)

    # Reading

    def _read(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        reset: bool,
        classes: Any = None,
        as_set: bool = False,
    ) -> Samples:
        if y is None:
            raise ValueError("GRUSeq2Seq requires y to be passed, but the target y is None.")
        sequences, dtype = self._read_sequences(X, None if reset else self._trainer.params.dtype)
        if reset and self._takes_tokens and not holds_float64(X):
            dtype = np.dtype(np.float32)
        targets = read_target_sequences(y)
        check_consistent_length(sequences.starts, targets.starts)
        if reset:
            self.target_ids_ = np.unique(targets.values)
            self._longest_target = int(targets.lengths.max())
        classes = rows_of(targets.values[:, 0], self.target_ids_)
        framed = _between_ends(classes, targets.lengths, len(self.target_ids_) + 1, dtype)
        samples = Samples(sequences, framed, self._weights(sample_weight, sequences))
        as_set = as_set and self._takes_a_set(len(samples))
        return self._scaled(samples, dtype, as_set=as_set)

    # Training

    def _hold_out(self, samples: Samples, groups: Any) -> tuple[Samples, Samples]:
        return self._hold_out_whole(samples, groups)

    def _new_network(self, samples: Samples, n_raw: int) -> Any:
        return new_encoder_decoder(self, samples.X.n_features, n_raw)

    def _new_loss(self, targets: np.ndarray, weights: np.ndarray) -> Loss:
        return MultinomialLogLoss(len(self.target_ids_) + 2)

    def _loss_and_score(self, held_out: Samples) -> tuple[float, float]:
        weights = held_out.rows()[1]
        loss = -float(np.average(self._log_likelihood(held_out), weights=weights))
        if not np.isfinite(loss):
            return loss, np.nan
        y = held_out.y
        assert isinstance(y, SequenceBatch)
        without_end = SequenceBatch(y.values, y.starts, y.lengths - 1)
        predicted = [found[0].tokens for found in self._found(held_out.X)]
        is_exact = _are_equal(predicted, without_end)
        return loss, float(np.average(is_exact, weights=held_out.weights))

    def _cure_of_divergence(self, samples: Samples) -> str:
        return cure_of_divergence(self)

    # Predicting

    @property
    def max_length_(self) -> int:
        """Number of tokens after which a predicted target ends at the latest."""
        check_is_fitted(self)
        return max(1, 2 * self._longest_target) if self.max_length is None else self.max_length

    def _search(self, X: Any) -> list[list[Hypothesis]]:
        """Return the targets that are found for each sequence, the best one first."""
        check_is_fitted(self)
        given = {name: getattr(self, name) for name in SEARCH_CONSTRAINTS}
        validate_parameter_constraints(SEARCH_CONSTRAINTS, given, type(self).__name__)
        found = self._found(self._read_sequences(X, self._trainer.params.dtype)[0])
        if not all(found):
            raise ValueError(
                f"No target has a probability at sample {found.index([])}: outputs of the network "
                "are not finite. Scale X, and look whether weights_ are finite."
            )
        return found

    def _found(self, sequences: SequenceBatch) -> list[list[Hypothesis]]:
        objective = self._trainer.objective
        network, named = objective.network, objective.layout.views(self._trainer.params)
        search = Search(self.beam_width, self.max_length_, self.length_penalty)
        with blas_threads(1, network.n_units, len(sequences)):
            return most_probable(network, named, sequences, search)

    def _states(self, X: Any, layer: int) -> tuple[SequenceBatch, np.ndarray]:
        """Return X as it was read, and the states of a layer of the encoder, a row per step."""
        sequences, _ = self._read_sequences(X, self._trainer.params.dtype)
        objective = self._trainer.objective
        named = objective.layout.views(self._trainer.params)
        return sequences, encoder_states(objective.network, named, sequences, layer)

    def _input_gradient(self, sequences: SequenceBatch, d_raw: np.ndarray) -> np.ndarray:
        raise TypeError(
            "input_gradient needs an output for each sequence or each of its steps, which a "
            "GRUSeq2Seq has not. Its attention_weights say what it looks at."
        )

    def _ids(self, hypothesis: Hypothesis) -> np.ndarray:
        return self.target_ids_[hypothesis.tokens - 1]

    def _log_likelihood(self, samples: Samples) -> np.ndarray:
        """Return that of each step of the targets, float64."""
        trainer = self._trainer
        network = trainer.objective.network
        with blas_threads(1, network.n_units, len(samples)):
            losses = target_losses(trainer.objective, trainer.params, samples)
        return -losses.astype(np.float64)


def _are_equal(predicted: list[np.ndarray], targets: SequenceBatch) -> list[bool]:
    """Say which of the sequences (n_tokens_i,) are their targets in every token."""
    return [np.array_equal(one, targets.sequence(i)[:, 0]) for i, one in enumerate(predicted)]


def _between_ends(
    classes: np.ndarray, lengths: np.ndarray, end: int, dtype: np.dtype
) -> SequenceBatch:
    """Return targets with the end behind each, and in the row before each."""
    values = np.full((len(classes) + 2 * len(lengths), 1), end, dtype)
    places = np.arange(len(classes)) + 1 + 2 * np.repeat(np.arange(len(lengths)), lengths)
    values[places, 0] = classes
    return SequenceBatch(values, begins(lengths + 2) + 1, lengths + 1)
