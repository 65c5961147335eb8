//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaDriver.h"
#include <cstdlib>
#include <dlfcn.h>
#include <mutex>

using namespace mlir::bpt;
using namespace mlir::bpt::cuda;

static std::string formatVersion(int version) {
  return std::to_string(version / 1000) + "." +
         std::to_string(version % 1000 / 10);
}

Status Driver::check(CUresult result, const char *function) const {
  if (result == CUDA_SUCCESS)
    return Status::success();
  const char *name = nullptr, *text = nullptr;
  cuGetErrorName(result, &name);
  cuGetErrorString(result, &text);
  std::string message = std::string("CUDA's ") + function + " failed: ";
  message += text ? text : "unknown error";
  message += " (" + (name ? std::string(name) : std::to_string(result)) + ")";
  return Status::failure(std::move(message));
}

static Status load(Driver &driver) {
  const char *named = std::getenv("BPT_CUDA_DRIVER");
  const char *path = named && *named ? named : "libcuda.so.1";
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    return Status::failure(
        std::string("device 'cuda' needs NVIDIA's driver, which cannot be "
                    "loaded: ") +
        (reason ? reason : path));
  }
  // The version comes first: an old driver lacks functions.
  auto getVersion = reinterpret_cast<CUresult (*)(int *)>(
      dlsym(library, "cuDriverGetVersion"));
  int version = 0;
  if (!getVersion || getVersion(&version) != CUDA_SUCCESS)
    return Status::failure(std::string("'") + path +
                           "' is not a CUDA driver: it has no version");
  if (version < kMinDriverVersion)
    return Status::failure("NVIDIA's driver is too old: it is of CUDA " +
                           formatVersion(version) + ", BPT needs CUDA " +
                           formatVersion(kMinDriverVersion) + " or later");
#define BPT_LOOK_UP(name, symbol, ...)                                         \
  driver.name =                                                                \
      reinterpret_cast<CUresult (*)(__VA_ARGS__)>(dlsym(library, symbol));     \
  if (!driver.name)                                                            \
    return Status::failure(std::string("the CUDA driver '") + path +           \
                           "' lacks the function " + symbol);
  BPT_CUDA_FUNCTIONS(BPT_LOOK_UP)
#undef BPT_LOOK_UP

  CUresult result = driver.cuInit(0);
  if (result == CUDA_ERROR_NO_DEVICE)
    return Status::failure("this machine has no GPU that CUDA can use");
  return driver.check(result, "cuInit");
}

Status Driver::open(const Driver *&driver) {
  static std::mutex mutex;
  static Driver opened;
  static bool isOpen = false;
  std::lock_guard<std::mutex> lock(mutex);
  if (!isOpen) {
    Status status = load(opened);
    if (status.failed())
      return status;
    isOpen = true;
  }
  driver = &opened;
  return Status::success();
}
