#include "main.h"
#include <stdio.h>

/* Values are 1, so that the result is, whatever the keys are. */
static int call(int keys, int values) {
  float ones[] = {1, 1, 1, 1, 1, 1};
  BPTTensor arguments[] = {{ones, {1, 1, 1, 2}, NULL},
                           {ones, {1, keys, 1, 2}, NULL},
                           {ones, {1, values, 1, 2}, NULL}};
  BPTTensor result;
  const char *error = bptCall(&bpt_main, arguments, &result);
  if (error) {
    printf("%s\n", error);
    return 1;
  }
  float *elements = result.data;
  printf("%g %g\n", elements[0], elements[1]);
  bptFree(&result);
  return 0;
}

int main(void) { return call(3, 3) || !call(3, 2) || call(2, 2); }
