"""TMA: tiles of tensors of 1 to 5 dimensions, in and out, with fill and swizzles."""

import numpy as np

from formats import F32, FORMATS
from harness import Buffer, Case, Exact, TensorMap, module

SHARED = ".shared .align 8 .b64 barrier;\n.extern .shared .align 1024 .b8 tile[];"
TYPES = {"u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "i32": np.int32, "u64": np.uint64,
         "i64": np.int64, "f16": np.uint16, "bf16": np.uint16, "f32": np.uint32, "f64": np.uint64}


def swizzled(offset, span):
    """The 16-byte chunks of each row of `span` bytes, XORed with the 128-byte row number."""
    bits = {0: 0, 32: 1, 64: 3, 128: 7}[span]
    return offset ^ ((offset >> 7 & bits) << 4)


def swizzle_bytes(data, span):
    result = np.zeros_like(data)
    offsets = np.arange(len(data))
    result[swizzled(offsets, span)] = data
    return result


def box_of(tensor, start, box, fill):
    """start and box innermost first; the tensor's axes are outermost first."""
    result = np.full(box[::-1], fill, tensor.dtype)
    for index in np.ndindex(*box[::-1]):
        at = [i + s for i, s in zip(index, start[::-1])]
        if all(0 <= a < n for a, n in zip(at, tensor.shape)):
            result[index] = tensor[tuple(at)]
    return result


def coordinates(start):
    return "{" + ", ".join(map(str, start)) + "}"


def random_tensor(random, shape, dtype):
    count = int(np.prod(shape))
    raw = random.integers(0, 256, count * dtype().itemsize).astype(np.uint8)
    return raw.view(dtype).reshape(shape)


def padded(tensor, stride_bytes):
    """The bytes of a tensor whose dimension strides are given, innermost first from dim 1."""
    strides = (tensor.itemsize, *stride_bytes)[::-1]
    size = sum((n - 1) * s for n, s in zip(tensor.shape, strides)) + tensor.itemsize
    size = max(size, strides[0] * tensor.shape[0])
    memory = np.full(size, 0xEE, np.uint8)
    view = np.lib.stride_tricks.as_strided(
        memory, shape=(*tensor.shape, tensor.itemsize), strides=(*strides, 1))
    view[...] = np.ascontiguousarray(tensor).view(np.uint8).reshape(*tensor.shape, tensor.itemsize)
    return memory


def natural_strides(dims, itemsize, padding=0):
    strides, size = [], itemsize
    for d in dims[:-1]:
        size = -(-(size * d) // 16) * 16 + padding
        strides.append(size)
    return tuple(strides)


def load_case(random, name, type, dims, box, start, swizzle=0, padding=0, fill_nan=False):
    dtype = TYPES[type]
    tensor = random_tensor(random, dims[::-1], dtype)
    strides = natural_strides(dims, tensor.itemsize, padding)
    memory = padded(tensor, strides)
    # Which NaN fills is not specified.
    format = FORMATS[type] if fill_nan else None
    fill = format.nan if fill_nan else 0
    expected = np.ascontiguousarray(box_of(tensor, start, box, fill)).view(np.uint8).ravel()
    expected = swizzle_bytes(expected, swizzle)
    size = len(expected)
    rank = len(dims)
    body = f"""
  mov.u32 %r40, tile;
  mov.u32 %r41, barrier;
  setp.ne.u32 %p0, %t, 0;
  @%p0 bra L;
  mbarrier.init.shared::cta.b64 [%r41], 1;
  fence.mbarrier_init.release.cluster;
  mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r41], {size};
  mov.b64 %q2, p2;
  cvta.param.u64 %q2, %q2;
  cp.async.bulk.tensor.{rank}d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%r40], [%q2, {coordinates(start)}], [%r41];
L:
  bar.sync 0;
W:
  mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r41], 0;
  @!%p1 bra W;
  ld.param.u64 %q1, [p1];
  mov.u32 %r1, %t;
C:
  setp.ge.u32 %p2, %r1, {size // 4};
  @%p2 bra E;
  mad.lo.u32 %r2, %r1, 4, %r40;
  mad.wide.u32 %q3, %r1, 4, %q1;
  ld.shared.b32 %r3, [%r2];
  st.global.b32 [%q3], %r3;
  add.u32 %r1, %r1, 32;
  bra C;
E:"""
    return Case(name, module(body, ["u64", "u64", "map"], "sm_90", SHARED),
                [Buffer(memory), Buffer(np.zeros(size // tensor.itemsize, dtype),
                        Exact(expected.view(dtype), format)),
                 TensorMap(0, type, dims, strides, box, swizzle, fill_nan)], shared=size + 1024)


def store_case(random, name, type, dims, box, start, swizzle=0, reduce=None):
    dtype = TYPES[type]
    tensor = random_tensor(random, dims[::-1], dtype)
    source = random_tensor(random, box[::-1], dtype)
    if type in ("f32", "f16", "bf16"):
        f = FORMATS[type]
        tensor = f.encode(random.standard_normal(tensor.shape))
        source = f.encode(random.standard_normal(source.shape))
    strides = natural_strides(dims, tensor.itemsize, 16)
    memory = padded(tensor, strides)
    result = tensor.copy()
    for index in np.ndindex(*source.shape):
        at = tuple(i + s for i, s in zip(index, start[::-1]))
        if all(0 <= a < n for a, n in zip(at, tensor.shape)):
            value = source[index]
            if reduce:
                value = reduce[1](tensor[at], value)
            result[at] = value
    raw = np.ascontiguousarray(source).view(np.uint8).ravel()
    image = swizzle_bytes(raw, swizzle)
    size = len(image)
    rank = len(dims)
    kind = f"cp.reduce.async.bulk.tensor.{rank}d.global.shared::cta.{reduce[0]}.tile.bulk_group" \
        if reduce else f"cp.async.bulk.tensor.{rank}d.global.shared::cta.tile.bulk_group"
    body = f"""
  mov.u32 %r40, tile;
  ld.param.u64 %q1, [p1];
  mov.u32 %r1, %t;
C:
  setp.ge.u32 %p2, %r1, {size // 4};
  @%p2 bra E;
  mad.lo.u32 %r2, %r1, 4, %r40;
  mad.wide.u32 %q3, %r1, 4, %q1;
  ld.global.b32 %r3, [%q3];
  st.shared.b32 [%r2], %r3;
  add.u32 %r1, %r1, 32;
  bra C;
E:
  fence.proxy.async.shared::cta;
  bar.sync 0;
  setp.ne.u32 %p0, %t, 0;
  @%p0 bra L;
  mov.b64 %q2, p2;
  cvta.param.u64 %q2, %q2;
  {kind} [%q2, {coordinates(start)}], [%r40];
  cp.async.bulk.commit_group;
  cp.async.bulk.wait_group 0;
L:"""
    return Case(name, module(body, ["u64", "u64", "map"], "sm_90", SHARED),
                [Buffer(memory, Exact(padded(result, strides))), Buffer(image),
                 TensorMap(0, type, dims, strides, box, swizzle)], shared=size + 1024)


def add_f32(x, y):
    return np.uint32(F32.round(F32.value(int(x)) + F32.value(int(y))))


def cases(random):
    result = []
    for type, dtype in TYPES.items():
        size = dtype().itemsize
        dims, box = (80 // size + 16 // size, 9), (32 // size, 4)
        result.append(load_case(random, f"tma load {type}", type, dims, box, (16 // size, 3)))
    ranks = {1: ((100,), (32,)), 2: ((20, 17), (16, 8)), 3: ((12, 5, 7), (8, 3, 4)),
             4: ((12, 5, 4, 3), (4, 3, 2, 2)), 5: ((8, 3, 4, 3, 5), (4, 2, 3, 2, 2))}
    for rank, (dims, box) in ranks.items():
        starts = [tuple(0 for _ in dims), tuple(-1 - (i % 2) for i in range(rank)),
                  tuple(d - b // 2 - (b == 1) for d, b in zip(dims, box)),
                  tuple(int(random.integers(-b, d + 1)) for d, b in zip(dims, box)),
                  tuple(-100 for _ in dims)]
        for start in starts:
            result.append(load_case(random, f"tma load {rank}-D f32 at {start}", "f32", dims, box,
                                    start, padding=16))
        result.append(store_case(random, f"tma store {rank}-D at {starts[3]}", "u32", dims, box,
                                 starts[3]))
        result.append(store_case(random, f"tma store {rank}-D at {starts[1]}", "bf16",
                                 (dims[0] * 2, *dims[1:]), (box[0] * 2, *box[1:]), starts[1]))
    for span in (32, 64, 128):
        for type, size in (("bf16", 2), ("f32", 4), ("u8", 1)):
            inner = span // size
            result.append(load_case(random, f"tma load swizzle {span} {type}", type,
                                    (inner + 32, 40), (inner, 32), (16 // size, 5), span))
        result.append(load_case(random, f"tma load swizzle {span} 3-D", "f16", (span // 2, 10, 6),
                                (span // 2, 8, 4), (3, -2, 1), span))
        result.append(store_case(random, f"tma store swizzle {span}", "f16", (span, 24),
                                 (span // 2, 16), (8, -3), span))
    for type in ("f16", "bf16", "f32"):
        result.append(load_case(random, f"tma load nan fill {type}", type, (16, 10), (8, 8),
                                (-3, 5), fill_nan=True))
    result.append(store_case(random, "tma reduce add f32", "f32", (20, 9), (8, 4), (-2, 6),
                             reduce=("add", add_f32)))
    result.append(store_case(random, "tma reduce max i32", "i32", (20, 9), (8, 4), (15, -1),
                             reduce=("max", max)))
    result.append(store_case(random, "tma reduce xor u32", "u32", (20, 9), (8, 4), (2, 2),
                             reduce=("xor", lambda x, y: x ^ y)))
    return result
