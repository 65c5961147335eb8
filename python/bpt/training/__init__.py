"""Training of models that BPT compiles: docs/training.md.

    trainer = bpt.training.Trainer(ir, parameters, AdamW(warmup=100, steps=2000))
    for batch in batches:
        result = trainer.step([batch])
    trainer.save("model.safetensors")
"""

from bpt.training.checkpoint import CheckpointError
from bpt.training.trainer import METHODS, AdamW, Method, StepResult, Trainer

__all__ = ["METHODS", "AdamW", "CheckpointError", "Method", "StepResult", "Trainer"]
