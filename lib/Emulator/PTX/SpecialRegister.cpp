//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/PTX/SpecialRegister.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir::bpt::ptx;

namespace {
struct SpecialRegisterInfo {
  llvm::StringLiteral name;
  Type type;
};
} // namespace

/// In the order of the enumeration.
static constexpr SpecialRegisterInfo kSpecialRegisters[] = {
    {"%tid.x", Type::U32},
    {"%tid.y", Type::U32},
    {"%tid.z", Type::U32},
    {"%ntid.x", Type::U32},
    {"%ntid.y", Type::U32},
    {"%ntid.z", Type::U32},
    {"%ctaid.x", Type::U32},
    {"%ctaid.y", Type::U32},
    {"%ctaid.z", Type::U32},
    {"%nctaid.x", Type::U32},
    {"%nctaid.y", Type::U32},
    {"%nctaid.z", Type::U32},
    {"%clusterid.x", Type::U32},
    {"%clusterid.y", Type::U32},
    {"%clusterid.z", Type::U32},
    {"%nclusterid.x", Type::U32},
    {"%nclusterid.y", Type::U32},
    {"%nclusterid.z", Type::U32},
    {"%cluster_ctaid.x", Type::U32},
    {"%cluster_ctaid.y", Type::U32},
    {"%cluster_ctaid.z", Type::U32},
    {"%cluster_nctaid.x", Type::U32},
    {"%cluster_nctaid.y", Type::U32},
    {"%cluster_nctaid.z", Type::U32},
    {"%cluster_ctarank", Type::U32},
    {"%cluster_nctarank", Type::U32},
    {"%is_explicit_cluster", Type::Pred},
    {"%laneid", Type::U32},
    {"%warpid", Type::U32},
    {"%nwarpid", Type::U32},
    {"%lanemask_eq", Type::U32},
    {"%lanemask_lt", Type::U32},
    {"%lanemask_le", Type::U32},
    {"%lanemask_gt", Type::U32},
    {"%lanemask_ge", Type::U32},
    {"%smid", Type::U32},
    {"%nsmid", Type::U32},
    {"%gridid", Type::U64},
    {"%clock", Type::U32},
    {"%clock_hi", Type::U32},
    {"%clock64", Type::U64},
    {"%globaltimer_lo", Type::U32},
    {"%globaltimer_hi", Type::U32},
    {"%globaltimer", Type::U64},
    {"%total_smem_size", Type::U32},
    {"%aggr_smem_size", Type::U32},
    {"%dynamic_smem_size", Type::U32},
};

std::optional<SpecialRegister>
mlir::bpt::ptx::parseSpecialRegister(llvm::StringRef name) {
  for (auto [i, info] : llvm::enumerate(kSpecialRegisters))
    if (info.name == name)
      return static_cast<SpecialRegister>(i);
  return std::nullopt;
}

llvm::StringRef mlir::bpt::ptx::getName(SpecialRegister special) {
  return kSpecialRegisters[static_cast<unsigned>(special)].name;
}

Type mlir::bpt::ptx::getType(SpecialRegister special) {
  return kSpecialRegisters[static_cast<unsigned>(special)].type;
}
