//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fibre.h"
#include "llvm/Support/Compiler.h"
#include <sys/mman.h>
#include <utility>

#if LLVM_ADDRESS_SANITIZER_BUILD
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

using namespace mlir::bpt::emulator;

/// Pushes what the calling convention preserves, stores the stack pointer to
/// `*save`, and takes up the stack `load` where it was left in the same way.
extern "C" void bptEmulatorSwitchStack(void **save, void *load);

#if defined(__x86_64__)
static constexpr size_t kSavedWords = 6;
asm(R"(
.text
.p2align 4
.type bptEmulatorSwitchStack,@function
.hidden bptEmulatorSwitchStack
.globl bptEmulatorSwitchStack
bptEmulatorSwitchStack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size bptEmulatorSwitchStack, .-bptEmulatorSwitchStack
)");

/// The frame that bptEmulatorSwitchStack pops, and where it returns to; the
/// word above stands for a caller's return address and aligns the stack.
static void *makeFirstFrame(uint8_t *top, void (*entry)()) {
  void **sp = reinterpret_cast<void **>(top);
  *--sp = nullptr;
  *--sp = reinterpret_cast<void *>(entry);
  for (size_t i = 0; i < kSavedWords; ++i)
    *--sp = nullptr;
  return sp;
}
#elif defined(__aarch64__)
asm(R"(
.text
.p2align 4
.type bptEmulatorSwitchStack,%function
.hidden bptEmulatorSwitchStack
.globl bptEmulatorSwitchStack
bptEmulatorSwitchStack:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x2, sp
  str x2, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size bptEmulatorSwitchStack, .-bptEmulatorSwitchStack
)");

static void *makeFirstFrame(uint8_t *top, void (*entry)()) {
  void **frame = reinterpret_cast<void **>(top - 160);
  for (size_t i = 0; i < 20; ++i)
    frame[i] = nullptr;
  frame[11] = reinterpret_cast<void *>(entry);
  return frame;
}
#else
#error "the emulator's fibres know x86-64 and AArch64"
#endif

#if LLVM_ADDRESS_SANITIZER_BUILD
/// The fibre that this host thread left last; its bounds are known on arrival.
static thread_local const void **leftBottom;
static thread_local size_t *leftSize;
#endif

void Fibre::start(uint8_t *stack, void (*entry)()) {
  bottom = stack + kGuardBytes;
  size = kStackBytes - kGuardBytes;
#if LLVM_ADDRESS_SANITIZER_BUILD
  __asan_unpoison_memory_region(bottom, size);
#endif
  stackPointer = makeFirstFrame(stack + kStackBytes, entry);
}

void Fibre::enter() {
#if LLVM_ADDRESS_SANITIZER_BUILD
  __sanitizer_finish_switch_fiber(nullptr, leftBottom, leftSize);
#endif
}

void Fibre::switchTo(Fibre &next) {
#if LLVM_ADDRESS_SANITIZER_BUILD
  leftBottom = &bottom;
  leftSize = &size;
  __sanitizer_start_switch_fiber(&fakeStack, next.bottom, next.size);
#endif
  bptEmulatorSwitchStack(&stackPointer, next.stackPointer);
#if LLVM_ADDRESS_SANITIZER_BUILD
  __sanitizer_finish_switch_fiber(fakeStack, leftBottom, leftSize);
#endif
}

void Fibre::leaveFor(Fibre &next) {
#if LLVM_ADDRESS_SANITIZER_BUILD
  leftBottom = &bottom;
  leftSize = &size;
  __sanitizer_start_switch_fiber(nullptr, next.bottom, next.size);
#endif
  bptEmulatorSwitchStack(&stackPointer, next.stackPointer);
  __builtin_unreachable();
}

bool Fibre::hasStackLeft(const uint8_t *stack) {
  constexpr size_t kReserve = 64 << 10;
  const auto *here =
      reinterpret_cast<const uint8_t *>(__builtin_frame_address(0));
  return here > stack + kGuardBytes + kReserve;
}

uint8_t *StackPool::take() {
  if (free) {
    Node *node = std::exchange(free, free->next);
    return reinterpret_cast<uint8_t *>(node) - Fibre::kStackBytes +
           sizeof(Node);
  }
  void *stack =
      mmap(nullptr, Fibre::kStackBytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED)
    return nullptr;
  if (mprotect(stack, Fibre::kGuardBytes, PROT_NONE) != 0) {
    munmap(stack, Fibre::kStackBytes);
    return nullptr;
  }
  return static_cast<uint8_t *>(stack);
}

void StackPool::giveBack(uint8_t *stack) {
  // The list is kept in the stacks' topmost words, whose page is in use anyway.
  auto *node =
      reinterpret_cast<Node *>(stack + Fibre::kStackBytes - sizeof(Node));
#if LLVM_ADDRESS_SANITIZER_BUILD
  __asan_unpoison_memory_region(node, sizeof(Node));
#endif
  node->next = free;
  free = node;
}

StackPool::~StackPool() {
  while (free)
    munmap(take(), Fibre::kStackBytes);
}
