//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"

using namespace mlir::bpt::emulator;

void bpt_emu_wgmma_fence(uint32_t site) {
  fail(site, "wgmma_fence is not implemented yet");
}
void bpt_emu_wgmma_mma_async(const WgmmaForm *form, const uint32_t *a,
                             uint64_t aDescriptor, uint64_t bDescriptor,
                             uint32_t scaleD, void *accumulators,
                             uint32_t site) {
  fail(site, "wgmma_mma_async is not implemented yet");
}
void bpt_emu_wgmma_commit_group(uint32_t site) {
  fail(site, "wgmma_commit_group is not implemented yet");
}
void bpt_emu_wgmma_wait_group(uint32_t pending, uint32_t site) {
  fail(site, "wgmma_wait_group is not implemented yet");
}
void bpt_emu_bulk_global_to_shared(uint64_t destination, uint64_t source,
                                   uint32_t bytes, uint64_t mbarrier,
                                   uint32_t isMulticast, uint32_t ctaMask,
                                   uint32_t site) {
  fail(site, "bulk_global_to_shared is not implemented yet");
}
void bpt_emu_bulk_shared_to_cluster(uint64_t destination, uint64_t source,
                                    uint32_t bytes, uint64_t mbarrier,
                                    uint32_t site) {
  fail(site, "bulk_shared_to_cluster is not implemented yet");
}
void bpt_emu_bulk_shared_to_global(uint64_t destination, uint64_t source,
                                   uint32_t bytes, uint32_t site) {
  fail(site, "bulk_shared_to_global is not implemented yet");
}
void bpt_emu_bulk_reduce_to_global(uint64_t destination, uint64_t source,
                                   uint32_t bytes, ReductionOp op,
                                   ElementKind type, uint32_t site) {
  fail(site, "bulk_reduce_to_global is not implemented yet");
}
void bpt_emu_bulk_reduce_to_cluster(uint64_t destination, uint64_t source,
                                    uint32_t bytes, uint64_t mbarrier,
                                    ReductionOp op, ElementKind type,
                                    uint32_t site) {
  fail(site, "bulk_reduce_to_cluster is not implemented yet");
}
void bpt_emu_bulk_prefetch(uint64_t source, uint32_t bytes, uint32_t site) {
  fail(site, "bulk_prefetch is not implemented yet");
}
void bpt_emu_bulk_commit_group(uint32_t site) {
  fail(site, "bulk_commit_group is not implemented yet");
}
void bpt_emu_bulk_wait_group(uint32_t pending, uint32_t read, uint32_t site) {
  fail(site, "bulk_wait_group is not implemented yet");
}
void bpt_emu_tma_load(uint64_t destination, uint64_t map, uint32_t rank,
                      const int32_t *coordinates, uint64_t mbarrier,
                      uint32_t isMulticast, uint32_t ctaMask, uint32_t site) {
  fail(site, "tma_load is not implemented yet");
}
void bpt_emu_tma_store(uint64_t map, uint32_t rank, const int32_t *coordinates,
                       uint64_t source, uint32_t site) {
  fail(site, "tma_store is not implemented yet");
}
void bpt_emu_tma_reduce(uint64_t map, uint32_t rank, const int32_t *coordinates,
                        uint64_t source, ReductionOp op, uint32_t site) {
  fail(site, "tma_reduce is not implemented yet");
}
void bpt_emu_tma_prefetch(uint64_t map, uint32_t rank,
                          const int32_t *coordinates, uint32_t site) {
  fail(site, "tma_prefetch is not implemented yet");
}
void bpt_emu_tensormap_replace(uint64_t map, TensorMapField field,
                               uint32_t index, uint64_t value, uint32_t site) {
  fail(site, "tensormap_replace is not implemented yet");
}
void bpt_emu_tensormap_cp_fenceproxy(uint64_t destination, uint64_t source,
                                     uint32_t bytes, uint32_t site) {
  fail(site, "tensormap_cp_fenceproxy is not implemented yet");
}
