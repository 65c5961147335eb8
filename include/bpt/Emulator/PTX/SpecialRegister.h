//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_PTX_SPECIALREGISTER_H
#define BPT_EMULATOR_PTX_SPECIALREGISTER_H

#include "bpt/Emulator/PTX/Type.h"

namespace mlir::bpt::ptx {

/// The read-only registers of PTX. `X`, `Y`, `Z` of one register follow each
/// other.
enum class SpecialRegister : uint8_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  ClusteridX,
  ClusteridY,
  ClusteridZ,
  NclusteridX,
  NclusteridY,
  NclusteridZ,
  ClusterCtaidX,
  ClusterCtaidY,
  ClusterCtaidZ,
  ClusterNctaidX,
  ClusterNctaidY,
  ClusterNctaidZ,
  ClusterCtarank,
  ClusterNctarank,
  IsExplicitCluster,
  Laneid,
  Warpid,
  Nwarpid,
  LanemaskEq,
  LanemaskLt,
  LanemaskLe,
  LanemaskGt,
  LanemaskGe,
  Smid,
  Nsmid,
  Gridid,
  Clock,
  ClockHi,
  Clock64,
  GlobaltimerLo,
  GlobaltimerHi,
  Globaltimer,
  TotalSmemSize,
  AggrSmemSize,
  DynamicSmemSize
};

/// By its name with the percent sign: `%tid.x`.
std::optional<SpecialRegister> parseSpecialRegister(llvm::StringRef name);

llvm::StringRef getName(SpecialRegister special);
Type getType(SpecialRegister special);

} // namespace mlir::bpt::ptx

#endif // BPT_EMULATOR_PTX_SPECIALREGISTER_H
