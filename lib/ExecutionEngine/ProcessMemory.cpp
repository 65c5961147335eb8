//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/ProcessMemory.h"
#include "llvm/ADT/StringExtras.h"
#include <cstdio>

using namespace mlir;
using namespace mlir::bpt;

/// Reads a line of /proc/self/status, which counts in KiB.
static std::optional<size_t> readStatus(llvm::StringRef key) {
  std::FILE *file = std::fopen("/proc/self/status", "r");
  if (!file)
    return std::nullopt;
  std::optional<size_t> bytes;
  char line[256];
  while (!bytes && std::fgets(line, sizeof(line), file)) {
    llvm::StringRef rest(line);
    size_t kibibytes;
    if (rest.consume_front(key) && rest.consume_front(":") &&
        !rest.ltrim().split(' ').first.getAsInteger(10, kibibytes))
      bytes = kibibytes * 1024;
  }
  std::fclose(file);
  return bytes;
}

ResidentSetMeter::ResidentSetMeter() {
  // Sets the high-water mark back to the present size (see proc(5)).
  std::FILE *file = std::fopen("/proc/self/clear_refs", "w");
  if (!file)
    return;
  bool isReset = std::fputs("5", file) >= 0;
  isReset &= std::fclose(file) == 0;
  if (isReset)
    start = readStatus("VmHWM");
}

std::optional<size_t> ResidentSetMeter::getPeakGrowth() const {
  std::optional<size_t> peak = readStatus("VmHWM");
  if (!start || !peak)
    return std::nullopt;
  return *peak > *start ? *peak - *start : 0;
}

void bpt::touchPages(const HostTensor &tensor) {
  constexpr size_t kPageSize = 4096;
  const volatile char *data = tensor.getData();
  for (size_t i = 0, e = tensor.getNumBytes(); i < e; i += kPageSize)
    (void)data[i];
}
