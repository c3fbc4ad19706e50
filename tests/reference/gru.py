"""A GRU as one writes it down: one sequence, one step, one gate a line.

Slow on purpose, and complex-capable: with ``x + 1e-30j`` in a parameter the imaginary part of a
result, divided by 1e-30, is its derivative to machine precision (Squire and Trapp 1998,
https://doi.org/10.1137/S003614459631241X). It shares no code with the package. Gate rows of the
parameters are ordered reset, update, candidate, as the package publishes them.
"""

import numpy as np


def sigmoid(a):
    return 0.5 * np.tanh(0.5 * a) + 0.5  # exp of complex numbers would overflow


def step(weights, suffix, h, x, reset_after, mask=1):
    """One step of one layer in one direction; the weights see the state times ``mask``."""
    H = len(h)
    W_ih, W_hh = weights["weight_ih" + suffix], weights["weight_hh" + suffix]
    b = weights["bias_ih" + suffix]
    seen = mask * h
    r = sigmoid(W_ih[:H] @ x + W_hh[:H] @ seen + b[:H])
    z = sigmoid(W_ih[H : 2 * H] @ x + W_hh[H : 2 * H] @ seen + b[H : 2 * H])
    if reset_after:
        q = W_hh[2 * H :] @ seen + weights["bias_hh" + suffix]
        c = np.tanh(W_ih[2 * H :] @ x + b[2 * H :] + r * q)
    else:
        c = np.tanh(W_ih[2 * H :] @ x + W_hh[2 * H :] @ (r * seen) + b[2 * H :])
    return (1 - z) * h + z * c


def layer(weights, suffix, sequence, reset_after, mask=1, initial=0):
    """The states after each step of one layer in one direction."""
    h = initial + np.zeros(weights["weight_hh" + suffix].shape[1], sequence.dtype)
    states = []
    for x in sequence:
        h = step(weights, suffix, h, x, reset_after, mask)
        states.append(h)
    return np.array(states)


def last_layer(weights, sequence, n_layers, bidirectional, reset_after, masks, initial=None):
    """The states of the last layer after each step, and its final states in both directions.

    ``masks`` are those of dropout by the name of what they multiply: "inputs_l1" those of the
    second layer, "state_l0_reverse" what the weights see of a state. ``initial`` are the states of
    each layer before the first step, read forward.
    """
    if "embedding" in weights:
        sequence = weights["embedding"][sequence[:, 0]]
    outputs = sequence.astype(np.result_type(sequence, *weights.values()))
    for i in range(n_layers):
        inputs = outputs * masks.get(f"inputs_l{i}", 1)
        mask = masks.get(f"state_l{i}", 1)
        before = 0 if initial is None else initial[i]
        outputs = layer(weights, f"_l{i}", inputs, reset_after, mask, before)
        final = outputs[-1]
        if bidirectional:
            mask = masks.get(f"state_l{i}_reverse", 1)
            backwards = layer(weights, f"_l{i}_reverse", inputs[::-1], reset_after, mask)[::-1]
            final = np.concatenate([outputs[-1], backwards[0]])
            outputs = np.hstack([outputs, backwards])
    return outputs, final


def attention(weights, outputs):
    scores = [weights["weight_query"][0] @ h / len(h) ** 0.5 for h in outputs]
    exponentials = np.exp(scores)
    return sum(e * h for e, h in zip(exponentials, outputs, strict=True)) / sum(exponentials)


def largest(outputs):
    """Complex numbers have no order: that of the real parts counts."""
    return np.array([unit[np.argmax(unit.real)] for unit in outputs.T])


POOLINGS = {
    "last": lambda weights, outputs, final: final,
    "mean": lambda weights, outputs, final: sum(outputs) / len(outputs),
    "max": lambda weights, outputs, final: largest(outputs),
    "attention": lambda weights, outputs, final: attention(weights, outputs),
    "every step": lambda weights, outputs, final: outputs,
}


def raw_outputs(
    weights,
    sequences,
    n_layers,
    bidirectional,
    reset_after,
    pooling="last",
    masks=None,
    initial=None,
):
    """The outputs before the link of every sequence, or of every step, one sequence at a time."""
    raw = []
    for i, sequence in enumerate(sequences):
        dropped = {} if masks is None else masks[i]
        before = None if initial is None else initial[i]
        kind = n_layers, bidirectional, reset_after
        states = last_layer(weights, sequence, *kind, dropped, before)
        pooled = POOLINGS[pooling](weights, *states) * dropped.get("pooled", 1)
        raw.append(pooled @ weights["weight_out"].T + weights["bias_out"])
    return raw


def squared_error(raw, y):
    return sum((raw[k] - y[k]) ** 2 / 2 for k in range(len(y))) / len(y)


def absolute_error(raw, y):
    total = 0
    for k in range(len(y)):
        error = raw[k] - y[k]
        total = total + (error if error.real > 0 else -error)  # abs of a complex number is real
    return total / len(y)


def huber(raw, y):
    """With delta = 1: the parabola, and its tangents from where their slope is 1."""
    total = 0
    for k in range(len(y)):
        error = raw[k] - y[k]
        if error.real > 1:
            total = total + error - 1 / 2
        elif error.real < -1:
            total = total - error - 1 / 2
        else:
            total = total + error**2 / 2
    return total / len(y)


def poisson(raw, y):
    """Log-likelihood of a mean equal to y, less that of the mean exp(raw)."""
    total = 0
    for k in range(len(y)):
        of_y = y[k] * np.log(y[k]) - y[k] if y[k] > 0 else 0
        of_raw = y[k] * raw[k] - np.exp(raw[k])
        total = total + of_y - of_raw
    return total / len(y)


def quantile(raw, y, quantiles):
    """Each output has its own stretch of raw: the lowest quantile, then what each adds to it."""
    total, Q = 0, len(quantiles)
    for k in range(len(y)):
        q = raw[k * Q]
        for j in range(Q):
            if j > 0:
                q = q + np.log(1 + np.exp(raw[k * Q + j]))
            if y[k] > q.real:
                total = total + quantiles[j] * (y[k] - q)
            else:
                total = total + (1 - quantiles[j]) * (q - y[k])
    return total / (len(y) * Q)


def binary_log_loss(raw, y, class_weight=None):
    total = 0
    for k in range(len(y)):
        weight = 1 if class_weight is None else class_weight[k][int(y[k])]
        total = total + weight * (np.log(1 + np.exp(raw[k])) - y[k] * raw[k])
    return total / len(y)


def multinomial_log_loss(raw, y, class_weight=None):
    k = int(y[0])
    weight = 1 if class_weight is None else class_weight[k]
    return weight * (np.log(np.sum(np.exp(raw))) - raw[k])


LOSSES = {
    "SquaredError": squared_error,
    "AbsoluteError": absolute_error,
    "Huber": huber,
    "Poisson": poisson,
    "Quantile": quantile,
    "BinaryLogLoss": binary_log_loss,
    "MultinomialLogLoss": multinomial_log_loss,
}


def objective(weights, sequences, y, sample_weight, loss, alpha, **architecture):
    """The objective of the design: weighted mean of the losses plus L2 on weights, not biases.

    The loss of a sequence whose steps have targets is the sum over them.
    """
    raw = raw_outputs(weights, sequences, **architecture)
    loss = loss if callable(loss) else LOSSES[loss]
    total = 0
    for w, raw_i, y_i in zip(sample_weight, raw, y, strict=True):
        rows = zip(np.atleast_2d(raw_i), np.atleast_2d(y_i), strict=True)
        total = total + w * sum(loss(*row) for row in rows) / len(sample_weight)
    for name, value in weights.items():
        if not name.startswith("bias"):
            total = total + alpha / 2 * np.sum(value**2)
    return total


def log_likelihood(weights, tokens, n_layers, reset_after):
    """Of a language model: row k of the table is token k, and row 0 stands before the first."""
    h = [np.zeros(weights[f"weight_hh_l{i}"].shape[1]) for i in range(n_layers)]
    total, before = 0.0, 0
    for token in tokens:
        x = weights["embedding"][before]
        for i in range(n_layers):
            x = h[i] = step(weights, f"_l{i}", h[i], x, reset_after)
        raw = weights["weight_out"] @ x + weights["bias_out"]
        total = total + raw[token] - np.log(np.sum(np.exp(raw)))
        before = token
    return total


def encoder_decoder(weights, source, targets, n_layers, bidirectional, reset_after, masks=None):
    """The outputs before the softmax for each target, given those before it.

    The last class is the end: it stands before the first target. Embeddings and layers of the
    decoder have names that end with "_decoder".
    """
    kind = n_layers, bidirectional, reset_after
    memory, final = last_layer(weights, source, *kind, {})
    q = [
        np.tanh(weights[f"weight_bridge_l{i}"] @ final + weights[f"bias_bridge_l{i}"])
        for i in range(n_layers)
    ]
    raw, before = [], len(weights["bias_out"]) - 1
    for t, target in enumerate(targets):
        x = weights["embedding_decoder"][before]
        for i in range(n_layers):
            x = q[i] = step(weights, f"_l{i}_decoder", q[i], x, reset_after)
        scores = np.array([x @ (weights["weight_attention"] @ m) for m in memory])
        shares = np.exp(scores) / np.sum(np.exp(scores))
        context = sum(share * m for share, m in zip(shares, memory, strict=True))
        both = np.concatenate([context, x])
        u = np.tanh(weights["weight_readout"] @ both + weights["bias_readout"])
        u = u * (1 if masks is None else masks[t])
        raw.append(weights["weight_out"] @ u + weights["bias_out"])
        before = int(target)
    return raw


def encoder_decoder_objective(weights, sources, targets, sample_weight, alpha, masks=None, **kind):
    """The objective of `objective`, of sequences that are turned into others."""
    total = 0
    for i, (w, source, y) in enumerate(zip(sample_weight, sources, targets, strict=True)):
        raw = encoder_decoder(weights, source, y, masks=None if masks is None else masks[i], **kind)
        for row, k in zip(raw, y, strict=True):
            total = total + w * multinomial_log_loss(row, [k]) / len(sample_weight)
    for name, value in weights.items():
        if not name.startswith("bias"):
            total = total + alpha / 2 * np.sum(value**2)
    return total
