//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_DEVICE_CODECACHE_H
#define BPT_EXECUTIONENGINE_DEVICE_CODECACHE_H

#include "bpt/ExecutionEngine/Device/Device.h"
#include <optional>

namespace mlir::bpt::runtime {

/// Compiled code on disk, by everything that it depends on. Files are written
/// elsewhere and renamed, and carry their whole key: one that is torn, belongs
/// to another user, can be written by others or is of something else is left
/// out with a remark, never used.
class CodeCache {
public:
  /// BPT_CACHE_DIR, else XDG_CACHE_HOME/bpt, else ~/.cache/bpt; empty without
  /// any of these, or if BPT_CACHE_DIR is.
  static std::string chooseFolder();

  /// Of files with that extension in that folder; without one nothing is kept.
  CodeCache(std::string_view extension, RemarkHandler remark);

  bool isEnabled() const { return !folder.empty(); }
  std::optional<std::string> read(std::string_view key) const;
  void write(std::string_view key, std::string_view code) const;

private:
  std::string getPath(std::string_view key) const;

  std::string extension, folder;
  RemarkHandler remark;
};

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_DEVICE_CODECACHE_H
