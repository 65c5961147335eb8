#!/bin/sh
# Writes the reference, which stands in the TableGen files, as Markdown.
#
#   docs/generate.sh OUTPUT_FOLDER        (or: ninja -C build bpt-docs)
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=$1
llvm=${LLVM_PREFIX:-/usr/lib/llvm-22}
mkdir -p "$out"

generate() {
  file=$1
  shift
  "$llvm/bin/mlir-tblgen" -I "$root/include" -I "$llvm/include" "$@" "$root/include/bpt/$file"
}

generate Dialect/BPT/IR/BPTOps.td -gen-dialect-doc -dialect=bpt >"$out/Dialect.md"
generate Dialect/Tile/IR/TileOps.td -gen-dialect-doc -dialect=bpt_tile >"$out/TileDialect.md"
{
  echo "# Transform operations"
  echo
  generate Dialect/BPT/TransformOps/BPTTransformOps.td -gen-op-doc
} >"$out/TransformOps.md"
{
  echo "# Passes"
  for folder in Dialect/BPT/Transforms Target/Common Target/Memory Target/CPU Target/GPU Target/GPU/Vectorize Target/GPU/Launch Target/GPU/Distribute ExecutionEngine; do
    printf '\n## %s\n\n' "$folder"
    generate "$folder/Passes.td" -gen-pass-doc
  done
} >"$out/Passes.md"
