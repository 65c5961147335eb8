//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/PTX/Source.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::bpt::ptx;

Source::Source(llvm::StringRef text, llvm::StringRef name) {
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, name),
                             llvm::SMLoc());
}

llvm::StringRef Source::getText() const {
  return sources.getMemoryBuffer(sources.getMainFileID())->getBuffer();
}

llvm::StringRef Source::getName() const {
  return sources.getMemoryBuffer(sources.getMainFileID())
      ->getBufferIdentifier();
}

llvm::Error Source::error(llvm::SMLoc loc, const llvm::Twine &message) const {
  std::string text;
  llvm::raw_string_ostream os(text);
  sources.GetMessage(loc, llvm::SourceMgr::DK_Error, message)
      .print(/*ProgName=*/nullptr, os, /*ShowColors=*/false);
  return llvm::createStringError(llvm::StringRef(text).rtrim('\n'));
}

unsigned Source::getLine(llvm::SMLoc loc) const {
  return sources.FindLineNumber(loc);
}
