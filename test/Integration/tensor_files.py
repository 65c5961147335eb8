"""Reading and writing tensors: .npy, and .safetensors for bf16, f8E4M3FN and weights."""

import json

import ml_dtypes
import numpy as np

_NAMES = {
    "F32": np.dtype(np.float32),
    "F16": np.dtype(np.float16),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "F8_E4M3": np.dtype(ml_dtypes.float8_e4m3fn),
    "I32": np.dtype(np.int32),
}
_NAME_OF = {dtype: name for name, dtype in _NAMES.items()}


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, array in tensors.items():
        header[name] = {
            "dtype": _NAME_OF[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes())


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        flat = np.frombuffer(data[begin:end], _NAMES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def path_for(folder, name, dtype):
    """Where a tensor of this type travels, as the runner's flags name it."""
    if dtype in (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn):
        return folder / f"{name}.safetensors", f"@{folder / name}.safetensors#{name}"
    return folder / f"{name}.npy", f"@{folder / name}.npy"


def write_tensor(folder, name, array):
    """The flag value with which the runner reads it."""
    path, flag = path_for(folder, name, array.dtype)
    if path.suffix == ".npy":
        np.save(path, array)
    else:
        write_safetensors(path, {name: array})
    return flag


def read_tensor(folder, name, dtype):
    path, _ = path_for(folder, name, dtype)
    if path.suffix == ".npy":
        return np.load(path)
    return read_safetensors(path)[name]
