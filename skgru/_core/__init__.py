"""Numerics of the gated recurrent unit: arrays in, arrays out; numpy and scipy only.

Conventions
-----------
Shape letters: ``T`` steps, ``N`` sequences of a batch, ``F`` features per step, ``H`` hidden
units, ``K`` outputs. ``dx`` or ``d_x`` is the gradient of the objective by ``x``.

Equations, for one layer in one direction, ``h_0 = 0``, ``*`` elementwise::

    r_t = sigmoid(W_r [h_{t-1}, x_t] + b_r)                    reset gate
    z_t = sigmoid(W_z [h_{t-1}, x_t] + b_z)                    update gate: share of new content
    c_t = tanh(W_h [r_t * h_{t-1}, x_t] + b_h)                 candidate (reset_after=False)
    c_t = tanh(W_hx x_t + b_h + r_t * (W_hh h_{t-1} + b_hh))   candidate (reset_after=True)
    h_t = (1 - z_t) * h_{t-1} + z_t * c_t

``z`` multiplies the candidate, as in Cho et al. (2014), https://arxiv.org/abs/1406.1078. PyTorch,
Keras and ONNX let it multiply the old state; their update gate is ours with weights and biases
negated.

Parameters, one flat vector, weights first, frozen ones last (`_params`)::

    embedding     (V, F)   only with tokens; row 0 is for unknown ones
    weight_ih_l0  (3H, F)   rows in the order reset, update, candidate
    weight_hh_l0  (3H, H)
    weight_query  (1, D H)  only with attention; D: number of directions
    weight_out    (K, D H)
    bias_ih_l0    (3H,)
    bias_hh_l0    (H,)      b_hh; only with reset_after
    bias_out      (K,)

and the same with ``_l1`` for the next layer and ``_reverse`` for the second direction.

Objective, over a batch of N samples whose weights have mean 1 over the whole training set::

    J = sum_i w_i loss_i / N + alpha / 2 * (sum of squares of the weights, not of the biases)

``loss_i`` of several outputs is the mean over outputs; where each step has a target, it is the sum
over steps, and the mean that is 1 is that of weight times number of steps. ``J`` is what is
reported, and its gradient is what is followed.

Memory: time first, then features, then sequences (`_tape`); batches hold sequences in the order of
falling length, and each step only those that reach it (`_batching.Packing`).
"""
