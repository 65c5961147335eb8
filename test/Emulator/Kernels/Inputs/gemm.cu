// C (m x n, f32) = A (m x k, bf16) B (n x k, bf16) transposed. Warp specialised
// for sm_90a: warpgroup 0 loads with TMA into a ring of stages, warpgroups 1
// and 2 multiply 64 x 64 each with wgmma and keep one product in flight; the
// results leave by TMA.

#include "primitives.cuh"

constexpr int Stages = 3;
constexpr int LeftBytes = 128 * 128, RightBytes = 64 * 128;
constexpr int StageBytes = LeftBytes + RightBytes;

struct alignas(64) TensorMap {
  char bytes[128];
};

__device__ inline void initBarrier(uint32_t barrier, int count) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier),
               "r"(count)
               : "memory");
}

__device__ inline void expectBytes(uint32_t barrier, int bytes) {
  asm volatile(
      "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier),
      "r"(bytes)
      : "memory");
}

__device__ inline void arrive(uint32_t barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier)
               : "memory");
}

__device__ inline void wait(uint32_t barrier, int parity) {
  asm volatile("{\n"
               ".reg .pred done;\n"
               "AGAIN:\n"
               "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
               "@!done bra AGAIN;\n"
               "}" ::"r"(barrier),
               "r"(parity)
               : "memory");
}

__device__ inline void loadTile(uint32_t to, const TensorMap *map,
                                uint32_t barrier, int x, int y) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"
               "complete_tx::bytes "
               "[%0], [%1, {%3, %4}], [%2];" ::"r"(to),
               "l"(map), "r"(barrier), "r"(x), "r"(y)
               : "memory");
}

/// Rows of 128 bytes, swizzled over 128 bytes; 1024 bytes from 8 rows to the
/// next.
__device__ inline uint64_t describe(uint32_t address) {
  return uint64_t(1) << 62 | uint64_t(1024 >> 4) << 32 | uint64_t(1) << 16 |
         (address & 0x3ffff) >> 4;
}

#define FLOATS8(d, i)                                                          \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]),  \
      "+f"(d[i + 5]), "+f"(d[i + 6]), "+f"(d[i + 7])

__device__ inline void multiply64x64x16(float (&d)[32], uint64_t a, uint64_t b,
                                        int accumulate) {
  asm volatile(
      "{\n"
      ".reg .pred p;\n"
      "setp.ne.b32 p, %34, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
      "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, "
      "%30, %31}, "
      "%32, %33, p, 1, 1, 0, 0;\n"
      "}"
      : FLOATS8(d, 0), FLOATS8(d, 8), FLOATS8(d, 16), FLOATS8(d, 24)
      : "l"(a), "l"(b), "r"(accumulate));
}

extern "C" __global__ void __launch_bounds__(384, 1)
    gemm(const __grid_constant__ TensorMap a,
         const __grid_constant__ TensorMap b,
         const __grid_constant__ TensorMap c, int k) {
  extern __shared__ __align__(1024) char tiles[];
  __shared__ uint64_t full[Stages], empty[Stages];
  const uint32_t base = sharedAddress(tiles);
  const unsigned thread = threadIdx.x, group = thread / 128;
  const int row0 = blockIdx.y * 128, column0 = blockIdx.x * 64;
  const int steps = k / 64;

  if (thread == 0) {
    for (int i = 0; i < Stages; ++i) {
      initBarrier(sharedAddress(&full[i]), 1);
      initBarrier(sharedAddress(&empty[i]), 2);
    }
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  }
  __syncthreads();

  if (group == 0) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    if (thread == 0) {
#pragma unroll 1
      for (int step = 0; step < steps; ++step) {
        const int stage = step % Stages, phase = step / Stages % 2;
        wait(sharedAddress(&empty[stage]), phase ^ 1);
        const uint32_t barrier = sharedAddress(&full[stage]);
        const uint32_t left = base + stage * StageBytes;
        expectBytes(barrier, StageBytes);
        loadTile(left, &a, barrier, step * 64, row0);
        loadTile(left + LeftBytes, &b, barrier, step * 64, column0);
      }
    }
    return;
  }

  asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
  float d[32];
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    const int stage = step % Stages, phase = step / Stages % 2;
    wait(sharedAddress(&full[stage]), phase);
    const uint32_t left = base + stage * StageBytes + (group - 1) * 64 * 128;
    const uint32_t right = base + stage * StageBytes + LeftBytes;
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
    for (int kk = 0; kk < 4; ++kk)
      multiply64x64x16(d, describe(left + 32 * kk), describe(right + 32 * kk),
                       step + kk);
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
    // The product before this one is done with its stage.
    if (step > 0 && thread % 128 == 0)
      arrive(sharedAddress(&empty[(step - 1) % Stages]));
  }
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");

  const uint32_t result =
      base + Stages * StageBytes + (group - 1) * 64 * 64 * 4;
  const unsigned warp = thread % 128 / 32, lane = thread % 32;
#pragma unroll
  for (int i = 0; i < 32; i += 2) {
    const int row = 16 * warp + lane / 4 + i / 2 % 2 * 8,
              column = i / 4 * 8 + lane % 4 * 2;
    asm volatile("st.shared.v2.f32 [%0], {%1, %2};" ::"r"(
                     result + (row * 64 + column) * 4),
                 "f"(d[i]), "f"(d[i + 1])
                 : "memory");
  }
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  asm volatile("bar.sync %0, 128;" ::"r"(group) : "memory");
  if (thread % 128 == 0) {
    asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, "
                 "{%2, %3}], [%1];" ::"l"(&c),
                 "r"(result), "r"(column0), "r"(row0 + (group - 1) * 64)
                 : "memory");
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
    asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
  }
}
