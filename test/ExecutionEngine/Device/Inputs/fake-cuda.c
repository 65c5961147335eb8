// Plays NVIDIA's driver where there is no GPU: memory is the host's, every call
// is written to the file FAKE_CUDA_LOG, and the kernels named here are done by
// hand. The environment says what the machine is like:
//
//   FAKE_CUDA_VERSION   of the driver, 12040 for 12.4
//   FAKE_CUDA_DEVICES   how many GPUs there are
//   FAKE_CUDA_CHIP      compute capability, 90 for 9.0
//   FAKE_CUDA_MEMORY    bytes of the GPU
//   FAKE_CUDA_FAIL      the function that fails, as an illegal access does
//   FAKE_CUDA_REFUSE    `cubin` or `ptx`: what modules may not be loaded from

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  SUCCESS,
  OUT_OF_MEMORY = 2,
  NO_DEVICE = 100,
  INVALID_PTX = 218,
  NOT_FOUND = 500,
  ILLEGAL_ADDRESS = 700
};

static long setting(const char *name, long otherwise) {
  const char *value = getenv(name);
  return value ? atol(value) : otherwise;
}

/// Writes a line of the log.
static int record(const char *function, const char *format, ...) {
  const char *path = getenv("FAKE_CUDA_LOG");
  if (path) {
    FILE *log = fopen(path, "a");
    va_list arguments;
    va_start(arguments, format);
    fprintf(log, "%s", function);
    vfprintf(log, format, arguments);
    fprintf(log, "\n");
    va_end(arguments);
    fclose(log);
  }
  const char *failing = getenv("FAKE_CUDA_FAIL");
  return failing && !strcmp(failing, function) ? ILLEGAL_ADDRESS : SUCCESS;
}
#define RECORD(...) record(__func__, __VA_ARGS__)

int cuInit(unsigned flags) {
  return setting("FAKE_CUDA_DEVICES", 1) ? RECORD(" %u", flags) : NO_DEVICE;
}
int cuDriverGetVersion(int *version) {
  *version = setting("FAKE_CUDA_VERSION", 12040);
  return SUCCESS;
}
int cuGetErrorName(int error, const char **name) {
  *name = error == ILLEGAL_ADDRESS ? "CUDA_ERROR_ILLEGAL_ADDRESS"
          : error == INVALID_PTX   ? "CUDA_ERROR_INVALID_PTX"
                                   : "CUDA_ERROR_UNKNOWN";
  return SUCCESS;
}
int cuGetErrorString(int error, const char **text) {
  *text = error == ILLEGAL_ADDRESS ? "an illegal memory access was encountered"
          : error == INVALID_PTX   ? "a PTX JIT compilation failed"
                                   : "unknown error";
  return SUCCESS;
}
int cuDeviceGetCount(int *count) {
  *count = setting("FAKE_CUDA_DEVICES", 1);
  return RECORD("");
}
int cuDeviceGet(int *device, int ordinal) {
  *device = ordinal;
  return RECORD(" %d", ordinal);
}
int cuDeviceGetName(char *name, int size, int device) {
  strncpy(name, "Fake GPU", size);
  return SUCCESS;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  long chip = setting("FAKE_CUDA_CHIP", 90);
  *value = attribute == 75   ? chip / 10
           : attribute == 76 ? chip % 10
           : attribute == 16 ? 3
                             : 232448;
  return SUCCESS;
}
int cuDevicePrimaryCtxRetain(void **context, int device) {
  *context = (void *)1;
  return RECORD(" %d", device);
}
int cuDevicePrimaryCtxRelease_v2(int device) { return RECORD(" %d", device); }
int cuCtxSetCurrent(void *context) { return SUCCESS; }

static size_t used;
int cuMemGetInfo_v2(size_t *available, size_t *total) {
  *total = setting("FAKE_CUDA_MEMORY", 1 << 20);
  *available = *total - used;
  return SUCCESS;
}
int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  if (used + bytes > (size_t)setting("FAKE_CUDA_MEMORY", 1 << 20))
    return OUT_OF_MEMORY;
  used += bytes;
  size_t *block = aligned_alloc(512, 512 + (bytes + 511) / 512 * 512);
  *block = bytes;
  *address = (uint64_t)block + 512;
  return RECORD(" %zu", bytes);
}
int cuMemFree_v2(uint64_t address) {
  size_t *block = (size_t *)(address - 512);
  size_t bytes = *block;
  used -= bytes;
  free(block);
  return RECORD(" %zu", bytes);
}
int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t n, void *s) {
  memcpy((void *)to, from, n);
  return RECORD(" %zu", n);
}
int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t n, void *s) {
  memcpy(to, (void *)from, n);
  return RECORD(" %zu", n);
}
int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t n, void *s) {
  memcpy((void *)to, (void *)from, n);
  return RECORD(" %zu", n);
}

static void fill(uint64_t to, const void *value, size_t size, size_t pitch,
                 size_t n) {
  for (size_t i = 0; i < n; ++i)
    memcpy((char *)to + i * pitch, value, size);
}
int cuMemsetD8Async(uint64_t to, unsigned char value, size_t n, void *s) {
  fill(to, &value, 1, 1, n);
  return RECORD(" 0x%02x %zu", value, n);
}
int cuMemsetD16Async(uint64_t to, unsigned short value, size_t n, void *s) {
  fill(to, &value, 2, 2, n);
  return RECORD(" 0x%04x %zu", value, n);
}
int cuMemsetD32Async(uint64_t to, unsigned value, size_t n, void *s) {
  fill(to, &value, 4, 4, n);
  return RECORD(" 0x%08x %zu", value, n);
}
int cuMemsetD2D32Async(uint64_t to, size_t pitch, unsigned value, size_t width,
                       size_t height, void *s) {
  fill(to, &value, 4, pitch, height);
  return RECORD(" pitch %zu 0x%08x %zu x %zu", pitch, value, width, height);
}

int cuModuleLoadDataEx(void **module, const void *image, unsigned n,
                       int *options, void **values) {
  int isCubin = !memcmp(image, "\177ELF", 4);
  const char *refused = getenv("FAKE_CUDA_REFUSE");
  if (refused && !strcmp(refused, isCubin ? "cubin" : "ptx")) {
    for (unsigned i = 0; i < n; ++i)
      if (options[i] == 5)
        strcpy(values[i],
               "ptxas application ptx input, line 7; error: no\nmore");
    RECORD(" refused %s", isCubin ? "cubin" : "ptx");
    return INVALID_PTX;
  }
  *module = malloc(1);
  return RECORD(" %s", isCubin ? "cubin" : "ptx");
}
int cuModuleUnload(void *module) {
  free(module);
  return RECORD("");
}
int cuModuleGetFunction(const char **function, void *module, const char *name) {
  if (strcmp(name, "copy") && strcmp(name, "touch"))
    return NOT_FOUND;
  *function = name[0] == 'c' ? "copy" : "touch";
  return RECORD(" %s", name);
}
int cuFuncGetAttribute(int *value, int attribute, const char *function) {
  *value = 0;
  return SUCCESS;
}
int cuFuncSetAttribute(const char *function, int attribute, int value) {
  return RECORD(" %s %d = %d", function, attribute, value);
}

int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks,
                                                const char *function,
                                                int threads, size_t shared) {
  *blocks = 2;
  return RECORD(" %s threads %d shared %zu", function, threads, shared);
}

struct Config {
  unsigned grid[3], block[3], shared;
  void *stream;
  struct {
    int id;
    char pad[4];
    unsigned value[16];
  } *attributes;
  unsigned numAttributes;
};
int cuLaunchKernelEx(const struct Config *config, const char *function,
                     void **arguments, void **extra) {
  char cluster[64] = "";
  for (unsigned i = 0; i < config->numAttributes; ++i)
    snprintf(cluster, sizeof(cluster), " attribute %d = %ux%ux%u",
             config->attributes[i].id, config->attributes[i].value[0],
             config->attributes[i].value[1], config->attributes[i].value[2]);
  int result = RECORD(" %s grid %ux%ux%u block %ux%ux%u shared %u%s", function,
                      config->grid[0], config->grid[1], config->grid[2],
                      config->block[0], config->block[1], config->block[2],
                      config->shared, cluster);
  if (!strcmp(function, "copy"))
    memcpy(*(void **)arguments[0], *(void **)arguments[1],
           4 * *(uint32_t *)arguments[2]);
  return result;
}

int cuStreamCreate(void **stream, unsigned flags) {
  *stream = (void *)2;
  return RECORD(" %u", flags);
}
int cuStreamDestroy_v2(void *stream) { return RECORD(""); }
int cuStreamSynchronize(void *stream) { return RECORD(""); }
int cuEventCreate(void **event, unsigned flags) {
  *event = malloc(1);
  return SUCCESS;
}
int cuEventDestroy_v2(void *event) {
  free(event);
  return SUCCESS;
}
int cuEventRecord(void *event, void *stream) { return RECORD(""); }
int cuEventSynchronize(void *event) { return SUCCESS; }
int cuEventElapsedTime(float *milliseconds, void *start, void *end) {
  *milliseconds = 1.5f;
  return SUCCESS;
}
int cuTensorMapEncodeTiled(void *map, int type, uint32_t rank, void *base,
                           const uint64_t *sizes, const uint64_t *strides,
                           const uint32_t *box, const uint32_t *steps,
                           int interleave, int swizzle, int promotion,
                           int fill) {
  memset(map, 0, 128);
  return RECORD(" type %d rank %u sizes %llux%llu stride %llu box %ux%u steps "
                "%ux%u interleave %d swizzle %d promotion %d fill %d",
                type, rank, (unsigned long long)sizes[0],
                (unsigned long long)sizes[1], (unsigned long long)strides[0],
                box[0], box[1], steps[0], steps[1], interleave, swizzle,
                promotion, fill);
}
