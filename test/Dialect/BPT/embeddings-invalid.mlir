// RUN: bpt-opt %s -split-input-file -verify-diagnostics

func.func @width(%ids: tensor<1x4xi32>, %table: tensor<10x8xf32>, %e: tensor<1x4x9xf32>) {
  // expected-error @+1 {{embedding width size of 'init' (dimension 2) is 9, but that of 'table' (dimension 1) is 8}}
  %x = bpt.embedding ins(%ids, %table : tensor<1x4xi32>, tensor<10x8xf32>) outs(%e : tensor<1x4x9xf32>) -> tensor<1x4x9xf32>
  return
}

// -----

func.func @id_type(%ids: tensor<1x4xi8>, %table: tensor<10x8xf32>, %e: tensor<1x4x8xf32>) {
  // expected-error @+1 {{operand #0 must be 2D tensor of 32-bit signless integer or 64-bit signless integer values, but got 'tensor<1x4xi8>'}}
  %x = bpt.embedding ins(%ids, %table : tensor<1x4xi8>, tensor<10x8xf32>) outs(%e : tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @destination_type(%ids: tensor<1x4xi32>, %table: tensor<10x8xf32>, %e: tensor<1x4x8xbf16>) {
  // expected-error @+1 {{element type of the destination is 'bf16'; it must be that of the inputs, 'f32', or f32}}
  %x = bpt.embedding ins(%ids, %table : tensor<1x4xi32>, tensor<10x8xf32>) outs(%e : tensor<1x4x8xbf16>) -> tensor<1x4x8xbf16>
  return
}

// -----

func.func @dynamic_head(%x: tensor<1x4x2x?xf32>) {
  // expected-error @+1 {{head_dim must be static, so that the angles are known}}
  %r = bpt.rotary_embedding ins(%x : tensor<1x4x2x?xf32>) outs(%x : tensor<1x4x2x?xf32>)
      {kind = #bpt.rotary_kind<half>} -> tensor<1x4x2x?xf32>
  return
}

// -----

func.func @odd(%x: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{rotates 3 components of a head of 8; the number must be even and at most the head's}}
  %r = bpt.rotary_embedding ins(%x : tensor<1x4x2x8xf32>) outs(%x : tensor<1x4x2x8xf32>)
      {kind = #bpt.rotary_kind<half>, dim = 3 : i64} -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @odd_head(%x: tensor<1x4x2x7xf32>) {
  // expected-error @+1 {{rotates 7 components of a head of 7; the number must be even and at most the head's}}
  %r = bpt.rotary_embedding ins(%x : tensor<1x4x2x7xf32>) outs(%x : tensor<1x4x2x7xf32>)
      {kind = #bpt.rotary_kind<interleaved>} -> tensor<1x4x2x7xf32>
  return
}

// -----

func.func @too_many(%x: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{rotates 10 components of a head of 8; the number must be even and at most the head's}}
  %r = bpt.rotary_embedding ins(%x : tensor<1x4x2x8xf32>) outs(%x : tensor<1x4x2x8xf32>)
      {kind = #bpt.rotary_kind<half>, dim = 10 : i64} -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @negative(%x: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{rotates -2 components of a head of 8; the number must be even and at most the head's}}
  %r = bpt.rotary_embedding ins(%x : tensor<1x4x2x8xf32>) outs(%x : tensor<1x4x2x8xf32>)
      {kind = #bpt.rotary_kind<half>, dim = -2 : i64} -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @base(%x: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{'base' must be finite and greater than 0}}
  %r = bpt.rotary_embedding ins(%x : tensor<1x4x2x8xf32>) outs(%x : tensor<1x4x2x8xf32>)
      {kind = #bpt.rotary_kind<half>, base = 0.0 : f64} -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @rotary_destination_type(%x: tensor<1x4x2x8xf16>, %e: tensor<1x4x2x8xbf16>) {
  // expected-error @+1 {{element type of the destination is 'bf16'; it must be that of the inputs, 'f16', or f32}}
  %r = bpt.rotary_embedding ins(%x : tensor<1x4x2x8xf16>) outs(%e : tensor<1x4x2x8xbf16>)
      {kind = #bpt.rotary_kind<half>} -> tensor<1x4x2x8xbf16>
  return
}

// -----

func.func @rotary_shape(%x: tensor<1x4x2x8xf32>, %e: tensor<1x4x3x8xf32>) {
  // expected-error @+1 {{head size of 'init' (dimension 2) is 3, but that of 'x' (dimension 2) is 2}}
  %r = bpt.rotary_embedding ins(%x : tensor<1x4x2x8xf32>) outs(%e : tensor<1x4x3x8xf32>)
      {kind = #bpt.rotary_kind<half>} -> tensor<1x4x3x8xf32>
  return
}
