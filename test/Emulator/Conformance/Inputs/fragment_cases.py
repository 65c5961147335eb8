"""ldmatrix, stmatrix and movmatrix: 8x8 matrices of 16-bit elements between memory and lanes."""

import numpy as np

from harness import Buffer, Case, Exact, module

SHARED = ".shared .align 128 .b8 tile[1024];"
# The lane's 32 bytes of input to shared memory.
FILL = """
  ld.param.u64 %q0, [p0];
  ld.param.u64 %q1, [p1];
  mad.wide.u32 %q2, %t, 32, %q0;
  mov.u32 %r40, tile;
  mad.lo.u32 %r41, %t, 32, %r40;
  ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%q2];
  ld.global.v4.b32 {%r4, %r5, %r6, %r7}, [%q2+16];
  st.shared.v4.b32 [%r41], {%r0, %r1, %r2, %r3};
  st.shared.v4.b32 [%r41+16], {%r4, %r5, %r6, %r7};
  bar.sync 0;
"""


def lane_elements(matrix, lane):
    """Lane l holds row l/4, columns 2(l%4) and the next."""
    return matrix[lane // 4, 2 * (lane % 4):2 * (lane % 4) + 2]


def registers_of(matrices):
    result = np.zeros((32, len(matrices)), np.uint32)
    for i, matrix in enumerate(matrices):
        for lane in range(32):
            low, high = lane_elements(matrix, lane)
            result[lane, i] = int(low) | int(high) << 16
    return result


def vector(count, first=10):
    return "{" + ", ".join(f"%r{first + i}" for i in range(count)) + "}"


def load_cases(random):
    for count in (1, 2, 4):
        for trans in ("", ".trans"):
            # Rows anywhere in the tile, 16-byte aligned.
            data = random.integers(0, 2**16, 512).astype(np.uint16)
            rows = random.permutation(64)[:32].astype(np.uint32)
            matrices = [np.stack([data[8 * rows[8 * m + r]:][:8] for r in range(8)])
                        for m in range(count)]
            if trans:
                matrices = [m.T for m in matrices]
            stores = "\n".join(f"  st.global.b32 [%q4+{4 * i}], %r{10 + i};" for i in range(count))
            # Only the addresses of the first 8 * count lanes count.
            body = FILL + f"""
  ld.param.u64 %q3, [p2];
  mad.wide.u32 %q5, %t, 4, %q3;
  ld.global.b32 %r42, [%q5];
  mad.lo.u32 %r42, %r42, 16, %r40;
  mad.wide.u32 %q4, %t, {4 * count}, %q1;
  ldmatrix.sync.aligned.m8n8.x{count}{trans}.shared.b16 {vector(count)}, [%r42];
{stores}"""
            yield Case(f"ldmatrix.x{count}{trans}", module(body, ["u64"] * 3, shared=SHARED),
                       [Buffer(data),
                        Buffer(np.zeros((32, count), np.uint32), Exact(registers_of(matrices))),
                        Buffer(rows)])


def store_cases(random):
    for count in (1, 2, 4):
        for trans in ("", ".trans"):
            data = random.integers(0, 2**16, 512).astype(np.uint16)
            fragments = random.integers(0, 2**32, (32, count), dtype=np.uint64).astype(np.uint32)
            rows = random.permutation(64)[:32].astype(np.uint32)
            expected = data.copy()
            for m in range(count):
                for lane in range(32):
                    row, column = lane // 4, 2 * (lane % 4)
                    for half in range(2):
                        value = int(fragments[lane, m]) >> (16 * half) & 0xFFFF
                        r, c = (column + half, row) if trans else (row, column + half)
                        expected[8 * rows[8 * m + r] + c] = value
            loads = "\n".join(f"  ld.global.b32 %r{10 + i}, [%q4+{4 * i}];" for i in range(count))
            body = FILL + f"""
  ld.param.u64 %q3, [p2];
  mad.wide.u32 %q5, %t, 4, %q3;
  ld.global.b32 %r42, [%q5];
  mad.lo.u32 %r42, %r42, 16, %r40;
  ld.param.u64 %q6, [p3];
  mad.wide.u32 %q4, %t, {4 * count}, %q6;
{loads}
  stmatrix.sync.aligned.m8n8.x{count}{trans}.shared.b16 [%r42], {vector(count)};
  bar.sync 0;
  mad.wide.u32 %q7, %t, 32, %q1;
  ld.shared.v4.b32 {{%r0, %r1, %r2, %r3}}, [%r41];
  ld.shared.v4.b32 {{%r4, %r5, %r6, %r7}}, [%r41+16];
  st.global.v4.b32 [%q7], {{%r0, %r1, %r2, %r3}};
  st.global.v4.b32 [%q7+16], {{%r4, %r5, %r6, %r7}};"""
            yield Case(f"stmatrix.x{count}{trans}",
                       module(body, ["u64"] * 4, "sm_90", shared=SHARED),
                       [Buffer(data), Buffer(np.zeros(512, np.uint16), Exact(expected)),
                        Buffer(rows), Buffer(fragments)])


def move_cases(random):
    matrix = random.integers(0, 2**16, (8, 8)).astype(np.uint16)
    body = """
  ld.param.u64 %q0, [p0];
  ld.param.u64 %q1, [p1];
  mad.wide.u32 %q2, %t, 4, %q0;
  mad.wide.u32 %q3, %t, 4, %q1;
  ld.global.b32 %r0, [%q2];
  movmatrix.sync.aligned.m8n8.trans.b16 %r1, %r0;
  st.global.b32 [%q3], %r1;"""
    yield Case("movmatrix.trans", module(body, ["u64"] * 2),
               [Buffer(registers_of([matrix])),
                Buffer(np.zeros((32, 1), np.uint32), Exact(registers_of([matrix.T])))])


def cases(random):
    return [*load_cases(random), *store_cases(random), *move_cases(random)]
