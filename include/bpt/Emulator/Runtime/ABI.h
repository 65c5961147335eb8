//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What translated PTX calls. A kernel is a host function
// `void kernel(const uint8_t *params)` that runs once for each thread, as a
// fibre. Plain arithmetic is translated inline; everything else is one of the
// functions below.
//
// - `site` is an index into KernelDescription::sites. It names the instruction
//   in messages.
// - An error in the kernel abandons the fibre: the call does not return.
// - Functions under "May suspend" switch to other threads of the cluster before
//   they return. None of the functions unwinds. A fibre never changes its host
//   thread.
// - Calls must not be moved across each other, duplicated or made conditional
//   (declare all but the pure functions `convergent`, with memory effects).
// - Addresses are 64 bits wide. A shared address is the same number in its
//   32-bit, 64-bit and generic form (zero-extended), for shared::cta and
//   shared::cluster alike; cvta is the identity. Global addresses are host
//   pointers.
// - Predicates are 0 or 1 in a uint32_t. Results of two parts are packed into
//   64 bits as documented.
// - Pointers to operands and results are host pointers (a fibre's stack will
//   do); they are read and written before the call returns and need no
//   alignment beyond that of their type.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_RUNTIME_ABI_H
#define BPT_EMULATOR_RUNTIME_ABI_H

#include <cstdint>

namespace mlir::bpt::emulator {

//===----------------------------------------------------------------------===//
// Enumerations
//===----------------------------------------------------------------------===//

/// The order is that of ptx::SpecialRegister.
enum class SpecialRegister : uint32_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  ClusteridX,
  ClusteridY,
  ClusteridZ,
  NclusteridX,
  NclusteridY,
  NclusteridZ,
  ClusterCtaidX,
  ClusterCtaidY,
  ClusterCtaidZ,
  ClusterNctaidX,
  ClusterNctaidY,
  ClusterNctaidZ,
  ClusterCtarank,
  ClusterNctarank,
  IsExplicitCluster,
  Laneid,
  Warpid,
  Nwarpid,
  LanemaskEq,
  LanemaskLt,
  LanemaskLe,
  LanemaskGt,
  LanemaskGe,
  Smid,
  Nsmid,
  Gridid,
  Clock,
  ClockHi,
  Clock64,
  GlobaltimerLo,
  GlobaltimerHi,
  Globaltimer,
  TotalSmemSize,
  AggrSmemSize,
  DynamicSmemSize
};

enum class StateSpace : uint32_t {
  Generic,
  Global,
  SharedCta,
  SharedCluster,
  Local,
  Const,
  Param
};

enum class AccessKind : uint32_t { Load, Store, Atomic };

/// Weak is the default; Relaxed also stands for .volatile and .mmio.
enum class Semantics : uint32_t {
  Weak,
  Relaxed,
  Acquire,
  Release,
  AcquireRelease,
  SequentiallyConsistent
};

enum class Scope : uint32_t { Cta, Cluster, Gpu, Sys };

/// How a memory access is passed: kind in bits 0-1, space in 2-4, semantics in
/// 5-7, scope in 8-9. Bit 10: not coherent (ld.global.nc, ldu).
constexpr uint32_t kNonCoherentAccess = 1u << 10;
constexpr uint32_t encodeAccess(AccessKind kind, StateSpace space,
                                Semantics semantics = Semantics::Weak,
                                Scope scope = Scope::Gpu) {
  return static_cast<uint32_t>(kind) | static_cast<uint32_t>(space) << 2 |
         static_cast<uint32_t>(semantics) << 5 |
         static_cast<uint32_t>(scope) << 8;
}

enum class ShuffleMode : uint32_t { Up, Down, Butterfly, Index };
enum class VoteMode : uint32_t { All, Any, Uniform, Ballot };
enum class BarrierReduction : uint32_t { Popc, And, Or };

/// What atom, red, redux and the bulk reductions do.
enum class ReductionOp : uint32_t {
  Add,
  Min,
  Max,
  Inc,
  Dec,
  And,
  Or,
  Xor,
  Exchange,
  CompareAndSwap
};

/// The types of elements in memory, of conversions and of matrix operands.
enum class ElementKind : uint32_t {
  B1,
  U4,
  S4,
  U8,
  S8,
  U16,
  S16,
  B16,
  U32,
  S32,
  B32,
  U64,
  S64,
  B64,
  F16,
  BF16,
  TF32,
  F32,
  F64,
  E4M3,
  E5M2,
  F16x2,
  BF16x2
};

/// Rounding modifiers: rn, rz, rm, rp, rna (and rni, rzi, rmi, rpi).
enum class Rounding : uint32_t {
  NearestEven,
  TowardZero,
  Down,
  Up,
  NearestAway
};

/// Bits of the `flags` of bpt_emu_cvt_to_narrow.
constexpr uint32_t kConvertSaturateFinite = 1; // .satfinite
constexpr uint32_t kConvertRelu = 2;           // .relu
constexpr uint32_t kConvertSaturate = 4;       // .sat: to [0, 1], NaN to 0

/// Bits of the `flags` of mbarrier operations.
constexpr uint32_t kMbarrierDrop = 1;       // arrive_drop
constexpr uint32_t kMbarrierNoComplete = 2; // .noComplete
constexpr uint32_t kMbarrierRelaxed = 4;    // .relaxed
constexpr uint32_t kMbarrierCluster = 8;    // .cluster scope
constexpr uint32_t kMbarrierParity = 16;    // the wait is for a parity
constexpr uint32_t kMbarrierTry = 32;       // try_wait, else test_wait

/// Bits of `spaces` of bpt_emu_fence_proxy_async.
constexpr uint32_t kProxyGlobal = 1;
constexpr uint32_t kProxyShared = 2;

enum class MatrixLayout : uint32_t { Row, Column };
enum class BitOp : uint32_t { Xor, And };

/// A form of mma.sync. Translated code holds one constant a form.
struct MmaForm {
  uint32_t m, n, k;
  ElementKind a, b, c, d;
  MatrixLayout aLayout, bLayout;
  uint32_t saturate;
  BitOp bitOp;
};

/// A form of wgmma.mma_async (m is 64). Scales are 1 or -1.
struct WgmmaForm {
  uint32_t n, k;
  ElementKind a, b, d;
  int32_t scaleA, scaleB;
  uint32_t transposeA, transposeB;
  uint32_t saturate;
};

/// The fields that tensormap.replace changes.
enum class TensorMapField : uint32_t {
  GlobalAddress,
  Rank,
  BoxDim,
  GlobalDim,
  GlobalStride,
  ElementStride,
  ElementType,
  InterleaveLayout,
  SwizzleMode,
  FillMode
};

enum class GridDependency : uint32_t { LaunchDependents, Wait };

} // namespace mlir::bpt::emulator

// The names are those of C symbols.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {

//===----------------------------------------------------------------------===//
// The thread and its place
//===----------------------------------------------------------------------===//

/// The register's value, zero-extended; truncate to the register's width. The
/// clocks advance with every call, in steps that mean nothing.
uint64_t bpt_emu_special_register(mlir::bpt::emulator::SpecialRegister which);

/// The CTA's shared window; a shared variable is at its offset in the window.
uint64_t bpt_emu_shared_base(void);
/// Where `extern .shared` arrays begin.
uint64_t bpt_emu_dynamic_shared(void);

/// A frame of .local memory for one function activation, filled with 0xFF;
/// accesses outside it are reported. Frames are freed in reverse order.
uint64_t bpt_emu_local_alloc(uint32_t bytes, uint32_t alignment, uint32_t site);
void bpt_emu_local_free(uint64_t address);

/// Whether the address lies in the space (isspacep).
uint32_t bpt_emu_isspacep(uint64_t address,
                          mlir::bpt::emulator::StateSpace space);
/// mapa: the address of the same variable in the CTA `rank` of the cluster.
uint64_t bpt_emu_mapa(uint64_t address, uint32_t rank, uint32_t site);
uint32_t bpt_emu_getctarank(uint64_t address, uint32_t site);

/// The thread ends (exit, or ret from the kernel's body). Does not return. A
/// kernel's entry may also just return.
void bpt_emu_exit(uint32_t site);
/// trap and brkpt: an error. Does not return.
void bpt_emu_trap(uint32_t site);
/// An error of the translated code's own finding; `message` is static and says
/// what is wrong. Does not return.
void bpt_emu_error(const char *message, uint32_t site);
/// At the entry of every .func: reports a recursion that fills the stack.
void bpt_emu_stack_check(uint32_t site);

/// Profile mode only: at the start of each basic block, before anything else in
/// it. `block` indexes KernelDescription::blocks, which is in program order. A
/// call of a .func ends a block. May suspend.
void bpt_emu_block(uint32_t block);

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Before every ld and st (not of .param and not of a register spill that the
/// translator made): checks space, bounds, alignment to `bytes` (all elements
/// of a vector together), initialisation, and races; counts. `access` is that
/// of encodeAccess. The access itself follows inline, at once: no call of the
/// runtime stands between. May suspend where the semantics are not weak.
void bpt_emu_access(uint64_t address, uint32_t bytes, uint32_t access,
                    uint32_t site);

/// atom and red, of every space; checks like bpt_emu_access. Returns what was
/// in memory. `operand` and `compare` (cas only) hold the bits of the type,
/// zero-extended; f16x2 and bf16x2 are each one operand. May suspend.
uint64_t bpt_emu_atomic(uint64_t address, mlir::bpt::emulator::ReductionOp op,
                        mlir::bpt::emulator::ElementKind type, uint64_t operand,
                        uint64_t compare, uint32_t access, uint32_t site);
/// atom.exch and atom.cas of .b128, little endian. May suspend.
void bpt_emu_atomic128(uint64_t address, mlir::bpt::emulator::ReductionOp op,
                       const uint64_t *operand, const uint64_t *compare,
                       uint64_t *old, uint32_t access, uint32_t site);
/// atom and red of .v2, .v4 and .v8; operands and results as they lie in
/// memory. `old` may be null. May suspend.
void bpt_emu_atomic_vector(uint64_t address,
                           mlir::bpt::emulator::ReductionOp op,
                           mlir::bpt::emulator::ElementKind type,
                           uint32_t count, const void *operands, void *old,
                           uint32_t access, uint32_t site);

/// membar (cta, gl, sys: sc at scope cta, gpu, sys) and fence.
void bpt_emu_fence(mlir::bpt::emulator::Semantics semantics,
                   mlir::bpt::emulator::Scope scope, uint32_t site);
/// fence.mbarrier_init.release.cluster
void bpt_emu_fence_mbarrier_init(uint32_t site);
/// fence.proxy.async[.SPACE] and fence.proxy.async::generic.*; without a space
/// both bits of `spaces`.
void bpt_emu_fence_proxy_async(uint32_t spaces, uint32_t site);
/// fence.proxy.tensormap::generic; `address` is that of the map (acquire), or 0
/// (release).
void bpt_emu_fence_proxy_tensormap(mlir::bpt::emulator::Semantics semantics,
                                   mlir::bpt::emulator::Scope scope,
                                   uint64_t address, uint32_t site);
/// fence.proxy.alias
void bpt_emu_fence_proxy_alias(uint32_t site);

/// prefetch and prefetchu (including .tensormap): a generic, global, local,
/// const or param address. Only the space is checked.
void bpt_emu_prefetch(uint64_t address, mlir::bpt::emulator::StateSpace space,
                      uint32_t site);
/// discard.global.L2: the bytes are indeterminate afterwards.
void bpt_emu_discard(uint64_t address, uint32_t bytes, uint32_t site);

//===----------------------------------------------------------------------===//
// Barriers. May suspend.
//===----------------------------------------------------------------------===//

/// bar.sync and barrier.sync. `count` 0: all threads of the CTA. `aligned`: bar
/// and barrier.*.aligned.
void bpt_emu_barrier_sync(uint32_t id, uint32_t count, uint32_t aligned,
                          uint32_t site);
void bpt_emu_barrier_arrive(uint32_t id, uint32_t count, uint32_t aligned,
                            uint32_t site);
uint32_t bpt_emu_barrier_red(mlir::bpt::emulator::BarrierReduction op,
                             uint32_t predicate, uint32_t id, uint32_t count,
                             uint32_t aligned, uint32_t site);
/// barrier.cluster.arrive: Release or Relaxed.
void bpt_emu_cluster_arrive(mlir::bpt::emulator::Semantics semantics,
                            uint32_t aligned, uint32_t site);
void bpt_emu_cluster_wait(uint32_t aligned, uint32_t site);

void bpt_emu_nanosleep(uint32_t nanoseconds, uint32_t site);

//===----------------------------------------------------------------------===//
// What the lanes of a warp do together. May suspend.
//===----------------------------------------------------------------------===//

void bpt_emu_bar_warp_sync(uint32_t mask, uint32_t site);
/// The value in bits 0-31, the predicate in bit 32.
uint64_t bpt_emu_shfl(mlir::bpt::emulator::ShuffleMode mode, uint32_t value,
                      uint32_t b, uint32_t c, uint32_t mask, uint32_t site);
/// A predicate, or the mask of Ballot.
uint32_t bpt_emu_vote(mlir::bpt::emulator::VoteMode mode, uint32_t predicate,
                      uint32_t mask, uint32_t site);
/// match of .b32 (zero-extended) and .b64.
uint32_t bpt_emu_match_any(uint64_t value, uint32_t mask, uint32_t site);
/// The mask in bits 0-31, the predicate in bit 32.
uint64_t bpt_emu_match_all(uint64_t value, uint32_t mask, uint32_t site);
/// Types U32, S32, B32.
uint32_t bpt_emu_redux(mlir::bpt::emulator::ReductionOp op,
                       mlir::bpt::emulator::ElementKind type, uint32_t value,
                       uint32_t mask, uint32_t site);
/// redux.sync.{min,max}[.abs][.NaN].f32
float bpt_emu_redux_f32(mlir::bpt::emulator::ReductionOp op, uint32_t abs,
                        uint32_t propagateNaN, float value, uint32_t mask,
                        uint32_t site);
/// The leader's lane in bits 0-31, whether it is the caller in bit 32.
uint64_t bpt_emu_elect(uint32_t mask, uint32_t site);
/// The calling lane and others that happen to run with it: a set that code may
/// not rely on. Does not suspend.
uint32_t bpt_emu_activemask(uint32_t site);

/// setmaxnreg.{inc,dec}.sync.aligned.u32
void bpt_emu_setmaxnreg(uint32_t isIncrease, uint32_t count, uint32_t site);
void bpt_emu_griddepcontrol(mlir::bpt::emulator::GridDependency action,
                            uint32_t site);

//===----------------------------------------------------------------------===//
// Matrices. May suspend.
//===----------------------------------------------------------------------===//

/// ldmatrix and stmatrix of m8n8.b16; `count` is 1, 2 or 4, that many words.
/// `address` is this lane's row address, whichever lane it is.
void bpt_emu_ldmatrix(uint32_t count, uint32_t transpose, uint64_t address,
                      uint32_t *result, uint32_t site);
void bpt_emu_stmatrix(uint32_t count, uint32_t transpose, uint64_t address,
                      const uint32_t *values, uint32_t site);
/// movmatrix.sync.aligned.m8n8.trans.b16
uint32_t bpt_emu_movmatrix(uint32_t value, uint32_t site);

/// Fragments are this lane's registers in order: 32-bit words, or doubles.
void bpt_emu_mma(const mlir::bpt::emulator::MmaForm *form, const void *a,
                 const void *b, const void *c, void *d, uint32_t site);

void bpt_emu_wgmma_fence(uint32_t site);
/// `a` is null where A is in shared memory, described by `aDescriptor`.
/// `accumulators` (32-bit words: n/2 of them, or n/4 for f16) are read unless
/// `scaleD` is 0, and written at once; reading them before wait_group is for
/// the translator to detect.
void bpt_emu_wgmma_mma_async(const mlir::bpt::emulator::WgmmaForm *form,
                             const uint32_t *a, uint64_t aDescriptor,
                             uint64_t bDescriptor, uint32_t scaleD,
                             void *accumulators, uint32_t site);
void bpt_emu_wgmma_commit_group(uint32_t site);
void bpt_emu_wgmma_wait_group(uint32_t pending, uint32_t site);

//===----------------------------------------------------------------------===//
// cp.async
//===----------------------------------------------------------------------===//

/// `bytes` 4, 8 or 16; `sourceBytes` are copied and the rest zeroed: `bytes`
/// without the operand, 0 where ignore-src is true.
void bpt_emu_cp_async(uint64_t destination, uint64_t source, uint32_t bytes,
                      uint32_t sourceBytes, uint32_t site);
void bpt_emu_cp_async_commit_group(uint32_t site);
void bpt_emu_cp_async_wait_group(uint32_t pending, uint32_t site);
/// Also waits for copies that no group holds.
void bpt_emu_cp_async_wait_all(uint32_t site);
void bpt_emu_cp_async_mbarrier_arrive(uint64_t mbarrier, uint32_t noIncrement,
                                      uint32_t site);

//===----------------------------------------------------------------------===//
// mbarrier
//===----------------------------------------------------------------------===//

void bpt_emu_mbarrier_init(uint64_t address, uint32_t count, uint32_t site);
void bpt_emu_mbarrier_inval(uint64_t address, uint32_t site);
/// Returns the state before the arrival. Flags: Drop, NoComplete, Relaxed,
/// Cluster.
uint64_t bpt_emu_mbarrier_arrive(uint64_t address, uint32_t count,
                                 uint32_t flags, uint32_t site);
/// expect_tx, then an arrival with count 1. Flags: Drop, Relaxed, Cluster.
uint64_t bpt_emu_mbarrier_arrive_expect_tx(uint64_t address, uint32_t bytes,
                                           uint32_t flags, uint32_t site);
void bpt_emu_mbarrier_expect_tx(uint64_t address, uint32_t bytes,
                                uint32_t site);
void bpt_emu_mbarrier_complete_tx(uint64_t address, uint32_t bytes,
                                  uint32_t site);
/// test_wait and try_wait: whether the phase has completed. Flags: Parity (then
/// `state` is the parity), Try, Relaxed, Cluster. Both may say no for no
/// reason, as the hardware may. May suspend.
uint32_t bpt_emu_mbarrier_wait(uint64_t address, uint64_t state, uint32_t flags,
                               uint32_t site);
uint32_t bpt_emu_mbarrier_pending_count(uint64_t state);

/// st.async: `bytes` in all (4 to 16).
void bpt_emu_st_async(uint64_t address, const void *data, uint32_t bytes,
                      uint64_t mbarrier, uint32_t site);
void bpt_emu_red_async(uint64_t address, mlir::bpt::emulator::ReductionOp op,
                       mlir::bpt::emulator::ElementKind type, uint64_t operand,
                       uint64_t mbarrier, uint32_t site);

//===----------------------------------------------------------------------===//
// Bulk and tensor copies
//===----------------------------------------------------------------------===//

/// `isMulticast` 0: `ctaMask` is not looked at and `destination` is one CTA's.
void bpt_emu_bulk_global_to_shared(uint64_t destination, uint64_t source,
                                   uint32_t bytes, uint64_t mbarrier,
                                   uint32_t isMulticast, uint32_t ctaMask,
                                   uint32_t site);
void bpt_emu_bulk_shared_to_cluster(uint64_t destination, uint64_t source,
                                    uint32_t bytes, uint64_t mbarrier,
                                    uint32_t site);
void bpt_emu_bulk_shared_to_global(uint64_t destination, uint64_t source,
                                   uint32_t bytes, uint32_t site);
/// cp.reduce.async.bulk
void bpt_emu_bulk_reduce_to_global(uint64_t destination, uint64_t source,
                                   uint32_t bytes,
                                   mlir::bpt::emulator::ReductionOp op,
                                   mlir::bpt::emulator::ElementKind type,
                                   uint32_t site);
void bpt_emu_bulk_reduce_to_cluster(uint64_t destination, uint64_t source,
                                    uint32_t bytes, uint64_t mbarrier,
                                    mlir::bpt::emulator::ReductionOp op,
                                    mlir::bpt::emulator::ElementKind type,
                                    uint32_t site);
void bpt_emu_bulk_prefetch(uint64_t source, uint32_t bytes, uint32_t site);
void bpt_emu_bulk_commit_group(uint32_t site);
/// `read` 1: wait_group.read.
void bpt_emu_bulk_wait_group(uint32_t pending, uint32_t read, uint32_t site);

/// Tiled mode; `rank` coordinates, innermost first.
void bpt_emu_tma_load(uint64_t destination, uint64_t map, uint32_t rank,
                      const int32_t *coordinates, uint64_t mbarrier,
                      uint32_t isMulticast, uint32_t ctaMask, uint32_t site);
void bpt_emu_tma_store(uint64_t map, uint32_t rank, const int32_t *coordinates,
                       uint64_t source, uint32_t site);
/// The type is the map's.
void bpt_emu_tma_reduce(uint64_t map, uint32_t rank, const int32_t *coordinates,
                        uint64_t source, mlir::bpt::emulator::ReductionOp op,
                        uint32_t site);
void bpt_emu_tma_prefetch(uint64_t map, uint32_t rank,
                          const int32_t *coordinates, uint32_t site);
/// tensormap.replace; `index` where the field has one, else 0. The values of
/// ElementType and the like are those of the instruction's immediate.
void bpt_emu_tensormap_replace(uint64_t map,
                               mlir::bpt::emulator::TensorMapField field,
                               uint32_t index, uint64_t value, uint32_t site);
/// tensormap.cp_fenceproxy: copies the map from shared to global memory.
void bpt_emu_tensormap_cp_fenceproxy(uint64_t destination, uint64_t source,
                                     uint32_t bytes, uint32_t site);

//===----------------------------------------------------------------------===//
// Pure functions
//===----------------------------------------------------------------------===//
//
// Subnormals are kept: .ftz is for the translator, before and after.

/// Approximations, computed well: their errors are below the hardware's.
float bpt_emu_ex2_f32(float x);
float bpt_emu_lg2_f32(float x);
float bpt_emu_sin_f32(float x);
float bpt_emu_cos_f32(float x);
float bpt_emu_tanh_f32(float x);
float bpt_emu_rsqrt_f32(float x);
double bpt_emu_rsqrt_f64(double x);

/// Arithmetic with a rounding mode (NearestEven is as good inline).
float bpt_emu_add_f32(float a, float b, mlir::bpt::emulator::Rounding r);
float bpt_emu_mul_f32(float a, float b, mlir::bpt::emulator::Rounding r);
float bpt_emu_fma_f32(float a, float b, float c,
                      mlir::bpt::emulator::Rounding r);
float bpt_emu_div_f32(float a, float b, mlir::bpt::emulator::Rounding r);
float bpt_emu_sqrt_f32(float x, mlir::bpt::emulator::Rounding r);
double bpt_emu_add_f64(double a, double b, mlir::bpt::emulator::Rounding r);
double bpt_emu_mul_f64(double a, double b, mlir::bpt::emulator::Rounding r);
double bpt_emu_fma_f64(double a, double b, double c,
                       mlir::bpt::emulator::Rounding r);
double bpt_emu_div_f64(double a, double b, mlir::bpt::emulator::Rounding r);
double bpt_emu_sqrt_f64(double x, mlir::bpt::emulator::Rounding r);

/// Rounds to a narrower format once: F16, BF16, TF32, E4M3, E5M2 or F32; the
/// result's bits, zero-extended. F32 and narrower inputs are exact in `value`.
uint32_t bpt_emu_cvt_to_narrow(double value,
                               mlir::bpt::emulator::ElementKind format,
                               mlir::bpt::emulator::Rounding r, uint32_t flags);
/// Exact: F16, BF16, TF32, E4M3, E5M2.
float bpt_emu_cvt_from_narrow(uint32_t bits,
                              mlir::bpt::emulator::ElementKind format);
/// F16, BF16: a * b + c, rounded once to nearest even; bits in and out.
uint32_t bpt_emu_fma_narrow(uint32_t a, uint32_t b, uint32_t c,
                            mlir::bpt::emulator::ElementKind format);
/// Integer (sign- or zero-extended) to F16, BF16, F32, F64; the result's bits.
uint64_t bpt_emu_cvt_int_to_float(uint64_t value, uint32_t isSigned,
                                  mlir::bpt::emulator::ElementKind format,
                                  mlir::bpt::emulator::Rounding r);
/// Float to an integer of 8, 16, 32 or 64 bits, clamped to its range; NaN gives
/// what PTX says for the source format. Sign- or zero-extended.
uint64_t bpt_emu_cvt_float_to_int(double value,
                                  mlir::bpt::emulator::ElementKind source,
                                  uint32_t bits, uint32_t isSigned,
                                  mlir::bpt::emulator::Rounding r);
/// Float to an integral value of the same format (cvt.rni.f32.f32).
double bpt_emu_round_to_integral(double value, mlir::bpt::emulator::Rounding r);

/// fns.b32
uint32_t bpt_emu_fns(uint32_t mask, uint32_t base, int32_t offset);

} // extern "C"
// NOLINTEND(readability-identifier-naming)

#endif // BPT_EMULATOR_RUNTIME_ABI_H
