// Attention of one block of 64 query rows, one head: ELT, DIM and KEYS stand for
// the element type, the head dimension and the keys of a block. Keys and values
// are copied ahead into two buffers each.
//
// Grid: blocks of query rows, query heads, batch. Causal attention is aligned
// to the end. scale has log2(e) folded in; lse is in base 2.
#qk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @attention(%q: memref<?xELT>, %k: memref<?xELT>, %v: memref<?xELT>, %o: memref<?xELT>, %lse: memref<?xf32>,
                      %sq: index, %sk: index, %heads: index, %kvHeads: index, %scale: f32, %causal: i32)
      kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %rowsOfBlock = arith.constant 64 : index
    %keysOfBlock = arith.constant KEYS : index
    %d = arith.constant DIM : index
    %i0 = arith.constant 0 : i32
    %pad = arith.constant 0.0 : ELT
    %zeroScores = arith.constant dense<0.0> : vector<64xKEYSxf32>
    %zeroOutput = arith.constant dense<0.0> : vector<64xDIMxf32>
    %zeroRow = arith.constant dense<0.0> : vector<64xf32>
    %oneRow = arith.constant dense<1.0> : vector<64xf32>
    %minimum = arith.constant dense<-1.0e+30> : vector<64xf32>
    %masked = arith.constant dense<0xFF800000> : vector<64xKEYSxf32>
    %maskedRow = arith.constant dense<0xFF800000> : vector<64xf32>

    // The matrices of this head.
    %block = gpu.block_id x
    %head = gpu.block_id y
    %batch = gpu.block_id z
    %group = arith.divui %heads, %kvHeads : index
    %kvHead = arith.divui %head, %group : index
    %qStride = arith.muli %heads, %d : index
    %kvStride = arith.muli %kvHeads, %d : index
    %qRow = arith.muli %batch, %sq : index
    %qAll = arith.muli %qRow, %heads : index
    %qFirst = arith.addi %qAll, %head : index
    %qOffset = arith.muli %qFirst, %d : index
    %kvRow = arith.muli %batch, %sk : index
    %kvAll = arith.muli %kvRow, %kvHeads : index
    %kvFirst = arith.addi %kvAll, %kvHead : index
    %kvOffset = arith.muli %kvFirst, %d : index
    %qs = memref.reinterpret_cast %q to offset: [%qOffset], sizes: [%sq, DIM], strides: [%qStride, 1] : memref<?xELT> to memref<?xDIMxELT, strided<[?, 1], offset: ?>>
    %os = memref.reinterpret_cast %o to offset: [%qOffset], sizes: [%sq, DIM], strides: [%qStride, 1] : memref<?xELT> to memref<?xDIMxELT, strided<[?, 1], offset: ?>>
    %ks = memref.reinterpret_cast %k to offset: [%kvOffset], sizes: [%sk, DIM], strides: [%kvStride, 1] : memref<?xELT> to memref<?xDIMxELT, strided<[?, 1], offset: ?>>
    %vs = memref.reinterpret_cast %v to offset: [%kvOffset], sizes: [%sk, DIM], strides: [%kvStride, 1] : memref<?xELT> to memref<?xDIMxELT, strided<[?, 1], offset: ?>>
    %lseRow = arith.muli %batch, %heads : index
    %lseHead = arith.addi %lseRow, %head : index
    %lseOffset = arith.muli %lseHead, %sq : index
    %ls = memref.reinterpret_cast %lse to offset: [%lseOffset], sizes: [%sq], strides: [1] : memref<?xf32> to memref<?xf32, strided<[1], offset: ?>>

    // The blocks of keys that some row of this block sees.
    %row0 = arith.muli %block, %rowsOfBlock : index
    %shift = arith.subi %sk, %sq : index
    %isCausal = arith.cmpi ne, %causal, %i0 : i32
    %rowEnd = arith.addi %row0, %rowsOfBlock : index
    %seen = arith.addi %rowEnd, %shift : index
    %seen0 = arith.maxsi %seen, %c0 : index
    %seen1 = arith.minsi %seen0, %sk : index
    %keys = arith.select %isCausal, %seen1, %sk : index
    %blocks = arith.ceildivui %keys, %keysOfBlock : index

    %bufK = memref.alloc() : memref<2xKEYSxDIMxELT, #ws>
    %bufV = memref.alloc() : memref<2xKEYSxDIMxELT, #ws>
    %bufQ = memref.alloc() : memref<64xDIMxELT, #ws>
    bpt_tile.async_copy %qs[%row0, %c0] to %bufQ : memref<?xDIMxELT, strided<[?, 1], offset: ?>>, memref<64xDIMxELT, #ws>
    bpt_tile.async_copy %ks[%c0, %c0] to %bufK[%c0] : memref<?xDIMxELT, strided<[?, 1], offset: ?>>, memref<2xKEYSxDIMxELT, #ws>
    bpt_tile.async_copy %vs[%c0, %c0] to %bufV[%c0] : memref<?xDIMxELT, strided<[?, 1], offset: ?>>, memref<2xKEYSxDIMxELT, #ws>
    bpt_tile.commit_copies

    %step = vector.step : vector<64xindex>
    %row0Line = vector.broadcast %row0 : index to vector<64xindex>
    %rowLine = arith.addi %step, %row0Line : vector<64xindex>
    %shiftLine = vector.broadcast %shift : index to vector<64xindex>
    %limitLine = arith.addi %rowLine, %shiftLine : vector<64xindex>
    %limitColumn = vector.shape_cast %limitLine : vector<64xindex> to vector<64x1xindex>
    %limit = vector.broadcast %limitColumn : vector<64x1xindex> to vector<64xKEYSxindex>
    %keyStep = vector.step : vector<KEYSxindex>
    %skTile = vector.broadcast %sk : index to vector<64xKEYSxindex>
    %notCausal = arith.cmpi eq, %causal, %i0 : i32
    %notCausalTile = vector.broadcast %notCausal : i1 to vector<64xKEYSxi1>
    %scaleRow = vector.broadcast %scale : f32 to vector<64xf32>
    %scaleTile = vector.broadcast %scale : f32 to vector<64xKEYSxf32>

    %r:3 = scf.for %j = %c0 to %blocks step %c1 iter_args(%m = %minimum, %l = %zeroRow, %acc = %zeroOutput) -> (vector<64xf32>, vector<64xf32>, vector<64xDIMxf32>) {
      bpt_tile.wait_copies 0
      gpu.barrier
      %next = arith.addi %j, %c1 : index
      %this = arith.remui %j, %c2 : index
      %other = arith.remui %next, %c2 : index
      %more = arith.cmpi ult, %next, %blocks : index
      scf.if %more {
        %nextKey = arith.muli %next, %keysOfBlock : index
        bpt_tile.async_copy %ks[%nextKey, %c0] to %bufK[%other] : memref<?xDIMxELT, strided<[?, 1], offset: ?>>, memref<2xKEYSxDIMxELT, #ws>
        bpt_tile.async_copy %vs[%nextKey, %c0] to %bufV[%other] : memref<?xDIMxELT, strided<[?, 1], offset: ?>>, memref<2xKEYSxDIMxELT, #ws>
      }
      bpt_tile.commit_copies
      %qt = vector.transfer_read %bufQ[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64xDIMxELT, #ws>, vector<64xDIMxELT>
      %kt = vector.transfer_read %bufK[%this, %c0, %c0], %pad {in_bounds = [true, true]} : memref<2xKEYSxDIMxELT, #ws>, vector<KEYSxDIMxELT>
      %s = vector.contract {indexing_maps = [#qk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %qt, %kt, %zeroScores : vector<64xDIMxELT>, vector<KEYSxDIMxELT> into vector<64xKEYSxf32>

      %key0 = arith.muli %j, %keysOfBlock : index
      %key0Line = vector.broadcast %key0 : index to vector<KEYSxindex>
      %keyLine = arith.addi %keyStep, %key0Line : vector<KEYSxindex>
      %key = vector.broadcast %keyLine : vector<KEYSxindex> to vector<64xKEYSxindex>
      %exists = arith.cmpi slt, %key, %skTile : vector<64xKEYSxindex>
      %isPast = arith.cmpi sle, %key, %limit : vector<64xKEYSxindex>
      %isSeen = arith.ori %isPast, %notCausalTile : vector<64xKEYSxi1>
      %keep = arith.andi %exists, %isSeen : vector<64xKEYSxi1>
      %scores = arith.select %keep, %s, %masked : vector<64xKEYSxi1>, vector<64xKEYSxf32>

      %mNew = vector.multi_reduction <maxnumf>, %scores, %m [1] : vector<64xKEYSxf32> to vector<64xf32>
      %mOld2 = arith.mulf %m, %scaleRow : vector<64xf32>
      %mNew2 = arith.mulf %mNew, %scaleRow : vector<64xf32>
      %change = arith.subf %mOld2, %mNew2 : vector<64xf32>
      %alpha = math.exp2 %change : vector<64xf32>
      %mColumn = vector.shape_cast %mNew2 : vector<64xf32> to vector<64x1xf32>
      %mTile = vector.broadcast %mColumn : vector<64x1xf32> to vector<64xKEYSxf32>
      %scaled = arith.mulf %scores, %scaleTile fastmath<contract> : vector<64xKEYSxf32>
      %rebased = arith.subf %scaled, %mTile fastmath<contract> : vector<64xKEYSxf32>
      %p = math.exp2 %rebased : vector<64xKEYSxf32>
      %lOld = arith.mulf %l, %alpha : vector<64xf32>
      %lNew = vector.multi_reduction <add>, %p, %lOld [1] : vector<64xKEYSxf32> to vector<64xf32>
      %alphaColumn = vector.shape_cast %alpha : vector<64xf32> to vector<64x1xf32>
      %alphaTile = vector.broadcast %alphaColumn : vector<64x1xf32> to vector<64xDIMxf32>
      %accOld = arith.mulf %acc, %alphaTile : vector<64xDIMxf32>
      %pt = arith.truncf %p : vector<64xKEYSxf32> to vector<64xKEYSxELT>
      %vt = vector.transfer_read %bufV[%this, %c0, %c0], %pad {in_bounds = [true, true]} : memref<2xKEYSxDIMxELT, #ws>, vector<KEYSxDIMxELT>
      %accNew = vector.contract {indexing_maps = [#qk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %pt, %vt, %accOld : vector<64xKEYSxELT>, vector<KEYSxDIMxELT> into vector<64xDIMxf32>
      scf.yield %mNew, %lNew, %accNew : vector<64xf32>, vector<64xf32>, vector<64xDIMxf32>
    }
    bpt_tile.wait_copies 0

    // A row without keys gives 0, and a log-sum-exp of minus infinity.
    %some = arith.cmpf ogt, %r#1, %zeroRow : vector<64xf32>
    %inverse = arith.divf %oneRow, %r#1 fastmath<afn, arcp> : vector<64xf32>
    %factor = arith.select %some, %inverse, %zeroRow : vector<64xi1>, vector<64xf32>
    %factorColumn = vector.shape_cast %factor : vector<64xf32> to vector<64x1xf32>
    %factorTile = vector.broadcast %factorColumn : vector<64x1xf32> to vector<64xDIMxf32>
    %result = arith.mulf %r#2, %factorTile : vector<64xDIMxf32>
    %rounded = arith.truncf %result : vector<64xDIMxf32> to vector<64xDIMxELT>
    vector.transfer_write %rounded, %os[%row0, %c0] {in_bounds = [false, true]} : vector<64xDIMxELT>, memref<?xDIMxELT, strided<[?, 1], offset: ?>>
    %logL = math.log2 %r#1 : vector<64xf32>
    %mLast = arith.mulf %r#0, %scaleRow : vector<64xf32>
    %sum = arith.addf %mLast, %logL : vector<64xf32>
    %lseLine = arith.select %some, %sum, %maskedRow : vector<64xi1>, vector<64xf32>
    vector.transfer_write %lseLine, %ls[%row0] {in_bounds = [false]} : vector<64xf32>, memref<?xf32, strided<[1], offset: ?>>
    gpu.return
  }
}
