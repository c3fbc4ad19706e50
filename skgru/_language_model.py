"""The GRU language model."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._base import BaseGRU
from ._core._generation import Continuation, draw
from ._core._log_losses import MultinomialLogLoss
from ._core._losses import Loss
from ._core._samples import Samples
from ._core._sequences import SequenceBatch, begins
from ._core._streams import cut, n_stretches, step_losses
from ._core._training import Outcome
from ._input_formats import holds_float64
from ._parts import batch_size, cure_of_divergence
from ._sklearn_compat import FitCallbacks, Interval, fit_context, validate_params

# Parameters of the other estimators that are none here: a language model has no choice of them.
FIXED: dict[str, Any] = {
    "n_features_per_step": 1,
    "bidirectional": False,
    "pooling": "last",
    "return_sequences": True,
}

UNKNOWN_ROW = 0  # of the embedding's table; as a class, any token that fit has not seen


class GRULanguageModel(DensityMixin, BaseGRU):
    """Gated recurrent unit that gives sequences of tokens a probability, and makes new ones.

    Trained to predict each token from those before it, it is a density estimator like
    `sklearn.neighbors.KernelDensity`: `fit` on sequences, `score_samples` their log-likelihood,
    `sample` new ones. Tokens may be characters, words, notes of a tune, or events in a log.

    X is a list of sequences of any lengths, each an array (n_timesteps_i,) of token ids; an array
    (n_samples, n_timesteps) of them; or one long sequence, as a list with one array. Ids are
    positive integers, without an upper limit, and 0 at the end of a sequence is padding.
    `skgru.preprocessing.TextEncoder` makes such ids of texts.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(256,)
        Number of units of each stacked GRU layer.
    embedding_dim : int, default=64
        Length of the vector that is learned for each token.
    bptt_steps : int, default=50
        Sequences are trained on in stretches of at most so many steps. Each stretch of a sequence
        begins with the state that the one before it ended with, but its gradient goes no further
        back: truncated backpropagation through time [7]_.
    reset_after : bool, default=False
        Whether the reset gate acts after the product with the recurrent weights, as in cuDNN,
        PyTorch and Keras, or before it, as in [1]_.
    dropout : float, default=0.0
        Share of a layer's outputs that the next layer, or the output layer, does not see in
        training.
    recurrent_dropout : float, default=0.0
        Share of the state that a layer's own weights do not see in training, the same units at
        every step of a sequence [2]_.
    solver : {"adam", "adamw", "rmsprop", "sgd"}, default="adam"
        Adam [3]_; Adam with ``alpha`` as decoupled weight decay [4]_; RMSProp, whose mean of
        squares decays by 0.99; gradient descent with ``momentum``.
    alpha : float, default=0.0
        Strength of the L2 term, ``alpha / 2`` times the sum of squares of all weights, without
        biases. It does not depend on the batch size. Of token vectors those in the batch count.
    batch_size : int or "auto", default=32
        Number of stretches in a mini-batch. Long sequences are walked through in so many lanes side
        by side; where there are fewer sequences, they are cut into as many parts as make up for it,
        each of which begins with a state of zero. "auto" takes all of up to 64 stretches at once;
        of more, a 64th, but at least 16 and at most 200.
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
        Whether to shuffle in each epoch: short sequences among each other, and long ones over the
        lanes. The stretches of a sequence stay in their order. False keeps the order of X.
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
        Share of the sequences held out for ``early_stopping``; with ``groups`` in `fit`, of these;
        of a single sequence its end.
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
        Number of processes that `fit` divides each mini-batch among, where there is enough to do
        for several; None: 1, but for a context of joblib; -1: as many as there are processors. The
        result is the same up to rounding; with dropout, other random numbers are drawn.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of a 2-D X, 1 otherwise.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names; only after `fit` with a table, or with a list of tables, whose column names
        are all strings.
    token_ids_ : ndarray of shape (n_tokens,)
        The ids that are known, in rising order.
    weights_ : dict of str to ndarray
        Named parameters, see the property's own text.
    n_parameters_ : int
        Number of weights and biases.
    n_layers_ : int
        Number of layers, input and output included, as in scikit-learn's MLP.
    n_outputs_ : int
        Number of outputs before the softmax: the first for unknown tokens, then one for each of
        ``token_ids_``.
    out_activation_ : str
        The inverse link of the outputs.
    n_iter_ : int
        Number of epochs trained so far.
    t_ : int
        Number of stretches trained on so far.
    loss_, best_loss_ : float
        Training loss, in nats per token, L2 included, of the last epoch and the lowest of all.
    loss_curve_ : list of float
        Training loss of each epoch.
    validation_loss_curve_, validation_scores_ : list of float or None
        Loss (without L2) and score, which is minus that, on the held-out part or on ``X_val`` after
        each epoch; None without either.
    best_validation_score_ : float or None
        That score of the weights that are kept.
    history_ : dict of str to list of float
        Per epoch: losses, validation score (NaN where there is none), learning rate of the last
        step, mean gradient norm before clipping, and seconds.

    See Also
    --------
    skgru.preprocessing.TextEncoder : Texts as token ids, and back.
    GRUClassifier : A class for each sequence of tokens, or for each step.

    Notes
    -----
    With a vector e_k for each token, the probability of a sequence k_1 ... k_T is the product over
    t of ``p(k_t | k_1 ... k_{t-1}) = softmax(W h_t + b)``, where ``h_t`` is the state of a GRU [1]_
    [6]_ that has read ``e_0, e_{k_1} ... e_{k_{t-1}}``. The vector e_0 stands before the first
    token, and for tokens that `fit` has not seen: they have a class of their own, so that a text
    with such a token has a small probability and not none, but `sample` never draws it. Nothing
    says that a sequence ends: probabilities are those among sequences of one length, and sum to 1
    over them. Where ends matter, let each sequence end with a token for that, and give it to
    `sample` as ``stop``.

    After a fit with ids in float64 everything is computed in float64, otherwise in float32.

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
    .. [6] Mikolov et al. (2010). Recurrent neural network based language model. Interspeech.
    .. [7] Williams and Peng (1990). An efficient gradient-based algorithm for on-line training of
       recurrent network trajectories. Neural Computation 2(4).

    Examples
    --------
    Learn to count, modulo four:

    >>> import numpy as np
    >>> from skgru import GRULanguageModel
    >>> X = [np.arange(start, start + 12) % 4 + 1 for start in range(4)] * 8
    >>> model = GRULanguageModel(16, embedding_dim=4, random_state=0).fit(X)
    >>> model.sample(length=6, prompt=[3, 4], temperature=0)
    [array([1, 2, 3, 4, 1, 2])]
    >>> model.score([[1, 2, 3, 4, 1]]) > model.score([[1, 3, 1, 2, 4]])
    True

    Text, character by character:

    >>> from skgru.preprocessing import TextEncoder
    >>> text = "row, row, row your boat, gently down the stream. " * 20
    >>> encoder = TextEncoder("char")
    >>> X = encoder.fit_transform([text])
    >>> model = GRULanguageModel(32, learning_rate_init=0.02, random_state=0).fit(X)
    >>> prompt = encoder.transform(["row, row, row your "])[0]
    >>> encoder.inverse_transform(model.sample(length=30, prompt=prompt, temperature=0))
    ['boat, gently down the stream. ']
    """

    _auto_n_epochs = 10, 500

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{
            name: constraint
            for name, constraint in BaseGRU._parameter_constraints.items()
            if name not in FIXED
        },
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "bptt_steps": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        hidden_layer_sizes=(256,),
        *,
        embedding_dim=64,
        bptt_steps=50,
        reset_after=False,
        dropout=0.0,
        recurrent_dropout=0.0,
        solver="adam",
        alpha=0.0,
        batch_size=32,
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
        init_from=None,
        freeze=0,
        n_jobs=None,
    ):
        super().__init__(
            hidden_layer_sizes,
            **FIXED,
            embedding_dim=embedding_dim,
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
            init_from=init_from,
            freeze=freeze,
            n_jobs=n_jobs,
        )
        self.bptt_steps = bptt_steps

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None, *, X_val=None, groups=None):
        """Fit to sequences of tokens.

        Parameters
        ----------
        X : list of array-like of shape (n_timesteps_i,), or array of shape (n_samples, n_timesteps)
            Token ids; see the class. With ``warm_start=True`` training goes on from the last fit.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; in the loss, k is the same as k copies of the sequence.
        X_val : default=None
            Sequences in the forms of X on which loss and score are recorded after each epoch, and
            which ``early_stopping=True`` watches in place of a part of X.
        groups : array-like of shape (n_samples,), default=None
            For ``early_stopping=True``: a group is held out as a whole or not at all.

        Returns
        -------
        self : GRULanguageModel

        Raises
        ------
        ValueError, TypeError
            If a parameter or the data is not valid, naming sample and step, or training diverges.
            An estimator that was fitted before then still scores as before.
        """
        self._fit(X, None, sample_weight, validation=(X_val, None, None), groups=groups)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train for one epoch on these sequences, keeping weights and the optimiser's state.

        All of them are trained on: ``early_stopping`` has no effect here, nor has a schedule.
        Weights count beside those of the same call. Tokens that the first call does not see are
        unknown ones for good.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.

        Returns
        -------
        self : GRULanguageModel
        """
        self._partial_fit(X, None, sample_weight)
        return self

    def score_samples(self, X):
        """Return the log-likelihood of each sequence.

        Parameters
        ----------
        X : list of array-like of shape (n_timesteps_i,), or array of shape (n_samples, n_timesteps)

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,)
            Natural logarithms of the probabilities, float64: sums over the tokens of a sequence,
            the first one included.
        """
        check_is_fitted(self)
        samples = self._read(X, None, None, reset=False)
        steps = self._log_likelihood(samples)
        return np.add.reduceat(steps, begins(samples.X.lengths))

    def score(self, X, y=None):
        """Return the mean log-likelihood per token.

        Unlike the sum, which `sklearn.neighbors.KernelDensity` returns, it does not depend on how
        many there are, so folds of cross-validation can be compared.

        Parameters
        ----------
        X : list of array-like of shape (n_timesteps_i,), or array of shape (n_samples, n_timesteps)
        y : None
            Ignored.

        Returns
        -------
        score : float
            In nats; at most 0.
        """
        check_is_fitted(self)
        return float(np.mean(self._log_likelihood(self._read(X, None, None, reset=False))))

    def perplexity(self, X):
        """Return the perplexity: ``exp(-score(X))``.

        Parameters
        ----------
        X : list of array-like of shape (n_timesteps_i,), or array of shape (n_samples, n_timesteps)

        Returns
        -------
        perplexity : float
            Among how many equally probable tokens a choice would be as uncertain as the next one
            is; at least 1.
        """
        return float(np.exp(-self.score(X)))

    def bits_per_token(self, X):
        """Return the cross-entropy in bits: ``-score(X) / log(2)``.

        Parameters
        ----------
        X : list of array-like of shape (n_timesteps_i,), or array of shape (n_samples, n_timesteps)

        Returns
        -------
        bits : float
            To how many bits a token could be compressed; of characters, bits per character.
        """
        return -self.score(X) / float(np.log(2))

    @validate_params(
        {
            "n_samples": [Interval(Integral, 1, None, closed="left")],
            "length": [Interval(Integral, 1, None, closed="left")],
            "temperature": [Interval(Real, 0, None, closed="left")],
            "top_k": [None, Interval(Integral, 1, None, closed="left")],
            "top_p": [None, Interval(Real, 0, 1, closed="right")],
            "random_state": ["random_state"],
        },
        prefer_skip_nested_validation=True,
    )
    def sample(
        self,
        n_samples=1,
        length=100,
        *,
        prompt=None,
        temperature=1.0,
        top_k=None,
        top_p=None,
        stop=None,
        random_state=None,
    ):
        """Make new sequences.

        Each token is drawn given those before it, in the same time however many there are.

        Parameters
        ----------
        n_samples : int, default=1
            Number of sequences.
        length : int, default=100
            Number of tokens that are drawn for each, unless ``stop`` ends it.
        prompt : array-like of shape (n_steps,), or list of n_samples such, default=None
            What goes before the first token that is drawn: the same for all, or one for each.
        temperature : float, default=1.0
            What logarithms of probabilities are divided by before each draw: below 1 the probable
            tokens get more probable, at 0 the most probable one is taken.
        top_k : int, default=None
            Draw from so many of the most probable tokens only.
        top_p : float, default=None
            Draw from the fewest of the most probable tokens only that together have at least this
            probability [1]_.
        stop : int or array-like of int, default=None
            Token ids; a sequence ends with the first of them that is drawn.
        random_state : int, RandomState instance or None, default=None
            Seeds the draws.

        Returns
        -------
        X : list of ndarray of shape (n_tokens_i,)
            Token ids that were drawn, int64; the prompt is not repeated. Tokens that `fit` has not
            seen are never drawn.

        Raises
        ------
        ValueError
            If a parameter is not valid, the number of prompts is not ``n_samples``, or naming the
            first prompt and step with an id that is not known.

        References
        ----------
        .. [1] Holtzman et al. (2020). The curious case of neural text degeneration.
           https://arxiv.org/abs/1904.09751
        """
        check_is_fitted(self)
        rng = check_random_state(random_state)
        prompts = self._prompts(prompt, n_samples)
        is_stop = np.zeros(len(self.token_ids_) + 1, bool)
        if stop is not None:
            is_stop[self._known_rows(np.atleast_1d(stop), "stop")] = True
        objective = self._trainer.objective
        named = objective.layout.views(self._trainer.params)
        continuation = Continuation(objective.network, named, prompts)
        drawn = np.empty((length, n_samples), np.int64)
        lengths = np.full(n_samples, length)
        for step in range(length):
            raw = continuation.raw()
            raw[:, UNKNOWN_ROW] = -np.inf
            rows = draw(raw, rng, temperature=temperature, top_k=top_k, top_p=top_p)
            drawn[step] = rows
            lengths[is_stop[rows]] = np.minimum(lengths[is_stop[rows]], step + 1)
            if lengths.max() <= step + 1:
                break
            continuation.step(rows)
        return [self.token_ids_[drawn[:n, i] - 1] for i, n in enumerate(lengths)]

    def _prompts(self, prompt: Any, n_samples: int) -> SequenceBatch:
        """Return what is read before the first draw: what begins a sequence, and its prompt."""
        prompts = [] if prompt is None else prompt
        is_one = not hasattr(prompts, "__len__") or all(np.ndim(one) == 0 for one in prompts)
        if not is_one and len(prompts) == 1:
            is_one, prompts = True, prompts[0]
        if not is_one and len(prompts) != n_samples:
            raise ValueError(
                f"prompt holds {len(prompts)} sequences, but n_samples={n_samples}. Set "
                f"n_samples={len(prompts)}, or give one sequence for all."
            )
        start = [UNKNOWN_ROW]
        if is_one:
            sequences = [np.r_[start, self._known_rows(prompts, "prompt")]] * n_samples
        else:
            sequences = [
                np.r_[start, self._known_rows(one, "prompt", i)] for i, one in enumerate(prompts)
            ]
        return SequenceBatch.from_list([sequence[:, None] for sequence in sequences])

    def _known_rows(self, ids: Any, name: str, sample: int | None = None) -> np.ndarray:
        """Return the rows of the embedding's table for ids (n_steps,), all of which it has."""
        ids = np.asarray(ids)
        place = "" if sample is None else f"sample {sample}, "
        if ids.ndim != 1 or (len(ids) and ids.dtype.kind not in "iuf"):
            raise ValueError(
                f"{name} must hold token ids, integers in one dimension, but is {ids!r}"
                f"{'' if sample is None else f' at sample {sample}'}. TextEncoder makes ids of "
                "texts."
            )
        unknown = np.flatnonzero(~np.isin(ids, self.token_ids_))
        if len(unknown):
            raise ValueError(
                f"{name} holds {ids[unknown[0]]} at {place}step {unknown[0]}, which is no token "
                "that fit has seen. Leave it out, or fit on data that have it; token_ids_ lists "
                "those that are known."
            )
        return np.searchsorted(self.token_ids_, ids) + 1

    # What is the language model's own of reading and training

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
        tokens, dtype = self._read_sequences(X, None if reset else self._trainer.params.dtype)
        if reset and not holds_float64(X):
            dtype = np.dtype(np.float32)
        samples = _shifted(tokens, dtype, self._weights(sample_weight, tokens))
        as_set = as_set and self._takes_a_set(n_stretches(samples, self.bptt_steps))
        return self._scaled(samples, dtype, as_set=as_set)

    def _read_validation(self, X: Any, y: Any, sample_weight: Any) -> Samples | None:
        if X is None:
            return None
        try:
            return self._read(X, y, sample_weight, reset=False)
        except ValueError as error:
            raise ValueError(f"In X_val: {error}") from error

    def _hold_out(self, samples: Samples, groups: Any) -> tuple[Samples, Samples]:
        if len(samples) == 1 and self.validation_split is None:
            return _split_in_time(samples, self.validation_fraction)
        return self._hold_out_whole(samples, groups)

    @property
    def _longest_stretch(self) -> float:
        return self.bptt_steps

    def _train(
        self, samples: Samples, held_out: Samples | None, callbacks: FitCallbacks | None
    ) -> Outcome:
        n_lanes = batch_size(self, n_stretches(samples, self.bptt_steps))
        return super()._train(cut(samples, self.bptt_steps, n_lanes), held_out, callbacks)

    def _states(self, X: Any, layer: int) -> tuple[SequenceBatch, np.ndarray]:
        """Return the states after each token; what stands before the first one is read too."""
        check_is_fitted(self)
        samples = self._read(X, None, None, reset=False)
        lengths = samples.X.lengths + 1
        whole = SequenceBatch(samples.X.values, samples.X.starts, lengths)
        objective = self._trainer.objective
        named = objective.layout.views(self._trainer.params)
        states = objective.network.states(named, whole, layer)
        return samples.X, np.delete(states, begins(lengths), axis=0)

    def _loss_and_score(self, held_out: Samples) -> tuple[float, float]:
        steps, weights = self._log_likelihood(held_out), held_out.rows()[1]
        score = float(np.average(steps, weights=weights))
        return -score, score

    def _log_likelihood(self, samples: Samples) -> np.ndarray:
        """Return that of each step, float64."""
        trainer = self._trainer
        return -step_losses(trainer.objective, trainer.params, samples).astype(np.float64)

    def _cure_of_divergence(self, samples: Samples) -> str:
        return cure_of_divergence(self)

    def _new_loss(self, targets: np.ndarray, weights: np.ndarray) -> Loss:
        return MultinomialLogLoss(len(self.token_ids_) + 1)


def _shifted(tokens: SequenceBatch, dtype: np.dtype, weights: np.ndarray) -> Samples:
    """Return samples whose targets are tokens, and whose inputs are those before them."""
    lengths = tokens.lengths
    starts = begins(lengths + 1)
    values = np.full((int(lengths.sum()) + len(lengths), 1), UNKNOWN_ROW, np.int64)
    steps = np.arange(int(lengths.sum())) + np.repeat(np.arange(len(lengths)) + 1, lengths)
    values[steps] = tokens.rows()
    return Samples(
        SequenceBatch(values, starts, lengths),
        SequenceBatch(values.astype(dtype), starts + 1, lengths),
        weights,
    )


def _split_in_time(samples: Samples, fraction: float) -> tuple[Samples, Samples]:
    """Hold out the end of a single sequence."""
    targets, n_steps = samples.y, int(samples.X.lengths[0])
    assert isinstance(targets, SequenceBatch)
    n_kept = n_steps - int(np.ceil(fraction * n_steps))
    if n_kept == 0:
        raise ValueError(
            f"early_stopping would hold out all of the {n_steps} steps of the only sequence: give "
            "more, set a smaller validation_fraction, or early_stopping=False."
        )

    def part(start: int, stop: int) -> Samples:
        lengths = np.array([stop - start])
        X = SequenceBatch(samples.X.values, samples.X.starts + start, lengths)
        y = SequenceBatch(targets.values, targets.starts + start, lengths)
        return Samples(X, y, samples.weights).with_mean_weight_1()

    return part(0, n_kept), part(n_kept, n_steps)
