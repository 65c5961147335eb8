//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_PTX_SOURCE_H
#define BPT_EMULATOR_PTX_SOURCE_H

#include "llvm/Support/Error.h"
#include "llvm/Support/SourceMgr.h"

namespace mlir::bpt::ptx {

/// The text of a PTX file, and the errors that point into it.
class Source {
public:
  /// Copies the text, so that tokens may refer to it for as long as the source
  /// lives.
  Source(llvm::StringRef text, llvm::StringRef name);

  llvm::StringRef getText() const;
  llvm::StringRef getName() const;

  /// `name:12:5: error: message`, the line, and a mark under the place.
  llvm::Error error(llvm::SMLoc loc, const llvm::Twine &message) const;

  unsigned getLine(llvm::SMLoc loc) const;

private:
  llvm::SourceMgr sources;
};

} // namespace mlir::bpt::ptx

#endif // BPT_EMULATOR_PTX_SOURCE_H
