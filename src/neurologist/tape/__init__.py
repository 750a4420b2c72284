"""What autograd wrote down about a forward pass: ops, their lines, and what is measured at them."""
