#include "main.h"
#include <stdio.h>

static void print(const char *name, const BPTTensor *tensor, int count) {
  printf("%s:", name);
  for (int i = 0; i < count; ++i)
    printf(" %g", ((float *)tensor->data)[i]);
  printf("\n");
}

static int call(const BPTTensor *x, BPTTensor results[5]) {
  const char *error = bptCall(&bpt_main, x, results);
  if (error)
    fprintf(stderr, "%s\n", error);
  return error ? 2 : 0;
}

int main(void) {
  float elements[] = {1, 2, 3, 4};
  BPTTensor x = {elements, {2, 2}, NULL};
  const char *names[] = {"same", "columns", "first", "second", "constant"};
  const int counts[] = {4, 4, 2, 2, 3};
  BPTTensor results[5], again[5];
  if (call(&x, results))
    return 2;
  for (int i = 0; i < 5; ++i)
    print(names[i], &results[i], counts[i]);
  if (call(&results[1], again))
    return 2;
  for (int i = 0; i < 3; ++i)
    print(names[i], &again[i], counts[i]);
  for (int i = 0; i < 5; ++i) {
    bptFree(&again[i]);
    bptFree(&results[i]);
  }
  // An argument without data.
  BPTTensor none = {NULL, {2, 2}, NULL};
  const char *error = bptCall(&bpt_main, &none, again);
  return error && error[0] ? 0 : 1;
}
