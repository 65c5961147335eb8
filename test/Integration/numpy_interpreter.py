"""Evaluates the programs that JAX traces (jaxprs) in NumPy.

Compiling a program of a case takes XLA a second or more, and it runs once; here
it runs at once. Rounding to 16 bits is that of ml_dtypes, operation by operation.
A primitive that is not in the table is an error.
"""

import jax.extend.core
import numpy as np

from reference import erf


def _dot_general(a, b, dimension_numbers, **_):
    (a_sum, b_sum), (a_batch, b_batch) = dimension_numbers
    a_free = [i for i in range(a.ndim) if i not in (*a_sum, *a_batch)]
    b_free = [i for i in range(b.ndim) if i not in (*b_sum, *b_batch)]
    batch = tuple(a.shape[i] for i in a_batch)
    size = lambda x, axes: int(np.prod([x.shape[i] for i in axes], dtype=int))
    left = a.transpose(*a_batch, *a_free, *a_sum)
    left = left.reshape(*batch, size(a, a_free), size(a, a_sum))
    right = b.transpose(*b_batch, *b_sum, *b_free)
    right = right.reshape(*batch, size(b, b_sum), size(b, b_free))
    free = [a.shape[i] for i in a_free] + [b.shape[i] for i in b_free]
    return (left @ right).reshape(*batch, *free)


def _broadcast(x, shape, broadcast_dimensions, **_):
    sizes = [1] * len(shape)
    for source, target in enumerate(broadcast_dimensions):
        sizes[target] = x.shape[source]
    return np.broadcast_to(x.reshape(sizes), shape)


def _pad(x, value, padding_config):
    low, high, interior = zip(*padding_config) if padding_config else ((), (), ())
    assert not any(interior) and min((*low, *high), default=0) >= 0, padding_config
    return np.pad(x, list(zip(low, high)), constant_values=value)


def _slice(x, start_indices, limit_indices, strides):
    strides = strides or (1,) * x.ndim
    return x[tuple(map(slice, start_indices, limit_indices, strides))]


PRIMITIVES = {
    "abs": np.abs,
    "add": np.add,
    "add_any": np.add,
    "and": np.logical_and,
    "broadcast_in_dim": _broadcast,
    "concatenate": lambda *parts, dimension: np.concatenate(parts, dimension),
    "convert_element_type": lambda x, new_dtype, **_: x.astype(new_dtype),
    "copy": lambda x: x,
    "copy_p": lambda x: x,
    "div": np.divide,
    "dot_general": _dot_general,
    "eq": np.equal,
    "erf": lambda x, **_: erf(x),
    "exp": np.exp,
    "ge": np.greater_equal,
    "gt": np.greater,
    "integer_pow": lambda x, y: x**y,
    "le": np.less_equal,
    "log": np.log,
    "lt": np.less,
    "max": np.maximum,
    "min": np.minimum,
    "mul": np.multiply,
    "ne": np.not_equal,
    "neg": np.negative,
    "or": np.logical_or,
    "pad": _pad,
    "reduce_max": lambda x, axes, **_: x.max(axes, initial=-np.inf),
    "reduce_sum": lambda x, axes, **_: x.sum(axes),
    "reshape": lambda x, new_sizes, **_: x.reshape(new_sizes),
    "rsqrt": lambda x, **_: 1 / np.sqrt(x),
    "select_n": lambda which, zero, one: np.where(which, one, zero),
    "sign": np.sign,
    "slice": _slice,
    "split": lambda x, sizes, axis: np.split(x, np.cumsum(sizes)[:-1], axis),
    "sqrt": np.sqrt,
    "square": np.square,
    "squeeze": lambda x, dimensions: x.squeeze(dimensions),
    "stop_gradient": lambda x: x,
    "sub": np.subtract,
    "tanh": np.tanh,
    "transpose": lambda x, permutation: x.transpose(permutation),
}
# Where a primitive that calls another program keeps it.
CALLED = ("jaxpr", "call_jaxpr", "fun_jaxpr")


def evaluate(closed, *arguments):
    """The results of a jaxpr with its constants."""
    return _evaluate(closed.jaxpr, closed.consts, arguments)


def _evaluate(jaxpr, constants, arguments):
    values = dict(zip(jaxpr.constvars, constants))
    values |= dict(zip(jaxpr.invars, arguments))

    def read(variable):
        if isinstance(variable, jax.extend.core.Literal):
            return np.asarray(variable.val, variable.aval.dtype)
        return np.asarray(values[variable])

    for equation in jaxpr.eqns:
        operands = [read(v) for v in equation.invars]
        called = next((equation.params[n] for n in CALLED if n in equation.params), None)
        if called is not None:
            results = evaluate(called, *operands)
        else:
            function = PRIMITIVES[equation.primitive.name]
            # Of an elementwise function, the parameters only choose the type.
            elementwise = isinstance(function, np.ufunc)
            results = function(*operands, **({} if elementwise else equation.params))
            results = results if equation.primitive.multiple_results else [results]
        for variable, result in zip(equation.outvars, results):
            result = np.asarray(result)
            expected = (variable.aval.shape, variable.aval.dtype)
            assert (result.shape, result.dtype) == expected, (equation, result.shape)
            values[variable] = result
    return [read(v) for v in jaxpr.outvars]
