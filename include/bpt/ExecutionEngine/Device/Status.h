//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_DEVICE_STATUS_H
#define BPT_EXECUTIONENGINE_DEVICE_STATUS_H

#include <string>
#include <utility>

namespace mlir::bpt::runtime {

/// Success, or one line that says what failed. What llvm::Error is, for code
/// that is linked with programs which have no LLVM.
class [[nodiscard]] Status {
public:
  static Status success() { return Status(); }
  static Status failure(std::string message) {
    Status status;
    status.isFailure = true;
    status.message = std::move(message);
    return status;
  }

  bool failed() const { return isFailure; }
  const std::string &getMessage() const { return message; }

private:
  bool isFailure = false;
  std::string message;
};

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_DEVICE_STATUS_H
