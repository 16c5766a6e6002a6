"""A model together with its loss: what a step calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from curate.train import attention
from curate.train.data import Batch
from curate.train.loss import Head, chunk_size, token_losses


class Learner(nn.Module):
    """A causal language model whose call gives losses in place of logits.

    `model` is a Hugging Face model or a PEFT one around it. `way` is how it attends (a name that transformers knows).
    With `whole` the model's own logits are made at once, for heads that `Head` does not know.
    """

    def __init__(self, model: Any, way: str = "sdpa", *, bf16: bool = False, whole: bool = False) -> None:
        super().__init__()
        self.model = model
        self.way = way
        self.bf16 = bf16
        self.whole = whole
        self.head = Head.of(self.causal.config)
        memory = torch.cuda.get_device_properties(self.device).total_memory if self.device.type == "cuda" else None
        self.chunk = chunk_size(self.causal.get_output_embeddings().weight.shape[0], memory)
        table = self.causal.get_input_embeddings()
        self._narrowing = table.register_forward_hook(_narrowed) if bf16 else None

    def undo(self) -> None:
        """Leave the model as it was before."""
        if self._narrowing is not None:
            self._narrowing.remove()

    @property
    def causal(self) -> Any:
        """The Hugging Face model, without what PEFT puts around it."""
        return self.model.get_base_model() if hasattr(self.model, "peft_config") else self.model

    @property
    def device(self) -> torch.device:
        device: torch.device = self.causal.get_input_embeddings().weight.device
        return device

    def hidden(self, input_ids: Tensor, position_ids: Tensor, edges: Tensor) -> Tensor:
        """The last hidden states [rows, tokens, H]. No attention mask is given: one of all ones would switch the
        separation of documents off without a word."""
        more = attention.arguments(self.way, edges, input_ids.shape[1])
        out = self.causal.base_model(input_ids=input_ids, position_ids=position_ids, use_cache=False, **more)
        states: Tensor = out.last_hidden_state
        return states

    def forward(self, batch: Batch, divisor: Tensor) -> tuple[Tensor, Tensor]:
        """(sum of the batch's losses / `divisor`, which has a gradient; losses in nats, fp32, one for each target)."""
        with self.precision():
            if self.whole:
                return self._whole(batch, divisor)
            states = self.hidden(batch.input_ids, batch.position_ids, batch.edges).flatten(0, 1)
            head = self.causal.get_output_embeddings()
            seen = states.index_select(0, batch.places)
            return token_losses(
                seen, head.weight, getattr(head, "bias", None), batch.targets, divisor, self.head, self.chunk
            )

    def _whole(self, batch: Batch, divisor: Tensor) -> tuple[Tensor, Tensor]:
        more = attention.arguments(self.way, batch.edges, batch.input_ids.shape[1])
        out = self.causal(input_ids=batch.input_ids, position_ids=batch.position_ids, use_cache=False, **more)
        logits = out.logits.flatten(0, 1).index_select(0, batch.places).float()
        losses = nn.functional.cross_entropy(logits, batch.targets, reduction="none")
        return losses.sum() / divisor, losses.detach()

    def precision(self) -> AbstractContextManager[Any]:
        """bf16 where it was asked for (weights and optimiser stay as they are), else what the weights are."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16) if self.bf16 else nullcontext()

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Dropout off and no gradients, for as long as it lasts."""
        was_training = self.training
        self.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            self.train(was_training)


def _narrowed(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
    """Embeddings as bf16: what is added up along the layers stays as narrow as its parts, half the memory traffic."""
    return output.to(torch.bfloat16) if torch.is_autocast_enabled(output.device.type) else output
