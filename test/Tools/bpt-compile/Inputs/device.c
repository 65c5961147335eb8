#include "main.h"
#include <stdio.h>

int main(void) {
  float elements[] = {1, 2, 3, 4, 5, 6, 7, 8};
  BPTTensor x = {elements, {8}, NULL}, y;
  const char *error = bptCall(&bpt_main, &x, &y);
  if (error) {
    fprintf(stderr, "error: %s\n", error);
    return 2;
  }
  for (int i = 0; i < y.sizes[0]; ++i)
    printf("%g ", ((float *)y.data)[i]);
  bptFree(&y);
  return 0;
}
