// RUN: bpt-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{dropout 'rate' is 1.000000e+00 : f64; it must lie in [0, 1)}}
#always = #bpt.dropout<rate = 1.0>

// -----

// expected-error @+1 {{dropout 'rate' is -1.000000e-01 : f64; it must lie in [0, 1)}}
#negative = #bpt.dropout<rate = -0.1>

// -----

// expected-error @+1 {{dropout 'rate' must be an f64, got 'f32'}}
#single = #bpt.dropout<rate = 0.1 : f32>

// -----

// expected-error @+1 {{dropout 'stream' is -1; it must lie in [0, 4294967296)}}
#stream = #bpt.dropout<rate = 0.1, stream = -1>

// -----

// expected-error @+1 {{dropout 'stream' is 4294967296; it must lie in [0, 4294967296)}}
#stream = #bpt.dropout<rate = 0.1, stream = 4294967296>

// -----

func.func @positions(%x: tensor<1x4x8xf32>, %seed: tensor<i64>, %i: index) {
  // expected-error @+1 {{'at' takes 3 positions, got 1}}
  %y = bpt.dropout ins(%x : tensor<1x4x8xf32>) seed(%seed) at(%i) outs(%x : tensor<1x4x8xf32>)
      {dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @shape(%x: tensor<1x4x8xf32>, %seed: tensor<i64>, %e: tensor<1x5x8xf32>) {
  // expected-error @+1 {{row size of 'init' (dimension 1) is 5, but that of 'x' (dimension 1) is 4}}
  %y = bpt.dropout ins(%x : tensor<1x4x8xf32>) seed(%seed) outs(%e : tensor<1x5x8xf32>)
      {dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x5x8xf32>
  return
}

// -----

func.func @destination_type(%x: tensor<1x4x8xf32>, %seed: tensor<i64>, %e: tensor<1x4x8xf16>) {
  // expected-error @+1 {{element type of the destination is 'f16'; it must be that of the inputs, 'f32', or f32}}
  %y = bpt.dropout ins(%x : tensor<1x4x8xf32>) seed(%seed) outs(%e : tensor<1x4x8xf16>)
      {dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x4x8xf16>
  return
}

// -----

// expected-note @+1 {{prior use here}}
func.func @seed_type(%x: tensor<1x4x8xf32>, %seed: tensor<i32>) {
  // expected-error @+1 {{use of value '%seed' expects different type than prior uses: 'tensor<i64>' vs 'tensor<i32>'}}
  %y = bpt.dropout ins(%x : tensor<1x4x8xf32>) seed(%seed) outs(%x : tensor<1x4x8xf32>)
      {dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @seed_alone(%q: tensor<1x4x1x8xf32>, %seed: tensor<i64>) {
  // expected-error @+1 {{'seed' and 'dropout' need each other: where numbers are drawn from, and what they drop}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x1x8xf32>, tensor<1x4x1x8xf32>, tensor<1x4x1x8xf32>) seed(%seed)
      outs(%q : tensor<1x4x1x8xf32>) -> tensor<1x4x1x8xf32>
  return
}

// -----

func.func @dropout_alone(%q: tensor<1x4x1x8xf32>) {
  // expected-error @+1 {{'seed' and 'dropout' need each other}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x1x8xf32>, tensor<1x4x1x8xf32>, tensor<1x4x1x8xf32>)
      outs(%q : tensor<1x4x1x8xf32>) {dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x4x1x8xf32>
  return
}

// -----

func.func @online_without_positions(%q: tensor<1x4x1x8xf32>, %m: tensor<1x4x1xf32>, %seed: tensor<i64>) {
  // expected-error @+1 {{needs 'at' positions: its masks, its score region or its dropout depend on where the tile lies}}
  %o:3 = bpt.online_attention ins(%q, %q, %q : tensor<1x4x1x8xf32>, tensor<1x4x1x8xf32>, tensor<1x4x1x8xf32>) seed(%seed)
      outs(%q, %m, %m : tensor<1x4x1x8xf32>, tensor<1x4x1xf32>, tensor<1x4x1xf32>)
      {dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x4x1x8xf32>, tensor<1x4x1xf32>, tensor<1x4x1xf32>
  return
}
