"""Runs cases on a GPU through the CUDA driver API."""

import ctypes
import os
import re

import numpy as np

from harness import Buffer, Scalar

SCALARS = {
    "i32": ctypes.c_int32, "u32": ctypes.c_uint32, "i64": ctypes.c_int64,
    "u64": ctypes.c_uint64, "f32": ctypes.c_float, "f64": ctypes.c_double,
}
# CUtensorMapDataType
MAP_TYPES = {"u8": 0, "u16": 1, "u32": 2, "i32": 3, "u64": 4, "i64": 5, "f16": 6,
             "f32": 7, "f64": 8, "bf16": 9}
MAP_SWIZZLES = {0: 0, 32: 1, 64: 2, 128: 3}
COMPUTE_CAPABILITY = (75, 76)
MAX_DYNAMIC_SHARED = 8
LAUNCH_CLUSTER = 4


class NoDevice(Exception):
    pass


class LaunchAttribute(ctypes.Structure):
    _fields_ = [("id", ctypes.c_int), ("pad", ctypes.c_int), ("value", ctypes.c_uint * 16)]


class LaunchConfig(ctypes.Structure):
    _fields_ = [("grid", ctypes.c_uint * 3), ("block", ctypes.c_uint * 3),
                ("shared", ctypes.c_uint), ("stream", ctypes.c_void_p),
                ("attributes", ctypes.POINTER(LaunchAttribute)), ("count", ctypes.c_uint)]


class Cuda:
    def __init__(self):
        try:
            library = os.environ.get("BPT_CUDA_DRIVER", "libcuda.so.1")
            self.driver = ctypes.CDLL(library)
        except OSError:
            raise NoDevice(f"no device: {library}, the CUDA driver, is not on this machine")
        try:
            self.call("cuInit", 0)
            device = ctypes.c_int()
            self.call("cuDeviceGet", ctypes.byref(device), 0)
        except RuntimeError as error:
            raise NoDevice(f"no device: {error}")
        self.device = device
        self.context = ctypes.c_void_p()
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(self.context), device)
        self.call("cuCtxSetCurrent", self.context)
        self.capability = tuple(self.attribute(number) for number in COMPUTE_CAPABILITY)

    def attribute(self, number):
        value = ctypes.c_int()
        self.call("cuDeviceGetAttribute", ctypes.byref(value), number, self.device)
        return value.value

    def can_run(self, case):
        """Whether the GPU is as new as the case's target, or the same where that ends in `a`."""
        number, suffix = re.search(r"^\.target sm_(\d+)(a?)", case.ptx, re.M).groups()
        target = divmod(int(number), 10)
        return self.capability == target if suffix else self.capability >= target

    def call(self, name, *arguments):
        code = getattr(self.driver, name)(*arguments)
        if code:
            text = ctypes.c_char_p()
            self.driver.cuGetErrorString(code, ctypes.byref(text))
            raise RuntimeError(f"{name}: {text.value.decode() if text.value else code}")

    def run(self, cases):
        results = []
        for case in cases:
            try:
                results.append(self.run_case(case))
            except RuntimeError as error:
                results.append(str(error))
        return results

    def run_case(self, case):
        log = ctypes.create_string_buffer(4096)
        options = (ctypes.c_int * 2)(5, 6)  # the error log and its size
        values = (ctypes.c_void_p * 2)(ctypes.cast(log, ctypes.c_void_p), len(log))
        module = ctypes.c_void_p()
        try:
            self.call("cuModuleLoadDataEx", ctypes.byref(module), case.ptx.encode() + b"\0",
                      2, options, values)
        except RuntimeError as error:
            raise RuntimeError(f"{error}: {log.value.decode().strip()}")
        buffers = {}
        try:
            return self.launch(case, module, buffers)
        finally:
            for pointer in buffers.values():
                self.driver.cuMemFree_v2(pointer)
            self.driver.cuModuleUnload(module)

    def launch(self, case, module, buffers):
        function = ctypes.c_void_p()
        self.call("cuModuleGetFunction", ctypes.byref(function), module, case.kernel.encode())
        if case.shared:
            self.call("cuFuncSetAttribute", function, MAX_DYNAMIC_SHARED, case.shared)
        for i, argument in enumerate(case.arguments):
            if isinstance(argument, Buffer):
                content = np.ascontiguousarray(argument.content)
                buffers[i] = ctypes.c_uint64()
                self.call("cuMemAlloc_v2", ctypes.byref(buffers[i]),
                          ctypes.c_size_t(max(content.nbytes, 1)))
                self.call("cuMemcpyHtoD_v2", buffers[i], content.ctypes.data_as(ctypes.c_void_p),
                          ctypes.c_size_t(content.nbytes))
        values = []
        for i, argument in enumerate(case.arguments):
            if isinstance(argument, Buffer):
                values.append(buffers[i])
            elif isinstance(argument, Scalar):
                values.append(SCALARS[argument.type](argument.value))
            else:
                values.append(self.tensor_map(argument, buffers[argument.buffer]))
        pointers = (ctypes.c_void_p * len(values))(
            *[ctypes.cast(ctypes.pointer(v), ctypes.c_void_p) for v in values])
        config = LaunchConfig(grid=tuple(case.grid), block=tuple(case.block), shared=case.shared)
        if case.cluster:
            attribute = LaunchAttribute(id=LAUNCH_CLUSTER)
            attribute.value[0:3] = list(case.cluster)
            config.attributes = ctypes.pointer(attribute)
            config.count = 1
        self.call("cuLaunchKernelEx", ctypes.byref(config), function, pointers, None)
        self.call("cuCtxSynchronize")
        outputs = {}
        for i, argument in enumerate(case.arguments):
            if isinstance(argument, Buffer) and argument.expected is not None:
                outputs[i] = np.empty_like(np.ascontiguousarray(argument.content))
                self.call("cuMemcpyDtoH_v2", outputs[i].ctypes.data_as(ctypes.c_void_p),
                          buffers[i], ctypes.c_size_t(outputs[i].nbytes))
        return outputs

    def tensor_map(self, argument, pointer):
        # The driver wants the map aligned to 64 bytes.
        storage = ctypes.create_string_buffer(192)
        offset = -ctypes.addressof(storage) % 64
        tensor_map = (ctypes.c_char * 128).from_buffer(storage, offset)
        rank = len(argument.dims)
        self.call("cuTensorMapEncodeTiled", tensor_map, MAP_TYPES[argument.type], rank, pointer,
                  (ctypes.c_uint64 * rank)(*argument.dims),
                  (ctypes.c_uint64 * max(rank - 1, 1))(*argument.strides),
                  (ctypes.c_uint32 * rank)(*argument.box),
                  (ctypes.c_uint32 * rank)(*[1] * rank), 0, MAP_SWIZZLES[argument.swizzle], 0,
                  1 if argument.fill_nan else 0)
        return tensor_map
