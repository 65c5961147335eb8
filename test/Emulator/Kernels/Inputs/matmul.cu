// C (m x n, f32) = A (m x k, bf16) B (k x n, bf16), all row-major; m, n, k
// multiples of 64. A block computes 64 x 64 with four warps of 32 x 32; three
// stages of 64 in k.

#include "primitives.cuh"

constexpr int Stages = 3;
constexpr int TileBytes = 64 * 128;

extern "C" __global__ void __launch_bounds__(128)
    matmul(const bf16 *a, const bf16 *b, float *c, int n, int k) {
  extern __shared__ __align__(1024) char tiles[];
  const uint32_t base = sharedAddress(tiles);
  const unsigned thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
  const int row0 = blockIdx.y * 64, column0 = blockIdx.x * 64;
  const unsigned warpRow = warp / 2 * 32, warpColumn = warp % 2 * 32;
  const int steps = k / 64;

  auto load = [&](int step) {
    const uint32_t stage = base + step % Stages * 2 * TileBytes;
#pragma unroll
    for (unsigned i = thread; i < thread + 512; i += 128) {
      const unsigned row = i / 8, chunk = i % 8;
      copyAsync16(stage + swizzledChunk(row, chunk),
                  a + size_t(row0 + row) * k + step * 64 + chunk * 8);
      copyAsync16(stage + TileBytes + swizzledChunk(row, chunk),
                  b + size_t(step * 64 + row) * n + column0 + chunk * 8);
    }
  };

  float d[2][4][4] = {};
  for (int step = 0; step < Stages - 1; ++step) {
    if (step < steps)
      load(step);
    commitCopies();
  }
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    waitForCopies<Stages - 2>();
    // The stage is here for all threads, and all are done with the one before.
    __syncthreads();
    if (step + Stages - 1 < steps)
      load(step + Stages - 1);
    commitCopies();
    const uint32_t left = base + step % Stages * 2 * TileBytes,
                   right = left + TileBytes;
#pragma unroll
    for (int kk = 0; kk < 4; ++kk) {
      uint32_t fa[2][4], fb[2][4];
#pragma unroll
      for (int i = 0; i < 2; ++i)
        loadMatrices(fa[i], left + swizzledChunk(warpRow + 16 * i + lane % 16,
                                                 2 * kk + lane / 16));
#pragma unroll
      for (int j = 0; j < 2; ++j)
        loadMatricesTransposed(
            fb[j], right + swizzledChunk(16 * kk + lane % 16,
                                         warpColumn / 8 + 2 * j + lane / 16));
#pragma unroll
      for (int i = 0; i < 2; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j)
          multiply16x8x16(d[i][j], fa[i], fb[j / 2][j % 2 * 2],
                          fb[j / 2][j % 2 * 2 + 1]);
    }
  }
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 4; ++j) {
      const int row = row0 + warpRow + 16 * i + lane / 4;
      const int column = column0 + warpColumn + 8 * j + lane % 4 * 2;
      *reinterpret_cast<float2 *>(&c[size_t(row) * n + column]) =
          make_float2(d[i][j][0], d[i][j][1]);
      *reinterpret_cast<float2 *>(&c[size_t(row + 8) * n + column]) =
          make_float2(d[i][j][2], d[i][j][3]);
    }
}
