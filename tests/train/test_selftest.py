"""A model in which packed documents see each other is refused."""

from __future__ import annotations

import pytest
import torch
from transformers import Gemma2Config, Gemma2ForCausalLM

from curate.train.data import Batch
from curate.train.learner import Learner
from curate.train.selftest import PackingLeaks, check_packing, documents, head_difference, packing_difference, probe
from tests.train import packed

ROWS = [[40, 1, 60, 27], [90, 38]]


class AllOnes(Learner):
    """A model that is called as many trainers call it: with an attention mask of all ones."""

    def hidden(self, input_ids: torch.Tensor, position_ids: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        ones = torch.ones_like(input_ids)
        out = self.causal.model(input_ids=input_ids, position_ids=position_ids, attention_mask=ones, use_cache=False)
        states: torch.Tensor = out.last_hidden_state
        return states


@pytest.mark.parametrize("name", packed.CONFIGS)
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_documents_lose_what_they_lose_alone(name: str, attention: str) -> None:
    assert check_packing(packed.learner(name, attention), packed.batch(ROWS)) < 1e-6


@pytest.mark.parametrize("name", packed.CONFIGS)
@pytest.mark.parametrize("rows", [ROWS, [[128], [128]]], ids=["short documents", "one long document a row"])
def test_an_attention_mask_of_all_ones_is_refused(name: str, rows: list[list[int]]) -> None:
    with pytest.raises(PackingLeaks, match="does not keep packed documents apart"):
        check_packing(AllOnes(packed.model(name)), packed.batch(rows))


def test_a_leak_is_found_in_bf16_too_and_what_does_not_leak_passes() -> None:
    rows = packed.batch(ROWS)
    assert check_packing(Learner(packed.model("qwen3"), bf16=True), rows) < 2e-2
    with pytest.raises(PackingLeaks):
        check_packing(AllOnes(packed.model("qwen3"), bf16=True), rows)


def test_a_leak_in_the_second_row_alone_is_refused() -> None:
    class FirstRowOnly(AllOnes):
        def hidden(self, input_ids: torch.Tensor, position_ids: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
            out = Learner.hidden(self, input_ids, position_ids, edges)
            if input_ids.shape[0] > 1:
                out = torch.cat([out[:1], super().hidden(input_ids, position_ids, edges)[1:]])
            return out

    with pytest.raises(PackingLeaks):
        check_packing(FirstRowOnly(packed.model()), packed.batch(ROWS))


def test_a_model_that_answers_nan_is_refused() -> None:
    broken = packed.model()
    with torch.no_grad():
        broken.model.norm.weight.fill_(float("nan"))
    with pytest.raises(PackingLeaks):
        check_packing(Learner(broken), packed.batch(ROWS))


def test_the_probe_keeps_the_documents_and_cuts_every_row_differently() -> None:
    tested: Batch = probe(packed.batch([[40, 1, 60, 99], [200]]))
    first = [start for start, _ in documents(tested.position_ids[0])]
    second = [start for start, _ in documents(tested.position_ids[1])]
    assert {0, 40, 41, 101} <= set(first)
    assert len(second) == 4
    assert set(second) - {0} != set(first) - {0, 40, 41, 101}
    assert packing_difference(packed.learner(), tested) < 1e-6


def test_the_loss_in_chunks_is_that_of_the_models_own_logits() -> None:
    for name in packed.CONFIGS:
        assert head_difference(packed.learner(name), packed.batch(ROWS)) < 1e-6


def test_logits_that_are_capped_are_capped_in_chunks_too() -> None:
    torch.manual_seed(0)
    gemma = Gemma2ForCausalLM(Gemma2Config(**packed.SHAPE, final_logit_softcapping=0.1, query_pre_attn_scalar=8))
    learner = Learner(gemma)
    assert learner.head.cap == 0.1
    assert head_difference(learner, packed.batch(ROWS)) < 1e-6


def test_a_head_of_another_kind_is_noticed() -> None:
    class Doubled(torch.nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return super().forward(input) * 2

    odd = packed.model()
    head = Doubled(32, packed.VOCABULARY, bias=False)
    odd.lm_head = head
    assert head_difference(Learner(odd), packed.batch(ROWS)) > 1e-3
