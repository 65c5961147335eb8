//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the host part of a program for GPUs calls. The header is C: code that
// was compiled ahead of time is linked with the same functions.
//
// A host function works on one device, that of the thread which called it, in
// the order of its calls. Its arguments are descriptors of memory on the device
// (host addresses never reach it); its results are blocks that it allocated
// with bptDeviceAlloc, or arguments, and belong to the caller.
//
// Errors. No function returns one, and generated code has nothing to test. The
// first failure in a call of a host function is kept; from then on every
// function here except bptDeviceFree does nothing (allocation and look-up
// return null, a copy to the host gives zeros), and the caller of the host
// function gets the message once it returns. Loops of a host function must
// therefore not wait for a value that the device writes.
//
// Launches and copies between blocks of the device are in order, but
// asynchronous; copies from and to the host wait.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_DEVICE_DEVICEABI_H
#define BPT_EXECUTIONENGINE_DEVICE_DEVICEABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// NOLINTBEGIN(modernize-use-using,readability-identifier-naming)
typedef struct BPTDeviceModule BPTDeviceModule;
typedef struct BPTDeviceKernel BPTDeviceKernel;
// NOLINTEND(modernize-use-using,readability-identifier-naming)

/// Memory on the device, uninitialised. Every block is aligned to 256 bytes;
/// `alignment` is a power of two up to that. A block of 0 bytes has an address
/// as well.
void *bptDeviceAlloc(uint64_t bytes, uint64_t alignment);

/// Frees a block once the work before it is done. Null is allowed; the address
/// must otherwise be one that bptDeviceAlloc returned.
void bptDeviceFree(void *block);

/// Copies between the host and the device, and within the device; blocks must
/// not overlap.
void bptDeviceCopyToDevice(void *target, const void *source, uint64_t bytes);
void bptDeviceCopyToHost(void *target, const void *source, uint64_t bytes);
void bptDeviceCopy(void *target, const void *source, uint64_t bytes);

/// Writes `count` times the `patternBytes` (1, 2, 4 or 8) at `pattern`, in host
/// memory, to a block that is aligned to them.
void bptDeviceFill(void *target, const void *pattern, uint64_t patternBytes,
                   uint64_t count);

/// Sets every byte to the low byte of `value`.
void bptDeviceMemset(void *target, uint64_t value, uint64_t bytes);

/// A module of kernels from PTX text, which needs no terminating zero. A text
/// is loaded once per process and device, however often this is called; the
/// module lives as long as the device. `name` is for messages.
BPTDeviceModule *bptDeviceLoadModule(const char *ptx, uint64_t bytes,
                                     const char *name);

/// The kernel of that name.
BPTDeviceKernel *bptDeviceGetKernel(BPTDeviceModule *module, const char *name);

/// The grid of a kernel whose blocks take one of `items` after the other: as
/// many blocks as the device holds at a time, at most one for each item.
/// `threads` and `sharedBytes` are those of the launch.
uint64_t bptDeviceCountResidentBlocks(BPTDeviceKernel *kernel, uint64_t items,
                                      uint64_t threads, uint64_t sharedBytes);

/// Launches a kernel. A grid without blocks does nothing. A cluster of 1x1x1 is
/// a launch without clusters. `sharedBytes` is the dynamic shared memory of a
/// block; no attribute needs to be set before. arguments[i] is the address of
/// the i-th parameter's value, which is copied.
void bptDeviceLaunch(BPTDeviceKernel *kernel, uint64_t gridX, uint64_t gridY,
                     uint64_t gridZ, uint64_t blockX, uint64_t blockY,
                     uint64_t blockZ, uint64_t clusterX, uint64_t clusterY,
                     uint64_t clusterZ, uint64_t sharedBytes, void **arguments);

/// Writes the 128 bytes of a tiled tensor map (a kernel's parameter for TMA) to
/// `map`, which is aligned to 64. Sizes and boxes are those of `rank`
/// dimensions, the innermost first; `strides` are the bytes of the rank - 1
/// outer ones. `elementType`, `interleave`, `swizzle`, `l2Promotion` and
/// `outOfBoundsFill` have the values of the driver's CUtensorMap enumerations.
void bptDeviceEncodeTensorMap(void *map, uint64_t elementType, uint64_t rank,
                              void *base, const uint64_t *sizes,
                              const uint64_t *strides, const uint32_t *box,
                              const uint32_t *elementStrides,
                              uint64_t interleave, uint64_t swizzle,
                              uint64_t l2Promotion, uint64_t outOfBoundsFill);

/// Waits for all work; what failed in it is a failure of this call.
void bptDeviceSynchronize(void);

/// The message of the first failure since the last call of this function on
/// this thread, or null. It stays valid until the next call. Generated code has
/// no use for it; a caller without C++ has.
const char *bptDeviceTakeError(void);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // BPT_EXECUTIONENGINE_DEVICE_DEVICEABI_H
