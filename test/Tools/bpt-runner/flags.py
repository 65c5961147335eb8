# Whatever is wrong with the command line: one line, exit code 2, nothing written.
#
# RUN: rm -rf %t && mkdir -p %t
# RUN: env PYTHONPATH=%S/../../ExecutionEngine/Inputs %python %s %t

import os
import sys

from tensor_files import *

directory = sys.argv[1]
path = f"{directory}/id.mlir"
identity(path, "2x3xf32")
X = "--input=2x3xf32=splat:1"

expect_error("there is no FILE.mlir to run")
expect_error("Unknown command line argument '--frobnicate'", path, "--frobnicate")
# Flags of LLVM's own are not ours.
expect_error("Unknown command line argument '--debug-pass=Structure'", path,
             "--debug-pass=Structure")
expect_error("Too many positional arguments specified", path, path)
expect_error("none.mlir': No such file", f"{directory}/none.mlir")
expect_error("is a directory", directory)
expect_error("--threads=0: the number of threads is 1 to 4096", path, X,
             "--threads=0")
expect_error("--threads=two", path, X, "--threads=two")
expect_error("--benchmark=0: the number of runs is 1 to 1000000", path, X,
             "--benchmark=0")
expect_error("--benchmark=-3", path, X, "--benchmark=-3")
expect_error("--atol and --rtol must not be negative", path, X, "--atol=-1")
expect_error("--atol and --rtol must not be negative", path, X, "--rtol=nan")
expect_error("atol", path, X, "--atol=x")
expect_error("--device=tpu: devices are cpu, cuda and cuda-emulator", path, X,
             "--device=tpu")
expect_error("--chip=sm_80: device cpu has no chip to choose", path, X,
             "--chip=sm_80")
expect_error("--chip=sm_61: chips are sm_70, sm_80, sm_90a and so on", path, X,
             "--device=cuda-emulator", "--chip=sm_61")
expect_error("--emulator-seed=x: a seed is a number from 0 on", path, X,
             "--device=cuda-emulator", "--emulator-seed=x")
ONLY_EMULATOR = ("--emulator-seed, --emulator-eager and --emulator-multiprocessors are "
                 "for --device=cuda-emulator")
expect_error(ONLY_EMULATOR, path, X, "--emulator-eager")
expect_error(ONLY_EMULATOR, path, X, "--emulator-multiprocessors=2")
expect_error("--emulator-multiprocessors=0: a GPU has at least one", path, X,
             "--device=cuda-emulator", "--emulator-multiprocessors=0")
expect_error("--profile is for kernels, which device cpu has not", path, X,
             "--profile")
expect_error("id.mlir:0:0: error: there is no function 'f' with a body", path, X,
             "--function=f")

# Bound arguments
expect_error("--bind-weights binds what --weights=FILE holds; there is no FILE",
             path, X, "--bind-weights")
expect_error("function 'main' has no argument 'w' to bind", path, X, "--bind=w")
expect_error("function 'main' has no argument '1' to bind", path, X, "--bind=0,1")

# Inputs
expect_error("argument 0 of type 2x3xf32 is missing: give one more --input", path)
expect_error("2 --input flags, but function 'main' takes 1 of its 1 arguments",
             path, X, X)
expect_error("the file's name must end in .npy or in .safetensors#NAME", path,
             "--input=@x.txt")
expect_error("write @FILE.npy or @FILE.safetensors#NAME", path,
             "--input=@x.safetensors")
expect_error("the tensor's name after # is missing", path,
             "--input=@x.safetensors#")

# Outputs
expect_error("2 --output flags, but function 'main' has 1 results", path, X,
             f"--output=@{directory}/a.npy", f"--output=@{directory}/b.npy")
expect_error("write @FILE.npy or @FILE.safetensors#NAME", path, X,
             "--output=a.npy")
expect_error("the file's name must end in .npy or in .safetensors#NAME", path, X,
             "--output=@a.bin")
expect_error("no/a.npy': cannot be written: No such file or directory", path, X,
             f"--output=@{directory}/no/a.npy")
os.mkdir(f"{directory}/dir.npy")
expect_error("dir.npy': is a directory", path, X,
             f"--output=@{directory}/dir.npy")

# Expected outputs
expect_error("2 --expected-output flags, but function 'main' has 1 results", path,
             X, "--expected-output=@a.npy", "--expected-output=@b.npy")
expect_error("a.npy': No such file", path, X,
             f"--expected-output=@{directory}/a.npy",
             f"--output=@{directory}/out.npy")
write(f"{directory}/small.npy", npy("<f4", [2], bytes(8)))
expect_error("result 0 is 2x3xf32, but its expected output is 2xf32", path, X,
             f"--expected-output=@{directory}/small.npy",
             f"--output=@{directory}/out.npy")

# Strategies
expect_error_code, output = run(path, X, "--strategy=" + directory + "/none.mlir")
assert expect_error_code == 2 and "none.mlir" in output, output
assert output.count("error:") == 1, output

# Two results in one place.
write(f"{directory}/two.mlir", b"""
func.func @main(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  return %x, %x : tensor<2xf32>, tensor<2xf32>
}
""")
for name in ["a.npy", "a.safetensors#x"]:
    expect_error("two results go to", f"{directory}/two.mlir",
                 "--input=2xf32=splat:1", f"--output=@{directory}/{name}",
                 f"--output=@{directory}/{name}")

assert sorted(os.listdir(directory)) == [
    "dir.npy", "id.mlir", "small.npy", "two.mlir"], os.listdir(directory)
