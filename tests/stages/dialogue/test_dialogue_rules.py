"""Rules for dialogues: what each of them finds, and what it leaves alone."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl
import pytest

from curate.document import COLUMNS, render
from curate.stage import Stage, measured, remove
from curate.stages.dialogue.bounds import AnswerLength
from curate.stages.dialogue.fitting import AnswerLanguage, Fitting
from curate.stages.dialogue.refusals import Refusals
from curate.stages.dialogue.structure import Structure
from curate.stages.dialogue.truncated import Truncated

ALL: tuple[Stage, ...] = (Structure(), AnswerLength(), Refusals(), Truncated(), Fitting(), AnswerLanguage())
Turn = tuple[str, str | None] | tuple[str, str | None, str]


def documents(*dialogues: Sequence[Turn]) -> pl.DataFrame:
    rows = []
    for number, turns in enumerate(dialogues):
        messages = [
            {"role": turn[0], "content": turn[1], "reasoning": None, "tool_calls": turn[2] if len(turn) > 2 else None}
            for turn in turns
        ]
        text = render(messages) if messages else "Prose, and no dialogue,"
        rows.append({"doc_id": f"{number:032x}", "source": "s", "text": text, "messages": messages or None})
    return pl.DataFrame(rows, schema=COLUMNS)


def reasons(stage: Stage, *dialogues: Sequence[Turn]) -> list[list[str]]:
    """The reasons for which each of the dialogues goes."""
    docs = measured(stage, documents(*dialogues))
    verdicts = remove(docs, stage.name, stage.rules).verdicts
    return [verdicts.filter(pl.col("doc_id") == one)["reason"].to_list() for one in docs["doc_id"]]


def exchange(question: str, answer: str) -> list[Turn]:
    return [("user", question), ("assistant", answer)]


EN = exchange("Which vein carries blood from the liver?", "The hepatic veins drain the liver into the vena cava.")
ZH = exchange("肝脏的血液由哪条静脉流出？", "肝脏的血液经肝静脉汇入下腔静脉，再回到右心房。")


@pytest.mark.parametrize("stage", ALL, ids=lambda stage: stage.name)
def test_a_sound_dialogue_and_what_is_none_stay(stage: Stage) -> None:
    system: list[Turn] = [("system", "Answer as a doctor."), *EN, *ZH]
    tools: list[Turn] = [
        ("user", "What is the weather in Paris today, please?"),
        ("assistant", None, json.dumps([{"function": {"name": "weather"}}])),
        ("tool", "12 degrees, rain"),
        ("assistant", "It rains in Paris today, at 12 degrees."),
    ]
    assert reasons(stage, EN, ZH, system, tools, []) == [[], [], [], [], []]


@pytest.mark.parametrize(
    ("fault", "turn", "dialogue"),
    [
        ("empty_turn", 2, [("user", "你好"), ("assistant", " \u3000\n")]),
        ("empty_turn", 1, [("user", None), ("assistant", "Hello.")]),
        ("late_system", 3, [*EN, ("system", "Be brief."), *ZH]),
        ("starts_with_answer", 1, [("assistant", "Hello, how can I help?"), *EN]),
        ("starts_with_answer", 2, [("system", "Be brief."), ("assistant", "Hello.")]),
        ("same_speaker_twice", 2, [("user", "Hello"), *EN]),
        ("same_speaker_twice", 3, [*ZH, ("assistant", "还有别的问题吗？")]),
        ("tool_without_call", 2, [("user", "Hello"), ("tool", "12"), ("assistant", "Twelve.")]),
        ("unanswered", 3, [*EN, ("user", "谢谢")]),
        ("unanswered", 2, [("user", "Hello"), ("assistant", None, "[]{}")]),
    ],
)
def test_the_first_fault_is_named_with_its_turn(fault: str, turn: int, dialogue: list[Turn]) -> None:
    docs = measured(Structure(), documents(dialogue))
    assert docs["structure_fault"].to_list() == [fault]
    assert docs["structure_evidence"][0].startswith(f"turn {turn} of {len(dialogue)}, ")
    assert reasons(Structure(), dialogue) == [["broken_dialogue"]]


def test_answers_out_of_bounds_go_and_a_letter_is_an_answer() -> None:
    stage = AnswerLength(high=100, question=200)
    letter = exchange("A or B?", "B")
    assert reasons(stage, letter, exchange("?", "长" * 40), exchange("问" * 70, "B")) == [
        [], ["answer_too_long"], ["question_too_long"],
    ]  # fmt: skip
    assert reasons(AnswerLength(low=10), letter) == [["answer_too_short"]]


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I cannot help with that request.",
        "I am not able to provide legal advice.",
        "Unfortunately, I can't access the file that you mention.",
        "抱歉，我无法回答这个问题。",
        "非常抱歉，这个问题我不能回答，请咨询其他人。",
        "我无法提供相关信息。",
    ],
)
def test_refusals_are_found(answer: str) -> None:
    assert reasons(Refusals(), exchange("?", answer)) == [["refusal"]]


@pytest.mark.parametrize(
    "answer",
    [
        "As an AI language model, I have no feelings, but flowers are nice.",
        "I am ChatGPT, trained by OpenAI.",
        "作为一个人工智能语言模型，我认为应当先咨询医生。",
        "我是一个AI助手，很高兴为您服务。",
        "我是由OpenAI开发的模型。",
    ],
)
def test_a_model_that_speaks_of_itself_is_found(answer: str) -> None:
    assert "self_reference" in reasons(Refusals(), exchange("?", answer))[0]


@pytest.mark.parametrize(
    "answer",
    [
        "I am sorry to hear that. Rest, drink enough, and see your doctor if the fever lasts.",
        "The court cannot provide relief where the claim is time-barred.",
        "Artificial intelligence is a field of computer science.",
        "很抱歉听到您不舒服，建议您多休息，多喝水。",
        "被告无法提供相关证据的，应当承担不利后果。",
        "人工智能是计算机科学的一个分支，语言模型是其中一种。",
        "对不起，网上无法确诊。" + "根据您的描述，建议先做血常规检查，注意休息，清淡饮食，按时服药，定期复查。" * 6,
    ],
)
def test_regret_advice_and_texts_about_models_are_no_refusals(answer: str) -> None:
    assert reasons(Refusals(), exchange("?", answer)) == [[]]


def test_one_refusal_among_many_answers_is_borne() -> None:
    assert reasons(Refusals(), [*EN, *ZH, *exchange("?", "抱歉，我无法回答这个问题。")]) == [[]]


@pytest.mark.parametrize(
    "answer",
    [
        "The first step is to see a doctor and have the blood tested, then the second step is to,",
        "患者应当先到医院就诊，完善血常规、肝功能、肾功能等检查，然后根据检查结果进行治疗，包括",
        "You should rest for some days and avoid all strenuous exercise because",
        "Here is the code:\n\n```python\nfor i in range(10):\n    print(i)",
        "根据民法典的规定，借款人应当按照约定的期限返还借款。出借人可以催告借款人在合理期限内返还。"
        "如果借款人没有按照约定的期限返还借款，应当按照约定支付逾期利息。总之，您可以先与对方协商，协商不成的再向人民法院提起诉",
    ],
)
def test_answers_that_break_off_are_found(answer: str) -> None:
    assert reasons(Truncated(), exchange("?", answer)) == [["truncated_answer"]]


@pytest.mark.parametrize(
    "answer",
    [
        "B", "42", "是的", "The answer is Paris", "Dear Ms Li,\n\nThank you for your letter.\n\nKind regards,\nWang",
        "1. Rest\n2. Drink enough water and tea\n3. Take your medicine with meals, and avoid alcohol, coffee and sugar",
        "int[] numbers = new int[100];\nfor (int i = 0; i < 100; i++) numbers[i] = i;",
        "第一步先就诊。第二步做检查。\n第三步按医嘱服药，注意饮食，避免熬夜",
        "```python\nprint(1)\n```",
        "亲爱的李老师：\n\n感谢您的来信，我会尽快回复，祝您工作顺利。\n\n此致\n敬礼",
        "x = 1\ny = 2, z = 3",
        "今天天气很好\n我们去公园散步，看到了很多花\n晚上回家吃饭，早早睡觉",
    ],
)  # fmt: skip
def test_whole_answers_of_any_form_stay(answer: str) -> None:
    assert reasons(Truncated(), exchange("?", answer)) == [[]]


def test_an_answer_that_only_says_the_question_again_goes() -> None:
    english = "Which documents does the court need for an appeal against this judgment?"
    chinese = "对这份判决提起上诉需要向法院提交哪些材料？"
    assert reasons(Fitting(), exchange(english, english.upper()), exchange(chinese, f"{chinese}。"), EN, ZH) == [
        ["repeats_question"], ["repeats_question"], [], [],
    ]  # fmt: skip


def test_an_answer_about_another_matter_is_less_related_and_goes_only_where_a_limit_is_given() -> None:
    other = exchange(EN[0][1] or "", "Bake the bread for forty minutes, then let it cool before slicing.")
    fremd = exchange(ZH[0][1] or "", "面团揉好后放入烤箱，四十分钟后取出晾凉切片。")
    docs = measured(Fitting(), documents(EN, other, ZH, fremd))
    fits, strays, passt, irrt = docs["relatedness"].to_list()
    assert fits > strays
    assert passt > irrt
    assert reasons(Fitting(), other, fremd) == [[], []]
    assert reasons(Fitting(related=0.01), EN, other, ZH, fremd) == [[], ["unrelated_answer"], [], ["unrelated_answer"]]


def test_an_answer_in_another_language_goes_unless_the_question_asks_for_it() -> None:
    english = "The contract may be terminated by either party with a notice period of thirty days."
    french = "Le contrat peut être résilié par chacune des parties avec un préavis de trente jours."
    question = "请问租赁合同可以提前解除吗？需要提前多少天通知对方呢？"
    translated = exchange("把下面这句话翻译成英文：合同可以提前三十天通知解除。", english)
    mixed = exchange("When may a party end this contract, and how long before must it say so?", french)
    found = reasons(AnswerLanguage(), exchange(question, english), translated, mixed, EN, ZH)
    assert found == [["other_language"], [], ["other_language"], [], []]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Change the tone from formal to informal.\nI regret that I will not be able to attend.",
         "Sorry, I won't be able to make it to the meeting."),
        ("将下列句子的语气从正式改为非正式。\n很遗憾地通知您，我将无法参加会议。", "抱歉，我不能参加会议。"),
        ("讨论 GPT 模型在语言生成任务中的使用。", "GPT 模型是 OpenAI 开发的一种语言模型，用于问答和自动摘要。"),
        ("Create a test of a GPT language model.", "Used as an AI assistant, it is given questions of each kind."),
    ],
)  # fmt: skip
def test_other_words_for_a_refusal_and_texts_about_models_stay(question: str, answer: str) -> None:
    assert reasons(Refusals(), exchange(question, answer)) == [[]]


def test_who_asks_the_model_about_itself_or_a_task_gets_no_excuse() -> None:
    assert reasons(Refusals(), exchange("你是语言模型吗？", "是的，我是一个语言模型，由OpenAI开发。")) == [
        ["self_reference"]
    ]
    about = exchange("What can a chatbot not do?", "As an AI language model, I can't feel. My answers are computed.")
    assert reasons(Refusals(), about) == [["self_reference"]]
    assert reasons(Refusals(), exchange("Write a sentence.", "Sorry, I can't help with that.")) == [["refusal"]]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("角色被隐藏时，When This Sprite Clicked会不会运行？", "角色被隐藏时，When This Sprite Clicked不会运行。"),
        ("张先生的病情可能是急性胃黏膜出血吗？", "张先生的病情可能是急性胃黏膜出血。"),
        ("Is the liver the largest gland of the body?", "The liver is the largest gland of the body."),
    ],
)  # fmt: skip
def test_yes_or_no_in_the_words_of_the_question_is_an_answer(question: str, answer: str) -> None:
    assert reasons(Fitting(), exchange(question, answer)) == [[]]
    assert reasons(Fitting(), exchange(question, question)) == [["repeats_question"]]


def test_numbers_and_addresses_are_in_no_language() -> None:
    primes = exchange(
        "找出给定范围内的所有素数。\n1 到 100", "2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61"
    )
    address = exchange(
        "将以下内容转换为有效的 URL 格式。\n如何创建网站", "https://www.example.com/how-to-create-a-website"
    )
    english = exchange(
        "已知两边和夹角，计算三角形的面积。\n边 1 = 6", "The area of the triangle is approximately 24 square units."
    )
    assert reasons(AnswerLanguage(), primes, address, english) == [[], [], ["other_language"]]


@pytest.mark.parametrize(
    "answer",
    [
        "Just finished an adventurous read! Daring escapes, hidden fortunes and a classic worth it. #Books  # MustRead",
        "Some countries in the Commonwealth are these. The list: 1. Canada 2. United Kingdom 3. Australia, 4. India "
        "5. Fiji 6. Malta 7. Guyana 8. Grenada",
    ],
)
def test_hashtags_and_lists_on_one_line_are_whole(answer: str) -> None:
    assert reasons(Truncated(), exchange("Write it.", answer)) == [[]]
