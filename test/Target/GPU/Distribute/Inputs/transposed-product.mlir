// dV = P^T dO with P = 2^(scale Q K^T), of one block of 64 rows and keys: what
// the backward of attention does. P is computed in registers with its queries
// as rows, and used with its keys as rows; workgroup memory transposes it. ELT
// and DIM stand for the element type and the head dimension.
#qk = affine_map<(m, n, k) -> (m, k)>
#km = affine_map<(m, n, k) -> (k, m)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @transposed_product(%q: memref<64xDIMxELT>, %k: memref<64xDIMxELT>, %do: memref<64xDIMxELT>, %dv: memref<64xDIMxf32>, %scale: f32)
      workgroup(%bufP: memref<64x64xELT, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : ELT
    %zeroScores = arith.constant dense<0.0> : vector<64x64xf32>
    %zero = arith.constant dense<0.0> : vector<64xDIMxf32>
    %qt = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64xDIMxELT>, vector<64xDIMxELT>
    %kt = vector.transfer_read %k[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64xDIMxELT>, vector<64xDIMxELT>
    %s = vector.contract {indexing_maps = [#qk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %qt, %kt, %zeroScores : vector<64xDIMxELT>, vector<64xDIMxELT> into vector<64x64xf32>
    %scaleTile = vector.broadcast %scale : f32 to vector<64x64xf32>
    %scaled = arith.mulf %s, %scaleTile : vector<64x64xf32>
    %p = math.exp2 %scaled : vector<64x64xf32>
    %pt = arith.truncf %p : vector<64x64xf32> to vector<64x64xELT>
    vector.transfer_write %pt, %bufP[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xELT>, memref<64x64xELT, #ws>
    %dot = vector.transfer_read %do[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64xDIMxELT>, vector<64xDIMxELT>
    gpu.barrier
    %pTransposed = vector.transfer_read %bufP[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xELT, #ws>, vector<64x64xELT>
    %dvt = vector.contract {indexing_maps = [#km, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %pTransposed, %dot, %zero : vector<64x64xELT>, vector<64xDIMxELT> into vector<64xDIMxf32>
    vector.transfer_write %dvt, %dv[%c0, %c0] {in_bounds = [true, true]} : vector<64xDIMxf32>, memref<64xDIMxf32>
    gpu.return
  }
}
