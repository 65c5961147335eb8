// Attention forward, by the algorithm of FlashAttention-2 (Dao, 2023): for a
// block of 64 queries an online softmax over blocks of 64 keys, the output
// rescaled when a row's maximum grows and divided by the row's sum once, at the
// end. q, k, v: heads x length x 64 in bf16; out in f32; logSumExp in f32,
// natural. A warp has 16 queries.

#include "primitives.cuh"

constexpr int Depth = 64;
constexpr int TileBytes = 64 * 128;

extern "C" __global__ void __launch_bounds__(128)
    flash(const bf16 *q, const bf16 *k, const bf16 *v, float *out,
          float *logSumExp, int length, int causal, float scale) {
  // Queries, then keys and values in two stages each.
  extern __shared__ __align__(1024) char tiles[];
  const uint32_t queries = sharedAddress(tiles);
  const unsigned thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
  const int query0 = blockIdx.x * 64;
  const size_t head = size_t(blockIdx.y) * length * Depth;
  const int blocks = causal ? blockIdx.x + 1 : length / 64;

  auto load = [&](uint32_t tile, const bf16 *source) {
#pragma unroll
    for (unsigned i = thread; i < thread + 512; i += 128)
      copyAsync16(tile + swizzledChunk(i / 8, i % 8),
                  source + i / 8 * Depth + i % 8 * 8);
  };
  auto keys = [&](int block) { return queries + TileBytes * (1 + block % 2); };
  auto values = [&](int block) {
    return queries + TileBytes * (3 + block % 2);
  };
  auto loadBlock = [&](int block) {
    load(keys(block), k + head + size_t(block) * 64 * Depth);
    load(values(block), v + head + size_t(block) * 64 * Depth);
    commitCopies();
  };

  load(queries, q + head + size_t(query0) * Depth);
  loadBlock(0);

  const float toExponent = scale * 1.44269504f;
  float o[8][4] = {};
  float maximum[2] = {-INFINITY, -INFINITY}, sum[2] = {0, 0};
  uint32_t fq[4][4];
#pragma unroll 1
  for (int block = 0; block < blocks; ++block) {
    if (block + 1 < blocks) {
      loadBlock(block + 1);
      waitForCopies<1>();
    } else {
      waitForCopies<0>();
    }
    __syncthreads();
    if (block == 0)
#pragma unroll
      for (int kk = 0; kk < 4; ++kk)
        loadMatrices(fq[kk], queries + swizzledChunk(16 * warp + lane % 16,
                                                     2 * kk + lane / 16));

    float s[8][4] = {};
#pragma unroll
    for (int kk = 0; kk < 4; ++kk)
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        uint32_t fk[4];
        loadMatrices(fk, keys(block) +
                             swizzledChunk(16 * j + lane % 8 + lane / 16 * 8,
                                           2 * kk + lane / 8 % 2));
        multiply16x8x16(s[2 * j], fq[kk], fk[0], fk[1]);
        multiply16x8x16(s[2 * j + 1], fq[kk], fk[2], fk[3]);
      }
    if (causal && block == blocks - 1)
#pragma unroll
      for (int j = 0; j < 8; ++j)
#pragma unroll
        for (int e = 0; e < 4; ++e) {
          const int row = query0 + 16 * warp + lane / 4 + e / 2 * 8;
          const int column = 64 * block + 8 * j + lane % 4 * 2 + e % 2;
          if (column > row)
            s[j][e] = -INFINITY;
        }

#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float largest = maximum[half];
#pragma unroll
      for (int j = 0; j < 8; ++j)
        largest = fmaxf(largest, fmaxf(s[j][2 * half], s[j][2 * half + 1]));
      largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, 1));
      largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, 2));
      const float correction = exp2f((maximum[half] - largest) * toExponent);
      maximum[half] = largest;
      float total = 0;
#pragma unroll
      for (int j = 0; j < 8; ++j)
#pragma unroll
        for (int e = 2 * half; e < 2 * half + 2; ++e) {
          s[j][e] = exp2f((s[j][e] - largest) * toExponent);
          total += s[j][e];
        }
      sum[half] = sum[half] * correction + total;
#pragma unroll
      for (int j = 0; j < 8; ++j) {
        o[j][2 * half] *= correction;
        o[j][2 * half + 1] *= correction;
      }
    }
#pragma unroll
    for (int kk = 0; kk < 4; ++kk) {
      const uint32_t fp[4] = {pack(s[2 * kk][0], s[2 * kk][1]),
                              pack(s[2 * kk][2], s[2 * kk][3]),
                              pack(s[2 * kk + 1][0], s[2 * kk + 1][1]),
                              pack(s[2 * kk + 1][2], s[2 * kk + 1][3])};
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        uint32_t fv[4];
        loadMatricesTransposed(
            fv, values(block) +
                    swizzledChunk(16 * kk + lane % 16, 2 * j + lane / 16));
        multiply16x8x16(o[2 * j], fp, fv[0], fv[1]);
        multiply16x8x16(o[2 * j + 1], fp, fv[2], fv[3]);
      }
    }
    // The next load overwrites this block's stage.
    __syncthreads();
  }

#pragma unroll
  for (int half = 0; half < 2; ++half) {
    float total = sum[half];
    total += __shfl_xor_sync(0xffffffffu, total, 1);
    total += __shfl_xor_sync(0xffffffffu, total, 2);
    const int row = query0 + 16 * warp + lane / 4 + 8 * half;
#pragma unroll
    for (int j = 0; j < 8; ++j) {
      float *to = &out[head + size_t(row) * Depth + 8 * j + lane % 4 * 2];
      to[0] = o[j][2 * half] / total;
      to[1] = o[j][2 * half + 1] / total;
    }
    if (lane % 4 == 0)
      logSumExp[size_t(blockIdx.y) * length + row] =
          maximum[half] * scale + logf(total);
  }
}
