// Attention forward, by the algorithm of FlashAttention-2 (Dao, 2023), as the
// peer of the kernels that BPT generates: the same layout, types and flops.
//
// q, k, v, out: batch x length x heads x Depth in bf16; length is a multiple of
// 128. A block has 128 queries of a head, a warp 32 of them, so that each
// fragment of keys and values that a warp loads serves two rows of tensor
// products. Blocks of Keys keys and values are copied into the stage that the
// warps do not read; the one barrier of a step says that they have left it.

#include "primitives.cuh"

constexpr int Queries = 128, Threads = 128;
/// Rows of 16 of a warp.
constexpr int Rows = 2;

/// Byte offset of a 16-byte chunk in a tile of the given number of columns;
/// 8 rows, or 8 chunks of a row, touch all banks.
template <int Depth>
__device__ inline uint32_t tileOffset(unsigned row, unsigned chunk) {
  return row * Depth * 2 + ((chunk ^ (row & 7)) << 4);
}

__device__ inline float power2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

template <int Depth, int Keys, bool Causal>
__device__ inline void attention(const bf16 *q, const bf16 *k, const bf16 *v,
                                 bf16 *out, int length, int heads,
                                 float scale) {
  constexpr int Chunks = Depth / 8, Steps = Depth / 16;
  constexpr int QueryBytes = Queries * Depth * 2, KeyBytes = Keys * Depth * 2;
  // Queries, later the result; then two stages of keys and values.
  extern __shared__ __align__(1024) char tiles[];
  const uint32_t queries = sharedAddress(tiles), stages = queries + QueryBytes;
  const unsigned thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
  // The longest of causal attention first.
  const unsigned tile = Causal ? gridDim.x - 1 - blockIdx.x : blockIdx.x;
  const unsigned query0 = tile * Queries;
  const unsigned pitch = heads * Depth;
  const size_t head = size_t(blockIdx.z) * length * pitch + blockIdx.y * Depth;
  const int blocks = (Causal ? query0 + Queries : length) / Keys;

  // The chunks that a thread copies are in one column, some rows apart, so that
  // it walks through q, k and v.
  constexpr int RowsAtOnce = Threads / Chunks;
  const unsigned row0 = thread / Chunks, column = thread % Chunks;
  const size_t start = head + size_t(row0) * pitch + column * 8;
  const size_t step = size_t(RowsAtOnce) * pitch;
  const uint32_t target = tileOffset<Depth>(row0, column);
  auto load = [&](uint32_t tile, const bf16 *&from, int numRows) {
#pragma unroll
    for (int row = 0; row < numRows; row += RowsAtOnce, from += step)
      copyAsync16(tile + target + row * Depth * 2, from);
  };
  uint32_t stage = stages;
  auto loadBlock = [&] {
    load(stage, k, Keys);
    load(stage + KeyBytes, v, Keys);
    commitCopies();
  };

  q += start + size_t(query0) * pitch;
  k += start;
  v += start;
  load(queries, q, Queries);
  loadBlock();

  // Where a lane's rows of ldmatrix begin: 16 x 16 of a row-major operand, and
  // of one that holds the other operand's columns. A step of 16 columns flips
  // bits above the chunk's lowest.
  const uint32_t rowMajor = tileOffset<Depth>(lane % 16, lane / 16);
  const uint32_t columnMajor =
      tileOffset<Depth>(lane % 8 + lane / 16 * 8, lane / 8 % 2);
  const uint32_t ownQueries = queries + warp * Rows * 16 * Depth * 2;

  const float toExponent = scale * 1.44269504f;
  float o[Rows][Depth / 8][4] = {};
  float maximum[Rows][2], sum[Rows][2] = {};
#pragma unroll
  for (int r = 0; r < Rows; ++r)
    maximum[r][0] = maximum[r][1] = -INFINITY;

#pragma unroll 1
  for (int block = 0; block < blocks; ++block) {
    waitForCopies<0>();
    __syncthreads();
    const uint32_t keys = stage, values = stage + KeyBytes;
    stage = stages + (block + 1) % 2 * 2 * KeyBytes;
    if (block + 1 < blocks)
      loadBlock();

    float s[Rows][Keys / 8][4] = {};
#pragma unroll
    for (int kk = 0; kk < Steps; ++kk) {
      uint32_t fq[Rows][4];
#pragma unroll
      for (int r = 0; r < Rows; ++r)
        loadMatrices(fq[r],
                     ownQueries + r * 16 * Depth * 2 + (rowMajor ^ kk << 5));
#pragma unroll
      for (int j = 0; j < Keys / 16; ++j) {
        uint32_t fk[4];
        loadMatrices(fk, keys + j * 16 * Depth * 2 + (columnMajor ^ kk << 5));
#pragma unroll
        for (int r = 0; r < Rows; ++r) {
          multiply16x8x16(s[r][2 * j], fq[r], fk[0], fk[1]);
          multiply16x8x16(s[r][2 * j + 1], fq[r], fk[2], fk[3]);
        }
      }
    }

    if (Causal && block >= blocks - Queries / Keys) {
      const int row = query0 + warp * Rows * 16 + lane / 4 - block * Keys;
#pragma unroll
      for (int r = 0; r < Rows; ++r)
#pragma unroll
        for (int j = 0; j < Keys / 8; ++j)
#pragma unroll
          for (int e = 0; e < 4; ++e)
            if (8 * j + int(lane) % 4 * 2 + e % 2 > row + 16 * r + e / 2 * 8)
              s[r][j][e] = -INFINITY;
    }

    uint32_t p[Rows][Keys / 16][4];
#pragma unroll
    for (int r = 0; r < Rows; ++r) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        // The first block leaves no row without a key, so it is finite.
        float largest = maximum[r][half];
#pragma unroll
        for (int j = 0; j < Keys / 8; ++j)
          largest =
              fmaxf(largest, fmaxf(s[r][j][2 * half], s[r][j][2 * half + 1]));
        largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, 1));
        largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, 2));
        const float shift = largest * toExponent;
        const float correction =
            power2(fmaf(maximum[r][half], toExponent, -shift));
        maximum[r][half] = largest;
        sum[r][half] *= correction;
#pragma unroll
        for (int j = 0; j < Keys / 8; ++j)
#pragma unroll
          for (int e = 2 * half; e < 2 * half + 2; ++e) {
            s[r][j][e] = power2(fmaf(s[r][j][e], toExponent, -shift));
            sum[r][half] += s[r][j][e];
          }
#pragma unroll
        for (int j = 0; j < Depth / 8; ++j) {
          o[r][j][2 * half] *= correction;
          o[r][j][2 * half + 1] *= correction;
        }
      }
      // Two accumulators of 16 x 8 are one operand of 16 x 16.
#pragma unroll
      for (int j = 0; j < Keys / 8; ++j) {
        p[r][j / 2][j % 2 * 2] = pack(s[r][j][0], s[r][j][1]);
        p[r][j / 2][j % 2 * 2 + 1] = pack(s[r][j][2], s[r][j][3]);
      }
    }

#pragma unroll
    for (int kk = 0; kk < Keys / 16; ++kk)
#pragma unroll
      for (int j = 0; j < Steps; ++j) {
        uint32_t fv[4];
        loadMatricesTransposed(fv, values + kk * 16 * Depth * 2 +
                                       (rowMajor ^ j << 5));
#pragma unroll
        for (int r = 0; r < Rows; ++r) {
          multiply16x8x16(o[r][2 * j], p[r][kk], fv[0], fv[1]);
          multiply16x8x16(o[r][2 * j + 1], p[r][kk], fv[2], fv[3]);
        }
      }
  }

  // Through the warp's own queries, which nobody reads any more, so that stores
  // to global memory are of whole sectors.
  char *rows = tiles + warp * Rows * 16 * Depth * 2;
  __syncwarp();
#pragma unroll
  for (int r = 0; r < Rows; ++r)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float total = sum[r][half];
      total += __shfl_xor_sync(0xffffffffu, total, 1);
      total += __shfl_xor_sync(0xffffffffu, total, 2);
      const float inverse = 1.0f / total;
      const unsigned row = r * 16 + half * 8 + lane / 4;
#pragma unroll
      for (int j = 0; j < Depth / 8; ++j)
        *reinterpret_cast<uint32_t *>(rows + tileOffset<Depth>(row, j) +
                                      lane % 4 * 4) =
            pack(o[r][j][2 * half] * inverse, o[r][j][2 * half + 1] * inverse);
    }
  __syncwarp();
  bf16 *to = out + head + size_t(query0 + warp * Rows * 16) * pitch;
#pragma unroll
  for (int i = 0; i < Rows * 16 * Chunks; i += 32) {
    const unsigned row = (i + lane) / Chunks, chunk = (i + lane) % Chunks;
    *reinterpret_cast<uint4 *>(to + size_t(row) * pitch + chunk * 8) =
        *reinterpret_cast<const uint4 *>(rows + tileOffset<Depth>(row, chunk));
  }
}

#define ATTENTION(NAME, DEPTH, KEYS, CAUSAL)                                   \
  extern "C" __global__ void __launch_bounds__(Threads)                        \
      NAME(const bf16 *q, const bf16 *k, const bf16 *v, bf16 *out, int length, \
           int heads, float scale) {                                           \
    attention<DEPTH, KEYS, CAUSAL>(q, k, v, out, length, heads, scale);        \
  }

// More keys than 32 at depth 128 do not fit into registers.
ATTENTION(attention64, 64, 64, false)
ATTENTION(attention64_causal, 64, 64, true)
ATTENTION(attention128, 128, 32, false)
ATTENTION(attention128_causal, 128, 32, true)
