"""Refusals, and a model that speaks of itself: what other models' answers teach besides their contents."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.stage import Rule
from curate.stages.dialogue.answers import READS, answers, spread

# An assistant that says what it is, in the wordings of the models that most data were made with.
SELF = (
    r"\bas an? (?:ai\b|artificial intelligence|(?:large )?language model|virtual assistant|chatbot)",
    r"\bi(?:'m|’m| am) (?:just |only |merely )?"
    r"(?:an? (?:ai\b|artificial intelligence|(?:large )?language model|chatbot)|"
    r"chatgpt|gpt-\d|claude\b|bard\b|gemini\b|qwen|deepseek)",
    r"\b(?:trained|developed|created|made) by (?:openai|anthropic|deepseek|alibaba cloud|google deepmind)",
    r"\bmy (?:knowledge cut-?off|training data)\b",
    r"(?:作为|身为)(?:一个|一名|一款|一种|一位)?(?:AI|人工智能|大?语言模型|大模型|智能助手|聊天机器人|虚拟助手)",
    r"我(?:只|仅仅?|其实)?是(?:一个|一名|一款|一种|一位)?"
    r"(?:AI|人工智能|大?语言模型|大模型|智能助手|聊天机器人|虚拟助手|ChatGPT|文心一言|通义千问|讯飞星火)",
    r"(?:由|是)\s*(?:OpenAI|Anthropic|百度|阿里云|深度求索|科大讯飞)\s*(?:公司)?(?:训练|开发|研发|创建|推出)",
    r"我的(?:知识|训练数据)(?:库)?(?:只|仅)?(?:截止|截至|更新到)",
)
# Within the first words of an answer.
REFUSAL = (
    r"^\W{0,3}(?:i(?:'m|’m| am) |we(?:'re| are) )?(?:very |really |so |terribly )?(?:sorry|afraid)\b.{0,60}?"
    r"\b(?:can(?:not|'t|’t| not)|unable|not able|won(?:'t|’t)|not (?:possible|appropriate|comfortable))",
    r"^\W{0,3}(?:unfortunately,? |as an? .{3,40}, )?i(?:'m|’m| am)? (?:can(?:not|'t|’t| not)|unable to|not able to|"
    r"won(?:'t|’t)|will not|must decline) (?:to )?(?:provide|answer|assist|help|fulfil|complete|generate|create|"
    r"give|access|comply|write|do|discuss|support|respond|offer|share)",
    r"^\W{0,3}(?:我)?(?:很|非常|十分|真的)?(?:抱歉|对不起|不好意思|遗憾).{0,24}?(?:无法|不能|不可以|没有办法|没办法|没法|不便)",
    r"^\W{0,3}(?:作为.{2,16}，)?(?:我|本人)(?:暂时|目前|现在)?(?:无法|不能|没有办法|没办法)"
    r"(?:直接|为您|为你|给您|给你|对此)?(?:提供|回答|给出|满足|完成|协助|帮助|访问|查看|处理|生成|回应|讨论)",
)

# Who asks for the same in other words gets "Sorry, I can't make it" where that is what it says.
REWORDS = (
    r"(?i)\b(?:re-?write|re-?word|re-?phrase|paraphrase|translate|tone)\b|改写|改成|改为|重写|语气|换一种说法|翻译|译成"
)
# Who asks about models, and not the model about itself, gets answers that say who made them.
ABOUT_MODELS = (
    r"(?i)\b(?:gpt|chatgpt|openai|language models?|llms?|chatbots?|ai assistants?)\b"
    r"|语言模型|大模型|聊天机器人|人工智能|GPT"
)
ASKS_ITSELF = r"(?i)\b(?:you|your)\b|你|您"
SPEAKS_OF_ITSELF = r"(?i)\b(?:i|my)\b|我"


@dataclass(frozen=True, kw_only=True)
class Refusals:
    """Shares of a dialogue's answers that refuse, and in which the model speaks of itself.

    `refusal_share`: the answer begins by saying that it can't, and has no more than `brief` bytes, so that it says
    little else; a doctor who can't diagnose from afar and then advises is none, and neither is one whom the question
    asks to put "I regret that I can't" in other words. `self_reference_share`: "as an AI language model",
    作为一个人工智能, but for answers about language models in which nobody says you or I. English and Chinese
    wordings; 0 for what is no dialogue. Reasons `refusal` (more than `refused` of the answers), `self_reference` (more
    than `itself`). Such answers were dropped from what ChatGPT-made data trained (WizardLM and Vicuna "unfiltered",
    2023), and tune a model to refuse and to give a wrong name.
    """

    name: str = "refusals"
    refused: float = 0.34
    itself: float = 0.0
    brief: int = 600

    version = 2
    reads = READS
    writes = {"refusal_share": pl.Float64(), "self_reference_share": pl.Float64()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(reason="refusal", measure="refusal_share", high=self.refused),
            Rule(reason="self_reference", measure="self_reference_share", high=self.itself),
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        answer = pl.col("answer")
        asked = pl.col("question")
        refuses = (
            answer.str.contains("(?is)" + "|".join(REFUSAL))
            & (answer.str.len_bytes() <= self.brief)
            & ~asked.str.contains(REWORDS).fill_null(False)
        )
        of_others = (
            asked.str.contains(ABOUT_MODELS) & ~asked.str.contains(ASKS_ITSELF) & ~answer.str.contains(SPEAKS_OF_ITSELF)
        )
        itself = answer.str.contains("(?i)" + "|".join(SELF)) & ~of_others.fill_null(False)
        found = (
            answers(docs)
            .group_by("row", maintain_order=True)
            .agg(
                refuses.mean().alias("refusal_share"),
                itself.mean().alias("self_reference_share"),
            )
        )
        return spread(docs, found, refusal_share=0.0, self_reference_share=0.0)
