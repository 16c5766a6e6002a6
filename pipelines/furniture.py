"""What the sources of shelf.py carry beside their texts, to be cut; found by reading what the recipes kept."""

from curate.stages.heuristics.cut import Cut, Cutting

LCTT = frozenset({"lctt_en", "lctt_zh"})
LAWS = frozenset({"prc_laws", "finance_regulations"})


def of(*sources: str) -> frozenset[str]:
    return frozenset(sources)


FURNITURE = Cut(
    patterns=(
        # Markdown: who translated when, pictures, the addresses that links point to; links keep their words.
        Cutting(find=r"(?m)^\[#\]:[^\n]*$", sources=LCTT),
        Cutting(find=r"!\[[^\]\n]*\](?:\([^)\n]*\)|\[\w+\])", sources=LCTT),
        Cutting(find=r"(?m)^[ \t]*\[\w{1,4}\]:[ \t]*\S[^\n]*$", sources=LCTT),
        Cutting(find=r"\[([^\[\]\n]+)\]\[\w{1,4}\]", put="${1}", sources=LCTT),
        Cutting(find=r"\[\s*\](?:\([^)\n]*\)|\[\w{1,4}\])", sources=LCTT),
        Cutting(find=r"(?m)^(?:={4,}|-{10,})$", sources=LCTT),
        Cutting(find=r"(?m)^(?:via|作者|译者|校对|选题)[：:][^\n]*$", sources=LCTT),
        Cutting(find=r"(?m)^本文由[^\n]*LCTT[^\n]*$", sources=LCTT),
        # Improvement proposals: of the front matter the title stays; a third are notes that the file moved.
        Cutting(find=r"(?s)\A---\n(?:.*?\n)?title: ([^\n]+)\n.*?\n---\n", put="# ${1}\n", sources=of("eips")),
        Cutting(find=r"(?s)\A---\n.*?\n---\n", sources=of("eips", "market_daily")),
        Cutting(find=r"(?m)^This (?:file|EIP|ERC) was moved to [^\n]*$", sources=of("eips")),
        # A blog's copy of a news letter: pictures as base64, a player, buttons, disclaimers.
        Cutting(find=r"!\[[^\]\n]*\]\([^)\n]*\)", sources=of("market_daily")),
        Cutting(
            find=r"(?s)<(video|div|svg|style|script)\b.*?</(?:video|div|svg|style|script)>", sources=of("market_daily")
        ),
        Cutting(find=r"(?m)^(?:#+ )?\d\d-\d\d \d\d:\d\d ?Wind[^\n]*$", sources=of("market_daily")),
        Cutting(find=r"(?m)^(?:EnR?A\+A-|收藏到AliceBox)[ \t]*$", sources=of("market_daily")),
        Cutting(find=r"(?m)^\*\*(?:风险提示|版权声明|免责声明)[：:]?\*\*[^\n]*$", sources=of("market_daily")),
        # Pictures that a page had, and signs that an encoding lacked.
        Cutting(find=r"\[\[\+_\+\]\]|\{IMG:\d+\}|\?{4,}", sources=of("finance_news")),
        # Statutes: the converter's marks; sections of which nothing is in force but the notice.
        Cutting(find=r"<!-- (?:INFO END|TABLE|TABLE END) -->", sources=LAWS),
        Cutting(
            find=r"(?s)\A[^\n]+\n\[?(?:Repealed|Expired|Omitted|Reserved|Not funded|Transferred|Recodified)\]?\n.*\z",
            sources=of("dc_law"),
        ),
        # Pages of the Federal Reserve, whose menus stand before some of the speeches.
        Cutting(
            find=r"(?m)^(?:- Federal Reserve Board Skip to main content|Main Menu Toggle Button|Branches and Agencies "
            r"of Foreign Banks Charge-Off|Corporations Dealer Financing Terms Senior Credit)[^\n]*$",
            sources=of("fed_speeches"),
        ),
        # What MedQuAD's sources say under each list of symptoms and resources; the lists themselves stay.
        Cutting(
            find=r"(?s)The Human Phenotype Ontology \(HPO\) has collected information.{0,1200}?may be rare or common\.",
            sources=of("medquad"),
        ),
        Cutting(
            find=r"The Human Phenotype Ontology provides the following list of signs and symptoms for .{1,250}? If the "
            r"information is available, the table below .{1,250}? for these medical terms\.\s*",
            sources=of("medquad"),
        ),
        Cutting(find=r"Signs and Symptoms Approximate number of patients \(when available\)\s*", sources=of("medquad")),
        Cutting(
            find=r"(?m)^What are the treatments for [^\n]*\?\nThese resources address[^\n]*$", sources=of("medquad")
        ),
        Cutting(find=r"(?m)These resources (?:address|from MedlinePlus) [^\n]*$", sources=of("medquad")),
        # Old books: fields of a data base, and lines that were cut at a fixed width.
        Cutting(find=r"<目录>|<篇名>|(?m:^属性：)|\\x", sources=of("tcm_books")),
        Cutting(find=r"(?m)^([^\n]{30,}[\p{Han}，、])\n", put="${1}", sources=of("tcm_books")),
        Cutting(find=r"\n([，。、；：）])", put="${1}", sources=of("tcm_books")),
        # Dialogues: an instruction that each question of the set begins with, and fields that were left empty.
        Cutting(
            find=r"If you are a doctor, please answer the medical questions based on the patient's description\.\s*",
            sources=of("chatdoctor"),
        ),
        Cutting(
            find=r"(?i)<\s*(?:no ?input|no ?output|noput|无输入t?|无输出|n/a)\s*>|(?m:^(?:no ?input|无输入)\.?$)",
            sources=of("alpaca_en", "alpaca_zh"),
        ),
    )
)
