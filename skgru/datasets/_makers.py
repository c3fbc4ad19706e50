"""Problems made by a formula."""

from __future__ import annotations

from sklearn.utils import Bunch, check_random_state


def make_last_value(n_samples=1000, n_timesteps=10, *, random_state=None, return_X_y=False):
    """Make random sequences of integers in 0..99 whose target is their last one.

    The smallest problem that only a model that knows the order can solve.

    Parameters
    ----------
    n_samples : int, default=1000
    n_timesteps : int, default=10
    random_state : int, RandomState instance or None, default=None
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``data`` (n_samples, n_timesteps, 1), ``target`` (n_samples,), both float64;
        ``feature_names``, ``target_names``, ``DESCR``.

    Examples
    --------
    >>> from skgru.datasets import make_last_value
    >>> X, y = make_last_value(n_samples=5, random_state=0, return_X_y=True)
    >>> X.shape, bool((X[:, -1, 0] == y).all())
    ((5, 10, 1), True)
    """
    rng = check_random_state(random_state)
    data = rng.randint(100, size=(n_samples, n_timesteps, 1)).astype(float)
    target = data[:, -1, 0].copy()
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        feature_names=["number"],
        target_names=["last number"],
        DESCR=(
            f"Last value: {n_samples} sequences of {n_timesteps} random integers in 0..99, shape "
            f"{data.shape}; the target is the last one of each.\n\nSource: made by a formula.\n"
            "Licence: none needed.\n"
        ),
    )
