//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Device/CodeCache.h"
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mlir::bpt::runtime;

/// FNV-1a: names files and shows torn ones; that a file is the right one is
/// told by its key, that it is ours by its owner.
static uint64_t hashBytes(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char byte : bytes)
    hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

namespace {
struct Header {
  char magic[8];
  uint64_t keyBytes;
  uint64_t codeBytes;
  uint64_t codeHash;
};
} // namespace
static constexpr char kMagic[8] = {'B', 'P', 'T', 'C', 'O', 'D', '2', '\n'};
/// No code is as large; a file that is must not fill the memory.
static constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

std::string CodeCache::chooseFolder() {
  if (const char *folder = std::getenv("BPT_CACHE_DIR"))
    return folder;
  const char *cache = std::getenv("XDG_CACHE_HOME");
  if (cache && *cache == '/')
    return std::string(cache) + "/bpt";
  const char *home = std::getenv("HOME");
  if (home && *home == '/')
    return std::string(home) + "/.cache/bpt";
  return "";
}

CodeCache::CodeCache(std::string_view extension, RemarkHandler remark)
    : extension(extension), folder(chooseFolder()), remark(std::move(remark)) {}

std::string CodeCache::getPath(std::string_view key) const {
  char name[32];
  std::snprintf(name, sizeof(name), "/%016llx.",
                static_cast<unsigned long long>(hashBytes(key)));
  return folder + name + extension;
}

/// All bytes of an open file.
static std::optional<std::string> readAll(int file, size_t size) {
  std::string bytes(size, '\0');
  for (size_t done = 0; done < size;) {
    ssize_t count = ::read(file, bytes.data() + done, size - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return std::nullopt;
    done += count;
  }
  return bytes;
}

/// Why the file is not to be trusted, or null.
static const char *distrust(const struct stat &status) {
  if (!S_ISREG(status.st_mode))
    return "it is not a regular file";
  if (status.st_uid != geteuid())
    return "it belongs to another user";
  if (status.st_mode & (S_IWGRP | S_IWOTH))
    return "other users can write it";
  if (static_cast<uint64_t>(status.st_size) > kMaxFileBytes)
    return "it is too large";
  return nullptr;
}

/// The code in the bytes of a file; otherwise the reason why there is none.
static std::optional<std::string>
unpack(std::string_view bytes, std::string_view key, const char *&reason) {
  Header header;
  reason = "it is not a file of this cache";
  if (bytes.size() < sizeof(header))
    return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0)
    return std::nullopt;
  bytes.remove_prefix(sizeof(header));
  reason = "it is torn";
  if (header.keyBytes > bytes.size() ||
      header.codeBytes != bytes.size() - header.keyBytes)
    return std::nullopt;
  std::string_view code = bytes.substr(header.keyBytes);
  if (hashBytes(code) != header.codeHash)
    return std::nullopt;
  reason = "it is the code of something else";
  if (bytes.substr(0, header.keyBytes) != key)
    return std::nullopt;
  return std::string(code);
}

std::optional<std::string> CodeCache::read(std::string_view key) const {
  if (folder.empty())
    return std::nullopt;
  std::string path = getPath(key);
  // Neither following a link nor waiting for a pipe.
  int file =
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
    return std::nullopt;
  std::optional<std::string> code;
  const char *reason = nullptr;
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) {
    reason = std::strerror(errno);
  } else if (!(reason = distrust(status))) {
    std::optional<std::string> bytes = readAll(file, status.st_size);
    reason = "it cannot be read";
    if (bytes)
      code = unpack(*bytes, key, reason);
  }
  if (file >= 0)
    close(file);
  if (!code)
    remark("cached code '" + path + "' is ignored: " + reason);
  return code;
}

static bool makeFolders(const std::string &path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    if (mkdir(path.substr(0, end).c_str(), 0700) != 0 && errno != EEXIST)
      return false;
    if (end == std::string::npos)
      return true;
  }
}

static bool writeAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return false;
    bytes.remove_prefix(count);
  }
  return true;
}

void CodeCache::write(std::string_view key, std::string_view code) const {
  if (folder.empty())
    return;
  std::string path = getPath(key), staged = path + ".XXXXXX";
  int file = makeFolders(folder) ? mkstemp(staged.data()) : -1;
  Header header;
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.keyBytes = key.size();
  header.codeBytes = code.size();
  header.codeHash = hashBytes(code);
  std::string_view headerBytes(reinterpret_cast<const char *>(&header),
                               sizeof(header));
  bool isWritten = file >= 0 && writeAll(file, headerBytes) &&
                   writeAll(file, key) && writeAll(file, code);
  isWritten = file >= 0 && close(file) == 0 && isWritten;
  if (isWritten && rename(staged.c_str(), path.c_str()) == 0)
    return;
  int error = errno;
  if (file >= 0)
    unlink(staged.c_str());
  remark("code cannot be kept in '" + folder + "': " + std::strerror(error));
}
