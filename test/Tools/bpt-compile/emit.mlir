// The header says names, types and sizes; the IR shows nothing but the entry.
//
// RUN: bpt-compile %s --emit=header -o - | FileCheck %s --check-prefix=HEADER
// HEADER: #ifndef BPT_MAIN_H
// HEADER: void bpt_main_entry(void **descriptors);
// HEADER: static const BPTTensorType bpt_main_arguments[] = {
// HEADER-NEXT:   {"odd \042name\134", BPT_BF16, 2, {BPT_DYNAMIC, 4}},
// HEADER-NEXT:   {"", BPT_I32, 0, {0}},
// HEADER-NEXT: };
// HEADER: static const BPTFunction bpt_main = {"main", bpt_main_entry, 2, bpt_main_arguments, 1, bpt_main_results, 0};
// RUN: bpt-compile %s --emit=header --device=cuda -o - | FileCheck %s --check-prefix=DEVICE
// DEVICE: bpt_main_results, 1};
// RUN: bpt-compile %s --emit=header --function=none.at.all -o - | FileCheck %s --check-prefix=EMPTY
// EMPTY: static const BPTFunction bpt_none_at_all = {"none.at.all", bpt_none_at_all_entry, 0, 0, 0, 0, 0};

// RUN: bpt-compile %s --emit=llvm -o - | FileCheck %s --check-prefix=LLVM
// LLVM-NOT: define {{(dso_local )?}}void @
// LLVM: define {{.*}}@bpt_main_entry(ptr
// LLVM-NOT: define {{(dso_local )?}}void @

// RUN: %python %S/../../ExecutionEngine/Device/Inputs/expect_error.py bpt-compile %s --emit=header --function=deep -o - | FileCheck %s --check-prefix=DEEP
// DEEP: bpt-compile: error: a tensor of type 1x1x1x1x1x1x1x1x1xf32 has rank 9; a header describes ranks up to 8

func.func @main(%x: tensor<?x4xbf16> {bpt.name = "odd \22name\5C"}, %n: tensor<i32>) -> tensor<?x4xbf16> {
  return %x : tensor<?x4xbf16>
}
func.func @none.at.all() {
  return
}
func.func @deep(%x: tensor<1x1x1x1x1x1x1x1x1xf32>) -> tensor<1x1x1x1x1x1x1x1x1xf32> {
  return %x : tensor<1x1x1x1x1x1x1x1x1xf32>
}
