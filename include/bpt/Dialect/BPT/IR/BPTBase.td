//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_BASE
#define BPT_BASE

include "bpt/Dialect/BPT/IR/BPTAttributes.td"
include "bpt/Dialect/BPT/IR/BPTInterfaces.td"
include "bpt/Dialect/BPT/IR/DifferentiationInterfaces.td"
include "mlir/Dialect/Linalg/IR/LinalgInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// Elements of activations and weights. Sums are accumulated in f32.
def BPT_Tensor : RankedTensorOf<[F32, F16, BF16]>;
def BPT_Tensor1D : TensorRankOf<[F32, F16, BF16], [1]>;
def BPT_Tensor2D : TensorRankOf<[F32, F16, BF16], [2]>;
def BPT_Tensor3D : TensorRankOf<[F32, F16, BF16], [3]>;
def BPT_Tensor4D : TensorRankOf<[F32, F16, BF16], [4]>;
// Elements that are multiplied by scales.
def BPT_ScaledTensor : RankedTensorOf<[F32, F16, BF16, F8E4M3FN]>;
def BPT_ScaledTensor4D : TensorRankOf<[F32, F16, BF16, F8E4M3FN], [4]>;
def BPT_F32Tensor : RankedTensorOf<[F32]>;
def BPT_F32Tensor2D : TensorRankOf<[F32], [2]>;
def BPT_F32Tensor3D : TensorRankOf<[F32], [3]>;
def BPT_F32Tensor4D : TensorRankOf<[F32], [4]>;
// What random numbers are drawn from.
def BPT_Seed : TensorRankOf<[I64], [0]>,
    BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getI64Type())">;
def BPT_IdTensor2D : TensorRankOf<[I32, I64], [2]>;

// An operation on blocks of rows: pure, destination-passing, described by a
// table. TilingInterface is attached to all of them as one external model over
// BlockedOpInterface (lib/Dialect/BPT/IR/BlockedTiling.cpp).
class BPT_BlockedOp<string mnemonic, list<Trait> traits = []>
    : Op<BPT_Dialect, mnemonic, !listconcat(traits, [
        Pure, DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>,
        DeclareOpInterfaceMethods<AggregatedOpInterface, ["decomposeOperation"]>,
      ])> {
  let hasVerifier = 1;
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &builder,
        ::mlir::ReifiedRankedShapedTypeDims &shapes) {
      return ::mlir::bpt::reifyShapesOfInits(builder, *this, shapes);
    }
  }];
}

#endif // BPT_BASE
