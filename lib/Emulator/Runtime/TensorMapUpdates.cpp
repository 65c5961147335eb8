//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "Races.h"
#include "Scheduler.h"
#include "TensorMapFields.h"
#include <cstring>

using namespace mlir::bpt::emulator;

/// Sets what tensormap.replace names; false if the value or index is out of
/// range.
static bool replaceField(TensorMapFields &map, TensorMapField field,
                         uint32_t index, uint64_t value) {
  // The numbering of types in PTX has f32.ftz before f64 and bf16.
  static constexpr TensorMapType kTypes[] = {
      TensorMapType::U8,  TensorMapType::U16, TensorMapType::U32,
      TensorMapType::S32, TensorMapType::U64, TensorMapType::S64,
      TensorMapType::F16, TensorMapType::F32, TensorMapType::F32,
      TensorMapType::F64, TensorMapType::BF16};
  static constexpr uint64_t kFlushToZero = 8;
  switch (field) {
  case TensorMapField::GlobalAddress:
    map.address = value;
    return true;
  case TensorMapField::Rank:
    map.rank = static_cast<uint8_t>(value + 1);
    return value < kMaxTensorRank;
  case TensorMapField::BoxDim:
    if (index >= kMaxTensorRank || value > 256)
      return false;
    map.box[index] = static_cast<uint16_t>(value);
    return true;
  case TensorMapField::GlobalDim:
    if (index >= kMaxTensorRank)
      return false;
    map.dims[index] = value;
    return true;
  case TensorMapField::GlobalStride:
    if (index + 1 >= kMaxTensorRank)
      return false;
    map.strides[index] = value;
    return true;
  case TensorMapField::ElementStride:
    if (index >= kMaxTensorRank || value > 8)
      return false;
    map.elementStrides[index] = static_cast<uint8_t>(value);
    return true;
  case TensorMapField::ElementType:
    if (value >= std::size(kTypes) || value == kFlushToZero)
      return false;
    map.type = kTypes[value];
    return true;
  case TensorMapField::InterleaveLayout:
    return value == 0;
  case TensorMapField::SwizzleMode:
    map.swizzle = static_cast<TensorMapSwizzle>(value);
    return value <= static_cast<uint64_t>(TensorMapSwizzle::Bytes128);
  case TensorMapField::FillMode:
    map.fill = static_cast<TensorMapFill>(value);
    return value <= static_cast<uint64_t>(TensorMapFill::NaN);
  }
  llvm_unreachable("tensor map field");
}

void bpt_emu_tensormap_replace(uint64_t address, TensorMapField field,
                               uint32_t index, uint64_t value, uint32_t site) {
  Thread &thread = currentThread();
  bool isShared = bpt_emu_isspacep(address, StateSpace::SharedCta);
  if (isShared) {
    SharedPlace place =
        checkShared(thread, address, sizeof(TensorMap), alignof(TensorMap),
                    /*ownOnly=*/true, "tensor map", site);
    checkInitialized(thread, place, sizeof(TensorMap), site);
    if (detectsRaces())
      raceShared(thread, *place.cta, place.offset, sizeof(TensorMap),
                 /*isRead=*/true, /*isWrite=*/true, /*isStrong=*/false, site);
  } else {
    checkGlobal(thread, address, sizeof(TensorMap), alignof(TensorMap),
                /*isWrite=*/true, "tensor map", site);
  }
  auto *map = reinterpret_cast<TensorMap *>(address);
  TensorMapFields fields = decode(*map);
  if (fields.magic != TensorMapFields::kMagic)
    fail(site, "tensormap.replace: there is no tensor map at {0:x}", address);
  if (!replaceField(fields, field, index, value))
    fail(site,
         "tensormap.replace: the value {0} or the index {1} is out of range, "
         "or names what is not emulated",
         value, index);
  *map = encode(fields);
}

void bpt_emu_tensormap_cp_fenceproxy(uint64_t destination, uint64_t source,
                                     uint32_t bytes, uint32_t site) {
  Thread &thread = currentThread();
  if (bytes != sizeof(TensorMap))
    fail(site, "tensormap.cp_fenceproxy copies 128 bytes, not {0}", bytes);
  SharedPlace place = checkShared(thread, source, bytes, alignof(TensorMap),
                                  /*ownOnly=*/true, "tensor map", site);
  checkInitialized(thread, place, bytes, site);
  checkGlobal(thread, destination, bytes, alignof(TensorMap), /*isWrite=*/true,
              "tensor map", site);
  // All lanes execute it, and copy the same.
  if (detectsRaces())
    raceShared(thread, *place.cta, place.offset, bytes, /*isRead=*/true,
               /*isWrite=*/false, /*isStrong=*/false, site);
  std::memcpy(getPointer(destination), getPointer(source), bytes);
}
