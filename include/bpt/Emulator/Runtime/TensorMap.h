//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_RUNTIME_TENSORMAP_H
#define BPT_EMULATOR_RUNTIME_TENSORMAP_H

#include "bpt/Emulator/Runtime/ABI.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <optional>

namespace mlir::bpt::emulator {

/// The bytes of a tensor-map parameter, 64-byte aligned as kernels demand.
struct alignas(64) TensorMap {
  uint8_t bytes[128];
};

/// The element types of tensor maps, numbered as the driver does.
enum class TensorMapType : uint8_t {
  U8,
  U16,
  U32,
  S32,
  U64,
  S64,
  F16,
  F32,
  F64,
  BF16,
  F32FlushToZero,
  TF32,
  TF32FlushToZero
};

enum class TensorMapSwizzle : uint8_t { None, Bytes32, Bytes64, Bytes128 };
enum class TensorMapInterleave : uint8_t { None, Bytes16, Bytes32 };
enum class TensorMapL2Promotion : uint8_t { None, Bytes64, Bytes128, Bytes256 };
enum class TensorMapFill : uint8_t { Zero, NaN };

/// What the driver's tiled encoder is given; innermost dimension first.
struct TensorMapDescription {
  TensorMapType type = TensorMapType::F32;
  void *address = nullptr;
  llvm::ArrayRef<uint64_t> dims;
  /// Bytes, of all dimensions but the innermost.
  llvm::ArrayRef<uint64_t> strides;
  llvm::ArrayRef<uint32_t> box;
  /// Empty: all 1.
  llvm::ArrayRef<uint32_t> elementStrides;
  TensorMapInterleave interleave = TensorMapInterleave::None;
  TensorMapSwizzle swizzle = TensorMapSwizzle::None;
  TensorMapL2Promotion l2Promotion = TensorMapL2Promotion::None;
  TensorMapFill fill = TensorMapFill::Zero;
};

/// Encodes a map for the emulator, by the rules that the driver's encoder
/// enforces; the error says which is broken and what would be right.
llvm::Expected<TensorMap> encodeTiled(const TensorMapDescription &description);

unsigned getByteWidth(TensorMapType type);
/// By its PTX name, `bf16`, `s32`, `f32.ftz`, or `i32`, `i64`.
std::optional<TensorMapType> parseTensorMapType(llvm::StringRef name);

} // namespace mlir::bpt::emulator

#endif // BPT_EMULATOR_RUNTIME_TENSORMAP_H
