"""A model in which packed documents see each other is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from curate.train.data import Batch
from curate.train.selftest import PackingLeaks, check_packing, documents, packing_difference, probe
from tests.train import packed

ROWS = [[40, 1, 60, 27], [90, 38]]


class AllOnes(torch.nn.Module):
    """A model that is called as many trainers call it: with an attention mask of all ones."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner, self.config = inner, inner.config

    def forward(self, input_ids: torch.Tensor, position_ids: torch.Tensor, use_cache: bool) -> Any:
        ones = torch.ones_like(input_ids)
        return self.inner(input_ids=input_ids, position_ids=position_ids, attention_mask=ones, use_cache=use_cache)


@pytest.mark.parametrize("name", packed.CONFIGS)
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_documents_lose_what_they_lose_alone(name: str, attention: str) -> None:
    assert check_packing(packed.model(name, attention), packed.batch(ROWS)) < 1e-6


@pytest.mark.parametrize("name", packed.CONFIGS)
@pytest.mark.parametrize("rows", [ROWS, [[128], [128]]], ids=["short documents", "one long document a row"])
def test_an_attention_mask_of_all_ones_is_refused(name: str, rows: list[list[int]]) -> None:
    with pytest.raises(PackingLeaks, match="does not keep packed documents apart"):
        check_packing(AllOnes(packed.model(name)), packed.batch(rows))


def test_a_leak_in_the_second_row_alone_is_refused() -> None:
    class FirstRowOnly(AllOnes):
        def forward(self, input_ids: torch.Tensor, position_ids: torch.Tensor, use_cache: bool) -> Any:
            out = self.inner(input_ids=input_ids, position_ids=position_ids, use_cache=use_cache)
            if input_ids.shape[0] > 1:
                leaky = super().forward(input_ids, position_ids, use_cache).logits
                out.logits = torch.cat([out.logits[:1], leaky[1:]])
            return out

    with pytest.raises(PackingLeaks):
        check_packing(FirstRowOnly(packed.model()), packed.batch(ROWS))


def test_a_model_that_answers_nan_is_refused() -> None:
    broken = packed.model()
    with torch.no_grad():
        broken.model.norm.weight.fill_(float("nan"))
    with pytest.raises(PackingLeaks):
        check_packing(broken, packed.batch(ROWS))


def test_the_probe_keeps_the_documents_and_cuts_every_row_differently() -> None:
    tested: Batch = probe(packed.batch([[40, 1, 60, 99], [200]]))
    first = [start for start, _ in documents(tested.position_ids[0])]
    second = [start for start, _ in documents(tested.position_ids[1])]
    assert {0, 40, 41, 101} <= set(first)
    assert len(second) == 4
    assert set(second) - {0} != set(first) - {0, 40, 41, 101}
    assert packing_difference(packed.model(), tested) < 1e-6
