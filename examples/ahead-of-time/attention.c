/* Calls an attention that was compiled ahead of time, with a sequence length
 * chosen at run time:
 *
 *   bpt-gen attention --batch=1 --seq=? --kv-seq=? --heads=2 --head-dim=8 >
 * attention.mlir bpt-compile attention.mlir --emit=object -o attention.o
 *   bpt-compile attention.mlir --emit=header -o attention.h
 *   cc -I include -I . attention.c attention.o -lBPTLauncher -lBPTDevice \
 *      -lBPTRuntime -lstdc++ -lm -ldl -lpthread -lomp
 *   ./a.out 100
 *
 * Every key has the same value, so the weighted mean of the values is that
 * value, whatever the scores are. */

#include "attention.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADS = 2, HEAD_DIM = 8, ROW = HEADS * HEAD_DIM };

static BPTTensor makeTensor(int64_t seq) {
  BPTTensor tensor = {
      malloc(seq * ROW * sizeof(float)), {1, seq, HEADS, HEAD_DIM}, NULL};
  return tensor;
}

int main(int argc, char **argv) {
  int64_t seq = argc > 1 ? atoll(argv[1]) : 100;
  BPTTensor arguments[] = {makeTensor(seq), makeTensor(seq), makeTensor(seq)};
  for (int64_t i = 0; i < seq * ROW; ++i) {
    ((float *)arguments[0].data)[i] = sinf(i);
    ((float *)arguments[1].data)[i] = cosf(3 * i);
    ((float *)arguments[2].data)[i] = i % ROW;
  }

  BPTTensor result;
  const char *error = bptCall(&bpt_main, arguments, &result);
  if (error) {
    fprintf(stderr, "error: %s\n", error);
    return 2;
  }
  float largest = 0;
  for (int64_t i = 0; i < seq * ROW; ++i)
    largest = fmaxf(largest, fabsf(((float *)result.data)[i] - i % ROW));
  printf("%s: %lld rows of %d, largest error %g\n", bpt_main.name,
         (long long)result.sizes[1], ROW, largest);

  bptFree(&result);
  for (int i = 0; i < 3; ++i)
    free(arguments[i].data);
  return largest < 1e-4f ? 0 : 1;
}
