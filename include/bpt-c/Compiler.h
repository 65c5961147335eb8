//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles functions of MLIR modules and calls them in this process: what
// bpt-runner does, as a library. Every function may be called from any thread;
// calls of one program may run at the same time.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_C_COMPILER_H
#define BPT_C_COMPILER_H

#include "bpt-c/Types.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// NOLINTBEGIN(modernize-use-using,readability-identifier-naming)
typedef enum { BPT_ERROR, BPT_WARNING, BPT_REMARK, BPT_NOTE } BPTSeverity;

typedef struct {
  BPTSeverity severity;
  /// `file:line:column`; empty where there is no such place.
  const char *location;
  const char *message;
} BPTDiagnostic;

/// Takes what there is to say, one after the other and in the thread of the
/// call. A note belongs to the diagnostic before it. The strings are valid
/// during the call only.
typedef struct {
  void (*handle)(const BPTDiagnostic *diagnostic, void *context);
  void *context;
} BPTDiagnosticHandler;

/// Zero is the default of every field.
typedef struct {
  /// `main`
  const char *function;
  /// `cpu`, `cuda` or `cuda-emulator`
  const char *device;
  /// The GPU to generate code for, such as `sm_90a`: that of the device.
  const char *chip;
  /// A file, or a name of a strategy that ships with BPT: that of the device.
  const char *strategy;
  /// Threads of calls, at most 4096: as OpenMP's runtime chooses.
  unsigned threads;
  /// Whether code for a GPU does without tensor cores.
  int noTensorCores;
} BPTCompileOptions;

/// A compiled function.
typedef struct BPTProgram BPTProgram;

/// Compiles a function of a module, text or MLIR bytecode; one that is lowered
/// to the LLVM dialect is compiled as it is. `name` stands for the source in
/// locations. Null after an error, which the handler has been given.
BPTProgram *bptCompile(const char *source, size_t length, const char *name,
                       const BPTCompileOptions *options,
                       BPTDiagnosticHandler handler);

/// The same of a file.
BPTProgram *bptCompileFile(const char *path, const BPTCompileOptions *options,
                           BPTDiagnosticHandler handler);

/// Results stay valid. Memory that calls have kept for the next ones goes back
/// to the system.
void bptDestroyProgram(BPTProgram *program);

/// An argument or a result, valid as long as the program.
typedef struct {
  /// `bpt.name`; empty where it has none.
  const char *name;
  BPTElementType elementType;
  int64_t rank;
  /// BPT_DYNAMIC where every call may choose.
  const int64_t *sizes;
  /// Whether it is an argument that calls may write in place (a memref).
  int isWritten;
} BPTTensorSpec;

int64_t bptGetNumArguments(const BPTProgram *program);
int64_t bptGetNumResults(const BPTProgram *program);
BPTTensorSpec bptGetArgument(const BPTProgram *program, int64_t number);
BPTTensorSpec bptGetResult(const BPTProgram *program, int64_t number);

/// The most bytes that a call holds at once beyond arguments and results, with
/// what is kept of bound ones, known before it runs. -1 where it is not: the
/// function has dynamic sizes, which bptPlanBytes takes, or something without a
/// bound, or is on a device.
int64_t bptGetPlannedBytes(const BPTProgram *program);

/// A dense row-major tensor in host memory.
typedef struct {
  BPTElementType elementType;
  int64_t rank;
  const int64_t *sizes;
  void *data;
} BPTTensorView;

/// The same with these arguments, as bptRun takes them; their data is not read
/// and may be null. -1 where it is not known, -2 after an error that the
/// handler has been given: an argument does not fit.
int64_t bptPlanBytes(const BPTProgram *program, const BPTTensorView *arguments,
                     int64_t numArguments, BPTDiagnosticHandler handler);

/// A result of a call, in the memory that the compiled code wrote.
typedef struct BPTResult BPTResult;

/// Calls the function. Arguments are read in place, and written only if
/// `isWritten` says so; there must be as many as the function takes, and room
/// for as many results as it gives. Returns 0 and the results, each to be
/// destroyed; `workspaceBytes`, if not null, becomes the most bytes that the
/// code held at once beyond arguments and results (of calls that run at the
/// same time, together), with what is kept of bound arguments. Otherwise the
/// handler has been given an error, and there are no results: an argument does
/// not fit, or what the code checks as it runs.
int bptRun(const BPTProgram *program, const BPTTensorView *arguments,
           int64_t numArguments, BPTResult **results, size_t *workspaceBytes,
           BPTDiagnosticHandler handler);

/// A program that takes the other arguments: these, by their numbers, are
/// bound. What they alone determine, such as weights in the form in which they
/// are multiplied, is computed now, once, if the program is model IR and for
/// the CPU; for that it is compiled again, once for all bindings of the same
/// numbers. The tensors must not change, nor go, before what is returned has
/// been destroyed; `program` may go before. Null after an error, which the
/// handler has been given: an argument does not fit, may be written
/// (`isWritten`) or stands there twice, or the program has bound arguments
/// already.
BPTProgram *bptBind(const BPTProgram *program, const int64_t *numbers,
                    const BPTTensorView *tensors, int64_t numTensors,
                    BPTDiagnosticHandler handler);

/// Valid as long as the result.
BPTTensorView bptGetTensor(const BPTResult *result);
void bptDestroyResult(BPTResult *result);

/// Runs a pipeline of passes, as bpt-opt's --pass-pipeline has it with or
/// without `builtin.module(…)`, on a module, text or bytecode. Calls `write`
/// once with the text of the result and returns 0, or gives an error to the
/// handler.
int bptRunPasses(const char *source, size_t length, const char *name,
                 const char *pipeline,
                 void (*write)(const char *text, size_t length, void *context),
                 void *context, BPTDiagnosticHandler handler);

/// Writes model IR of a transformer: `arguments` are those of bpt-gen, without
/// the program's name. Calls `write` once with all of the text and returns 0,
/// or gives an error to the handler.
int bptGenerate(const char *const *arguments, int64_t numArguments,
                void (*write)(const char *text, size_t length, void *context),
                void *context, BPTDiagnosticHandler handler);
// NOLINTEND(modernize-use-using,readability-identifier-naming)

#ifdef __cplusplus
} // extern "C"
#endif

#endif // BPT_C_COMPILER_H
