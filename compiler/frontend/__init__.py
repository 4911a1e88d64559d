"""AST to HIR: names, functions, ambient clocks, rules."""
