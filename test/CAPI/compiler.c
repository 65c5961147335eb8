/* See compiler.test. */

#include "bpt-c/Compiler.h"
#include <stdio.h>
#include <string.h>

static void print(const BPTDiagnostic *diagnostic, void *context) {
  const char *names[] = {"error", "warning", "remark", "note"};
  (void)context;
  printf("%s%s%s: %s\n", diagnostic->location,
         *diagnostic->location ? ": " : "", names[diagnostic->severity],
         diagnostic->message);
}
static const BPTDiagnosticHandler handler = {print, NULL};

static BPTProgram *compile(const char *text, const char *name) {
  return bptCompile(text, strlen(text), name, NULL, handler);
}

static void printSpec(const char *kind, BPTTensorSpec spec) {
  printf("%s%s%s: %s of rank %ld, sizes", kind, *spec.name ? " " : "",
         spec.name, spec.elementType == BPT_F32 ? "f32" : "?", (long)spec.rank);
  for (int64_t i = 0; i < spec.rank; ++i)
    printf(" %ld", (long)spec.sizes[i]);
  printf("\n");
}

/* Calls a function of one argument with 1, 2, 3, ... */
static int run(const BPTProgram *program, int64_t rows, int64_t columns) {
  float elements[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  int64_t sizes[] = {rows, columns};
  BPTTensorView argument = {BPT_F32, 2, sizes, elements};
  BPTResult *result;
  size_t workspace;
  if (bptRun(program, &argument, 1, &result, &workspace, handler))
    return 1;
  BPTTensorView tensor = bptGetTensor(result);
  printf("%ldx%ld:", (long)tensor.sizes[0], (long)tensor.sizes[1]);
  for (int64_t i = 0; i < rows * columns; ++i)
    printf(" %g", ((float *)tensor.data)[i]);
  printf(", workspace %zu\n", workspace);
  bptDestroyResult(result);
  return 0;
}

static void write(const char *text, size_t length, void *context) {
  (void)context;
  const char *end = memchr(text, '\n', length);
  printf("%.*s\n", (int)(end - text), text);
}

#define SUM                                                                    \
  "  %c0 = arith.constant 0 : index\n"                                         \
  "  %n = tensor.dim %x, %c0 : tensor<?x4xf32>\n"                              \
  "  %e = tensor.empty(%n) : tensor<?x4xf32>\n"                                \
  "  %y = linalg.add ins(%x, %x : tensor<?x4xf32>, tensor<?x4xf32>)"           \
  " outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>\n"
#define DOUBLE                                                                 \
  "func.func @main(%x: tensor<?x4xf32> {bpt.name = \"x\"})"                    \
  " -> tensor<?x4xf32> {\n" SUM "  return %y : tensor<?x4xf32>\n}\n"
#define CHECKED                                                                \
  "func.func @main(%x: tensor<?x4xf32>) -> tensor<1x4xf32> {\n" SUM            \
  "  %z = tensor.extract_slice %y[0, 0] [1, 4] [1, 1]"                         \
  " : tensor<?x4xf32> to tensor<1x4xf32>\n"                                    \
  "  return %z : tensor<1x4xf32>\n}\n"

#define SCALED                                                                 \
  "func.func @main(%w: tensor<?x4xf32> {bpt.name = \"w\"},"                    \
  " %x: tensor<?x4xf32> {bpt.name = \"x\"}) -> tensor<?x4xf32> {\n" SUM        \
  "  %z = linalg.exp ins(%w : tensor<?x4xf32>)"                                \
  " outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>\n"                           \
  "  %r = linalg.add ins(%y, %z : tensor<?x4xf32>, tensor<?x4xf32>)"           \
  " outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>\n"                           \
  "  return %r : tensor<?x4xf32>\n}\n"

/// Binds an argument, destroys the program, and calls what is left.
static int runBound(BPTProgram *program) {
  float zeros[8] = {0};
  const int64_t sizes[] = {2, 4}, wrongSizes[] = {2, 3};
  const int64_t numbers[] = {0, 0}, wrongNumbers[] = {2};
  BPTTensorView w[] = {{BPT_F32, 2, sizes, zeros}, {BPT_F32, 2, sizes, zeros}};
  BPTTensorView wrong = {BPT_F32, 2, wrongSizes, zeros};
  if (bptBind(program, wrongNumbers, w, 1, handler) ||
      bptBind(program, numbers, &wrong, 1, handler) ||
      bptBind(program, numbers, w, 2, handler))
    return 1;
  BPTProgram *rest = bptBind(program, numbers, w, 1, handler);
  bptDestroyProgram(program);
  if (!rest || bptGetNumArguments(rest) != 1)
    return 1;
  printSpec("left", bptGetArgument(rest, 0));
  if (bptBind(rest, numbers, w, 1, handler) || run(rest, 2, 4))
    return 1;
  bptDestroyProgram(rest);
  return 0;
}

/// What is planned for an argument of that shape.
static int64_t plan(const BPTProgram *program, int64_t rows, int64_t columns) {
  const int64_t sizes[] = {rows, columns};
  BPTTensorView x = {BPT_F32, 2, sizes, NULL};
  return bptPlanBytes(program, &x, 1, handler);
}

int main(void) {
  BPTProgram *program = compile(DOUBLE, "double.mlir");
  if (!program || bptGetNumArguments(program) != 1 ||
      bptGetNumResults(program) != 1)
    return 1;
  printSpec("argument", bptGetArgument(program, 0));
  printSpec("result", bptGetResult(program, 0));
  if (run(program, 2, 4) || run(program, 0, 4) || !run(program, 2, 3))
    return 1;
  if (!bptRun(program, NULL, 0, NULL, NULL, handler))
    return 1;
  if (plan(program, 2, 4) != 0 || plan(program, 2, 3) != -2 ||
      bptGetPlannedBytes(program) != -1)
    return 1;
  bptDestroyProgram(program);

  program = compile(SCALED, "scaled.mlir");
  if (!program || runBound(program))
    return 1;

  program = compile(CHECKED, "checked.mlir");
  if (!program || !run(program, 0, 4) || run(program, 1, 4))
    return 1;
  bptDestroyProgram(program);

  if (compile("func.func @f() {return %x : f32}", "wrong.mlir") ||
      compile("func.func @f() { return }\nfunc.func @f() { return }",
              "twice.mlir"))
    return 1;
  if (bptCompileFile("no-such-file.mlir", NULL, handler))
    return 1;
  BPTCompileOptions options = {0};
  options.device = "tpu";
  if (bptCompile(DOUBLE, strlen(DOUBLE), "x", &options, handler))
    return 1;
  options = (BPTCompileOptions){.threads = 4097};
  if (bptCompile(DOUBLE, strlen(DOUBLE), "x", &options, handler))
    return 1;

  const char *flags[] = {"layer", "--seq=4", "--kv-heads=5"};
  if (bptGenerate(flags, 2, write, NULL, handler))
    return 1;
  return bptGenerate(flags, 3, write, NULL, handler) ? 0 : 1;
}
