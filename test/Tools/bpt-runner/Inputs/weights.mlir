// The weights of bind.test, as they are.
func.func @main(%a: tensor<48x80xf32>, %b: tensor<80xf32>, %c: tensor<80x48xf32>, %d: tensor<48xf32>)
    -> (tensor<48x80xf32>, tensor<80xf32>, tensor<80x48xf32>, tensor<48xf32>) {
  return %a, %b, %c, %d : tensor<48x80xf32>, tensor<80xf32>, tensor<80x48xf32>, tensor<48xf32>
}
