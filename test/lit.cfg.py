"""Configuration of BPT's lit suite."""

import os
import shutil
import subprocess

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "BPT"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".ptx", ".test", ".py"]
config.excludes = ["lit.cfg.py", "Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.bpt_obj_root, "test")

llvm_config.with_system_environment(["HOME", "TMP", "TEMP", "OMP_NUM_THREADS"])
llvm_config.use_default_substitutions()
# What a test runs is what it compiled.
config.environment["BPT_CACHE_DIR"] = ""
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
llvm_config.with_environment("PATH", config.bpt_tools_dir, append_path=True)
# Before the one of LLVM, which is the Python that runs lit.
config.substitutions.insert(0, ("%python", config.python))
config.substitutions.append(("%bpt_src_root", config.bpt_src_root))
config.substitutions.append(("%bpt_obj_root", config.bpt_obj_root))
config.substitutions.append(("%bpt_lib_dir", config.bpt_lib_dir))
config.substitutions.append(("%bpt_bin_dir", config.bpt_tools_dir))
# The package with the extension; without one, its modules.
package = config.python_extension or os.path.join(config.bpt_src_root, "python")
config.substitutions.append(("%bpt_python_path", package))
if config.python_extension:
    config.available_features.add("python-extension")
else:
    lit_config.note("tests of the Python extension are left out: this build has none")

if config.bpt_sanitize:
    config.available_features.add("sanitizers")
    # The packaged libMLIR is not instrumented: it grows containers and fills arenas
    # that our code reads without telling the sanitizer. And malloc may fail.
    config.environment["ASAN_OPTIONS"] = (
        "detect_container_overflow=0:allow_user_poisoning=0:allocator_may_return_null=1"
    )
    config.environment["UBSAN_OPTIONS"] = "print_stacktrace=1"

llvm_config.add_tool_substitutions(
    [
        "bpt-capi-test",
        "bpt-emulate",
        "bpt-opt",
        "bpt-compile",
        "bpt-gen",
        "bpt-lsp-server",
        "bpt-runner",
        ToolSubst("%omp_lib", config.omp_library, unresolved="ignore"),
        ToolSubst(
            "%mlir_runner_lib",
            os.path.join(os.path.dirname(config.omp_library), "libmlir_c_runner_utils.so"),
            unresolved="ignore",
        ),
    ],
    [config.bpt_tools_dir, config.llvm_tools_dir],
)

# Kernels run in the emulator where it is built, and are assembled where CUDA's
# assembler is installed.
if os.path.exists(os.path.join(config.bpt_tools_dir, "bpt-emulate")):
    config.available_features.add("emulator")
ptxas = shutil.which("ptxas") or shutil.which("ptxas", path="/usr/local/cuda/bin")
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", ptxas))
else:
    lit_config.note("tests of what ptxas makes of kernels are left out: there is no ptxas")

# The disassembler too, which may come with another Python package.
find_tools = "from bpt.bench.loops.disassembly import find_cuda_tool as find; find('nvdisasm'); find('cuobjdump')"
find_tools = subprocess.run(
    [config.python, "-c", find_tools],
    env={**os.environ, "PYTHONPATH": os.path.join(config.bpt_src_root, "python")},
    capture_output=True,
)
if ptxas and find_tools.returncode == 0:
    config.available_features.add("nvdisasm")
else:
    lit_config.note("tests of disassembled kernels are left out: there is no ptxas, cuobjdump or nvdisasm")

# nvcc writes other PTX with every version; the kernels in Inputs are of this one.
nvcc = shutil.which("nvcc") or shutil.which("nvcc", path="/usr/local/cuda/bin")
if nvcc and "release 13.0," in subprocess.run([nvcc, "--version"], capture_output=True, text=True).stdout:
    config.available_features.add("nvcc-13.0")
    config.substitutions.append(("%nvcc", nvcc))

# Instructions that not every host has are compiled everywhere and run where they are.
with open("/proc/cpuinfo") as cpuinfo:
    flags = cpuinfo.read().split()
for feature, flag in (("avx512", "avx512dq"), ("avx512-bf16", "avx512_bf16")):
    if flag in flags:
        config.available_features.add(feature)
    else:
        lit_config.note(f"code for {feature} is compiled, but not run: the host does not have it")

# Published weights come with a Python package. Without it their tests are left
# out, and the output says so.
find_model = subprocess.run(
    [config.python, "-c", "from bpt import models; models.find_minilm()"],
    env={**os.environ, "PYTHONPATH": os.path.join(config.bpt_src_root, "python")},
    capture_output=True,
    text=True,
)
if find_model.returncode == 0:
    config.available_features.add("minilm")
else:
    reason = find_model.stderr.strip().splitlines()[-1]
    lit_config.note(f"tests of the published model are left out: {reason}")
