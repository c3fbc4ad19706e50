"""What is timed: problems of ten sizes, `GRURegressor`, and peers that train the same model.

A peer is made for one problem and has up to three methods, timed as they stand: ``fit()``,
``predict(n)`` of the first n sequences, and before that ``prepare(estimator)``, not timed, which
trains it, or takes over the weights of a fitted `GRURegressor` and checks that it agrees with it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skgru import GRURegressor

N_EPOCHS = 3
ALPHA = 1e-4
LEARNING_RATE = 1e-3
MAX_GRAD_NORM = 1.0


class Row(NamedTuple):
    """One size of problem."""

    n_samples: int
    n_timesteps: int
    n_features: int
    n_hidden: int
    batch_size: int

    def __str__(self) -> str:
        return ", ".join(map(str, self))


ROWS = (
    Row(1000, 10, 1, 5, 32),
    Row(1000, 10, 1, 32, 32),
    Row(1000, 50, 4, 32, 32),
    Row(1000, 50, 8, 64, 64),
    Row(1000, 50, 1, 64, 200),
    Row(512, 100, 8, 128, 64),
    Row(1024, 28, 28, 128, 256),
    Row(512, 100, 16, 128, 256),
    Row(512, 50, 32, 256, 128),
    Row(400, 200, 1, 100, 200),
)


def random_data(row: Row, dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
    """Draw X (n, T, F) and y (n,) from a normal distribution."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((row.n_samples, row.n_timesteps, row.n_features), dtype)
    return X, rng.standard_normal(row.n_samples, dtype)


def regressor(
    row: Row, *, reset_after: bool = False, n_epochs: int = N_EPOCHS, n_jobs: int | None = None
) -> GRURegressor:
    """Return what the peers are compared with; it trains for all epochs."""
    return GRURegressor(
        row.n_hidden,
        reset_after=reset_after,
        alpha=ALPHA,
        batch_size=row.batch_size,
        learning_rate="constant",
        learning_rate_init=LEARNING_RATE,
        max_grad_norm=MAX_GRAD_NORM,
        max_iter=n_epochs,
        tol=0,
        n_iter_no_change=n_epochs,
        random_state=0,
        n_jobs=n_jobs,
    )


def check_agreement(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Raise if a peer with our weights computes something else: it would be another model."""
    np.testing.assert_allclose(np.asarray(theirs).ravel(), ours, rtol=1e-3, atol=1e-4)


class Torch:
    """`nn.GRU` and `nn.Linear` in the shortest loop: nothing is checked, no loss is kept."""

    times_fit = True

    def __init__(self, row: Row, X: np.ndarray, y: np.ndarray, n_threads: int) -> None:
        import torch

        torch.set_num_threads(n_threads)
        torch.manual_seed(0)
        self.torch = torch
        self.row = row
        self.X, self.y = torch.from_numpy(X), torch.from_numpy(y)

    def new_module(self) -> Any:
        return torch_module(self.row).to(self.X.dtype)

    def fit(self, n_epochs: int = N_EPOCHS) -> Any:
        self.torch.set_flush_denormal(True)  # of this thread, so it is not left to our own fits
        try:
            return self._fit(n_epochs)
        finally:
            self.torch.set_flush_denormal(False)

    def _fit(self, n_epochs: int) -> Any:
        torch, model = self.torch, self.new_module()
        optimizer = torch.optim.Adam(
            model.parameters(), lr=LEARNING_RATE, weight_decay=ALPHA, fused=True
        )
        for _ in range(n_epochs):
            for batch in torch.randperm(len(self.X)).split(self.row.batch_size):
                optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(model(self.X[batch])[:, 0], self.y[batch])
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
                optimizer.step()
        return model

    def prepare(self, estimator: GRURegressor) -> None:
        self.model = self.fit()

    def predict(self, n: int) -> Any:
        with self.torch.inference_mode():
            return self.model(self.X[:n])


def torch_module(row: Row) -> Any:
    """Return a GRU layer and an affine map of its last state."""
    import torch

    class LastState(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru = torch.nn.GRU(row.n_features, row.n_hidden, batch_first=True)
            self.head = torch.nn.Linear(row.n_hidden, 1)

        def forward(self, X: Any) -> Any:
            outputs, _ = self.gru(X)
            return self.head(outputs[:, -1])

    return LastState()


class Skorch:
    """The module of `Torch` in skorch's estimator, without its printed table and validation."""

    times_fit = True

    def __init__(self, row: Row, X: np.ndarray, y: np.ndarray, n_threads: int) -> None:
        import torch
        from skorch import NeuralNetRegressor
        from skorch.callbacks import GradientNormClipping

        torch.set_num_threads(n_threads)
        torch.manual_seed(0)
        self.X, self.y = X, y[:, None]
        self.net = NeuralNetRegressor(
            torch_module(row).to(torch.from_numpy(X).dtype),
            criterion=torch.nn.MSELoss,
            optimizer=torch.optim.Adam,
            optimizer__weight_decay=ALPHA,
            optimizer__fused=True,
            lr=LEARNING_RATE,
            max_epochs=N_EPOCHS,
            batch_size=row.batch_size,
            iterator_train__shuffle=True,
            iterator_valid__batch_size=-1,  # predict all at once
            train_split=None,
            callbacks=[GradientNormClipping(MAX_GRAD_NORM)],
            verbose=0,
        )

    def fit(self) -> None:
        self.net.fit(self.X, self.y)

    def prepare(self, estimator: GRURegressor) -> None:
        self.fit()

    def predict(self, n: int) -> Any:
        return self.net.predict(self.X[:n])


class Jax:
    """A jitted step of training, with `lax.scan` over time and the input's products before it.

    What is compiled stays compiled: the first call, which is not timed, pays for that.
    """

    times_fit = True

    def __init__(self, row: Row, X: np.ndarray, y: np.ndarray, n_threads: int) -> None:
        import jax

        jax.config.update("jax_enable_x64", X.dtype == np.float64)
        self.jax = jax
        self.row = row
        self.X, self.y = jax.numpy.asarray(X), jax.numpy.asarray(y)
        self.given = X
        self.step = jax.jit(self._step, donate_argnums=0)
        self.evaluate = jax.jit(self._forward)

    def _forward(self, params: dict[str, Any], X: Any) -> Any:
        jnp, nn, H = self.jax.numpy, self.jax.nn, self.row.n_hidden
        of_input = jnp.einsum("ntf,gf->tng", X, params["weight_ih"]) + params["bias_ih"]
        to_gates, to_candidate = params["weight_hh"][: 2 * H].T, params["weight_hh"][2 * H :].T

        def advance(h: Any, a: Any) -> tuple[Any, None]:
            gates = nn.sigmoid(a[:, : 2 * H] + h @ to_gates)
            r, z = gates[:, :H], gates[:, H:]
            c = jnp.tanh(a[:, 2 * H :] + (r * h) @ to_candidate)
            return h + z * (c - h), None

        start = jnp.zeros((len(X), H), X.dtype)
        h, _ = self.jax.lax.scan(advance, start, of_input)
        return h @ params["weight_out"].T + params["bias_out"]

    def _step(self, state: Any, batch: Any) -> Any:
        jax, jnp = self.jax, self.jax.numpy
        params, m, v, t = state
        X, y = self.X[batch], self.y[batch]

        def loss(params: dict[str, Any]) -> Any:
            return jnp.mean((self._forward(params, X)[:, 0] - y) ** 2)

        gradient = jax.grad(loss)(params)
        gradient = jax.tree.map(lambda g, p: g + ALPHA * p, gradient, params)
        norm = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(gradient)))
        gradient = jax.tree.map(lambda g: g * jnp.minimum(1, MAX_GRAD_NORM / norm), gradient)
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
        rate = LEARNING_RATE * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), params, m, v)
        return params, m, v, t

    def fit(self) -> dict[str, Any]:
        jax, jnp, row, dtype = self.jax, self.jax.numpy, self.row, self.X.dtype
        rng = np.random.RandomState(0)
        H, F = row.n_hidden, row.n_features
        shapes = {
            "weight_ih": (3 * H, F),
            "weight_hh": (3 * H, H),
            "bias_ih": (3 * H,),
            "weight_out": (1, H),
            "bias_out": (1,),
        }
        bound = H**-0.5
        params = {
            name: jnp.asarray(rng.uniform(-bound, bound, shape), dtype)
            for name, shape in shapes.items()
        }
        zeros = jax.tree.map(jnp.zeros_like, params)
        state = params, zeros, jax.tree.map(jnp.zeros_like, params), jnp.zeros((), dtype)
        for _ in range(N_EPOCHS):
            order = rng.permutation(row.n_samples)
            for start in range(0, row.n_samples, row.batch_size):
                state = self.step(state, order[start : start + row.batch_size])
        return jax.block_until_ready(state)[0]

    def prepare(self, estimator: GRURegressor) -> None:
        self.params = {
            name.removesuffix("_l0"): self.jax.numpy.asarray(weights)
            for name, weights in estimator.weights_.items()
        }
        check_agreement(estimator.predict(self.given), self.predict(len(self.given)))

    def predict(self, n: int) -> np.ndarray:
        # A slice of what JAX holds would be a step of its own.
        return np.asarray(self.evaluate(self.params, self.given[:n]))


class OnnxRuntime:
    """The GRU operator of ONNX with the weights of a fitted `GRURegressor`; it does not train."""

    times_fit = False

    def __init__(self, row: Row, X: np.ndarray, y: np.ndarray, n_threads: int) -> None:
        self.X = X
        self.n_threads = n_threads

    def prepare(self, estimator: GRURegressor) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.n_threads
        options.inter_op_num_threads = 1
        model = onnx_model(estimator.weights_).SerializeToString()
        self.session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        check_agreement(estimator.predict(self.X), self.predict(len(self.X)))

    def predict(self, n: int) -> np.ndarray:
        return self.session.run(None, {"X": self.X[:n]})[0]


def onnx_model(weights: dict[str, np.ndarray]) -> Any:
    """Write a unidirectional layer with `reset_after=False` and its head as an ONNX model.

    ONNX orders gates update, reset, candidate, and its update gate says how much of the old state
    is kept: ours with the sign of its pre-activation changed.
    """
    from onnx import TensorProto, helper, numpy_helper

    H, F = weights["weight_hh_l0"].shape[1], weights["weight_ih_l0"].shape[1]

    def arranged(rows: np.ndarray) -> np.ndarray:
        r, z, c = np.split(rows, 3)
        return np.concatenate([-z, r, c])[None]

    bias = arranged(weights["bias_ih_l0"])
    constants = {
        "W": arranged(weights["weight_ih_l0"]),
        "R": arranged(weights["weight_hh_l0"]),
        "B": np.concatenate([bias, np.zeros_like(bias)], axis=1),
        "weight_out": weights["weight_out"],
        "bias_out": weights["bias_out"],
        "first": np.zeros(1, np.int64),
    }
    nodes = [
        helper.make_node("Transpose", ["X"], ["steps"], perm=[1, 0, 2]),
        helper.make_node("GRU", ["steps", "W", "R", "B"], ["", "states"], hidden_size=H),
        helper.make_node("Squeeze", ["states", "first"], ["last"]),
        helper.make_node("Gemm", ["last", "weight_out", "bias_out"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "gru",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", "t", F])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


RIVALS = {"torch": Torch, "jax": Jax, "onnxruntime": OnnxRuntime, "skorch": Skorch}
