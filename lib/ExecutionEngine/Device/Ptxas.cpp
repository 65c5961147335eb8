//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Device/Ptxas.h"
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace mlir::bpt::runtime;

namespace {
/// A folder of its own for the files of one run, gone afterwards.
class ScratchFolder {
public:
  ScratchFolder() {
    const char *temporary = std::getenv("TMPDIR");
    path = std::string(temporary && *temporary ? temporary : "/tmp") +
           "/bpt-ptxas-XXXXXX";
    isMade = mkdtemp(path.data()) != nullptr;
  }
  ~ScratchFolder() {
    if (!isMade)
      return;
    for (const std::string &file : files)
      unlink(file.c_str());
    rmdir(path.c_str());
  }

  bool exists() const { return isMade; }
  const std::string &getPath() const { return path; }
  std::string getFile(const char *name) {
    files.push_back(path + "/" + name);
    return files.back();
  }

private:
  std::string path;
  bool isMade;
  std::vector<std::string> files;
};
} // namespace

static std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Runs a program, with both its outputs in a file; its exit code, or -1.
static int runProgram(const std::vector<std::string> &command,
                      const std::string &output) {
  std::vector<char *> argv;
  for (const std::string &argument : command)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child;
  int failed =
      posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed)
    return -1;
  int state;
  while (waitpid(child, &state, 0) < 0)
    if (errno != EINTR)
      return -1;
  return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static bool isExecutable(const std::string &path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

static std::string findProgram() {
  if (const char *named = std::getenv("BPT_PTXAS"))
    return named;
  std::string folders = "/usr/local/cuda/bin";
  if (const char *path = std::getenv("PATH"))
    folders = std::string(path) + ":" + folders;
  for (size_t begin = 0; begin <= folders.size();) {
    size_t end = std::min(folders.find(':', begin), folders.size());
    std::string program = folders.substr(begin, end - begin) + "/ptxas";
    if (program[0] == '/' && isExecutable(program))
      return program;
    begin = end + 1;
  }
  return "";
}

std::optional<Ptxas> Ptxas::find() {
  Ptxas ptxas;
  ptxas.path = findProgram();
  ScratchFolder scratch;
  if (ptxas.path.empty() || !scratch.exists())
    return std::nullopt;
  std::string output = scratch.getFile("version");
  if (runProgram({ptxas.path, "--version"}, output) != 0)
    return std::nullopt;
  std::string text = readFile(output);
  // `Cuda compilation tools, release 13.0, V13.0.88`
  size_t begin = text.find(", V");
  if (begin == std::string::npos)
    return std::nullopt;
  begin += 2;
  ptxas.version = text.substr(begin, text.find_first_of(" \n", begin) - begin);
  return ptxas;
}

Status Ptxas::assemble(std::string_view ptx, const Chip &chip,
                       PtxasResult &result) const {
  ScratchFolder scratch;
  if (!scratch.exists())
    return Status::failure("no temporary folder for ptxas can be made: " +
                           std::string(std::strerror(errno)));
  std::string input = scratch.getFile("kernels.ptx");
  std::string output = scratch.getFile("kernels.cubin");
  std::string report = scratch.getFile("report");
  std::ofstream file(input, std::ios::binary);
  file.write(ptx.data(), ptx.size());
  file.close();
  if (!file)
    return Status::failure("'" + input + "' cannot be written");
  // Not -c: relocatable code loses setmaxnreg.
  int code = runProgram(
      {path, "-v", "-arch=" + chip.getName(), input, "-o", output}, report);
  std::string text = readFile(report);
  if (code != 0) {
    size_t begin = text.find("error");
    std::string line = begin == std::string::npos ? text : text.substr(begin);
    line = line.substr(0, line.find('\n'));
    return Status::failure("ptxas failed with code " + std::to_string(code) +
                           ": " + line);
  }
  result.cubin = readFile(output);
  result.kernels = parsePtxasReport(text);
  if (result.cubin.empty())
    return Status::failure("ptxas wrote no code");
  return Status::success();
}

/// The number that stands right before `unit`; none if it is not there.
static std::optional<uint64_t> findNumber(std::string_view line,
                                          std::string_view unit) {
  size_t end = line.find(unit);
  if (end == std::string_view::npos)
    return std::nullopt;
  size_t begin = end;
  while (begin > 0 && line[begin - 1] >= '0' && line[begin - 1] <= '9')
    --begin;
  if (begin == end)
    return std::nullopt;
  return std::strtoull(std::string(line.substr(begin, end - begin)).c_str(),
                       nullptr, 10);
}

std::map<std::string, KernelResources, std::less<>>
mlir::bpt::runtime::parsePtxasReport(std::string_view report) {
  constexpr std::string_view kEntry = "Compiling entry function '";
  std::map<std::string, KernelResources, std::less<>> kernels;
  KernelResources *current = nullptr;
  while (!report.empty()) {
    std::string_view line = report.substr(0, report.find('\n'));
    report.remove_prefix(std::min(line.size() + 1, report.size()));
    if (size_t at = line.find(kEntry); at != std::string_view::npos) {
      std::string_view name = line.substr(at + kEntry.size());
      current = &kernels[std::string(name.substr(0, name.find('\'')))];
    }
    // `(C7510) Potential Performance Loss: ... in the function 'name'`
    constexpr std::string_view kWarning = "(C75", kFunction = "function '";
    if (line.find(kWarning) != std::string_view::npos) {
      size_t at = line.rfind(kFunction);
      if (at != std::string_view::npos) {
        std::string_view name = line.substr(at + kFunction.size());
        kernels[std::string(name.substr(0, name.find('\'')))].serializes = true;
      } else if (current) {
        current->serializes = true;
      }
    }
    if (!current)
      continue;
    if (auto bytes = findNumber(line, " bytes spill stores"))
      current->spillStoreBytes = *bytes;
    if (auto bytes = findNumber(line, " bytes spill loads"))
      current->spillLoadBytes = *bytes;
    if (auto count = findNumber(line, " registers"))
      current->registers = *count;
  }
  return kernels;
}
