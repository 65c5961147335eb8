// sum[0] += the sum of x: lanes, then warps, then blocks.

extern "C" __global__ void __launch_bounds__(256)
    reduce(const float *x, float *sum, int n) {
  __shared__ float partial[8];
  float value = 0;
  for (int i = blockIdx.x * 256 + threadIdx.x; i < n; i += gridDim.x * 256)
    value += x[i];
  for (int distance = 16; distance; distance >>= 1)
    value += __shfl_down_sync(0xffffffffu, value, distance);
  if (threadIdx.x % 32 == 0)
    partial[threadIdx.x / 32] = value;
  __syncthreads();
  if (threadIdx.x >= 32)
    return;
  value = threadIdx.x < 8 ? partial[threadIdx.x] : 0;
  for (int distance = 4; distance; distance >>= 1)
    value += __shfl_down_sync(0xffffffffu, value, distance);
  if (threadIdx.x == 0)
    atomicAdd(sum, value);
}
