"""A GRU as one writes it down: one sequence, one step, one gate a line.

Slow on purpose, and complex-capable: with ``x + 1e-30j`` in a parameter the imaginary part of a
result, divided by 1e-30, is its derivative to machine precision (Squire and Trapp 1998,
https://doi.org/10.1137/S003614459631241X). It shares no code with the package. Gate rows of the
parameters are ordered reset, update, candidate, as the package publishes them.
"""

import numpy as np


def sigmoid(a):
    return 0.5 * np.tanh(0.5 * a) + 0.5  # exp of complex numbers would overflow


def step(weights, suffix, h, x, reset_after):
    """One step of one layer in one direction."""
    H = len(h)
    W_ih, W_hh = weights["weight_ih" + suffix], weights["weight_hh" + suffix]
    b = weights["bias_ih" + suffix]
    r = sigmoid(W_ih[:H] @ x + W_hh[:H] @ h + b[:H])
    z = sigmoid(W_ih[H : 2 * H] @ x + W_hh[H : 2 * H] @ h + b[H : 2 * H])
    if reset_after:
        q = W_hh[2 * H :] @ h + weights["bias_hh" + suffix]
        c = np.tanh(W_ih[2 * H :] @ x + b[2 * H :] + r * q)
    else:
        c = np.tanh(W_ih[2 * H :] @ x + W_hh[2 * H :] @ (r * h) + b[2 * H :])
    return (1 - z) * h + z * c


def layer(weights, suffix, sequence, reset_after):
    """The states after each step of one layer in one direction."""
    h = np.zeros(weights["weight_hh" + suffix].shape[1], sequence.dtype)
    states = []
    for x in sequence:
        h = step(weights, suffix, h, x, reset_after)
        states.append(h)
    return np.array(states)


def pooled(weights, sequence, n_layers, bidirectional, reset_after):
    """The final states of the last layer: forwards, then backwards in time."""
    dtype = np.result_type(sequence, *weights.values())
    outputs = sequence.astype(dtype)
    for i in range(n_layers):
        forwards = layer(weights, f"_l{i}", outputs, reset_after)
        final = forwards[-1]
        outputs_next = forwards
        if bidirectional:
            backwards = layer(weights, f"_l{i}_reverse", outputs[::-1], reset_after)[::-1]
            final = np.concatenate([forwards[-1], backwards[0]])
            outputs_next = np.hstack([forwards, backwards])
        outputs = outputs_next
    return final


def raw_outputs(weights, sequences, n_layers, bidirectional, reset_after):
    """The outputs before the link of every sequence, one at a time."""
    return np.array(
        [
            weights["weight_out"] @ pooled(weights, x, n_layers, bidirectional, reset_after)
            + weights["bias_out"]
            for x in sequences
        ]
    )


def squared_error(raw, y):
    return sum((raw[k] - y[k]) ** 2 / 2 for k in range(len(y))) / len(y)


def binary_log_loss(raw, y):
    return sum(np.log(1 + np.exp(raw[k])) - y[k] * raw[k] for k in range(len(y))) / len(y)


def multinomial_log_loss(raw, y):
    return np.log(np.sum(np.exp(raw))) - raw[int(np.argmax(y))]


LOSSES = {
    "SquaredError": squared_error,
    "BinaryLogLoss": binary_log_loss,
    "MultinomialLogLoss": multinomial_log_loss,
}


def objective(weights, sequences, y, sample_weight, loss, alpha, **architecture):
    """The objective of the design: weighted mean of the losses plus L2 on weights, not biases."""
    raw = raw_outputs(weights, sequences, **architecture)
    total = sum(w * LOSSES[loss](raw[i], y[i]) for i, w in enumerate(sample_weight)) / len(y)
    for name, value in weights.items():
        if name.startswith("weight"):
            total = total + alpha / 2 * np.sum(value**2)
    return total
