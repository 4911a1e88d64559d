"""Document to HIR to FIR to artefact."""
