//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::bpt::emulator;

llvm::json::Object mlir::bpt::emulator::toJSON(const CaseResult &result) {
  const LaunchReport &report = result.report;
  auto count = [](uint64_t value) { return static_cast<int64_t>(value); };
  llvm::json::Object object{
      {"kernel", result.kernel},
      {"seconds", report.seconds},
      {"fibre_switches", count(report.fibreSwitches)},
      {"accesses", count(report.accesses)},
      {"async_copies", count(report.asyncCopies)},
      {"matrix_products", count(report.matrixProducts)},
  };
  if (!result.profile.empty())
    object["profile"] = llvm::json::Object(result.profile);
  return object;
}

CaseError mlir::bpt::emulator::takeError(llvm::Error error) {
  CaseError result;
  llvm::handleAllErrors(
      std::move(error),
      [&](const LaunchError &launch) {
        llvm::raw_string_ostream os(result.message);
        launch.log(os);
        result.isFault = launch.isFault();
      },
      [&](const llvm::ErrorInfoBase &other) {
        result.message = other.message();
        result.isLocated =
            llvm::StringRef(result.message).contains(": error: ");
      });
  return result;
}
