"""Words by which the kind of a line or of a text is told."""

from __future__ import annotations

ANCIENT = "曰矣焉哉乎兮吾汝耶欤弗毋岂孰奚曷庶遂乃尝盍俟臣朕卿谓云勿惟唯亦皆"
"""Function words of classical Chinese that modern prose has lost; traditional forms fold to these."""

OLDER = "之者也而其于以则夫盖故且若为所此无"
"""Function words of classical Chinese that live on in set phrases and formal prose."""

MODERN = "的了们这那么吗呢吧啊很她它哪"
"""Function words of modern Chinese alone."""

NEWER = "是在和个就都说着过把被让给没你我他到要会能还从对等及与或将"
"""Function words of modern Chinese that were words before, with another use."""

KEYWORDS = """
    def cdef cpdef import cimport return elif public private protected static const void int char float double
    bool func fn struct enum namespace let var val async await yield except raise throw throws catch sudo echo
    include using package extends implements export module require assert ifdef ifndef endif define typedef
    template typename lambda nonlocal global print printf println console self function pragma interface impl pub
    mut use unsigned long string end begin then fi esac done local unset apt pip npm git docker cd mkdir select
    insert update delete create alter drop
"""
"""Words that begin a line of code, and in small letters hardly one of prose."""

CAUTIOUS = "if for while class from else try with case switch do finally default break continue pass goto unless until"
"""Words that begin lines of code, and of prose as well."""

ENGLISH = """
    the and that this with from which have has are were been they you your would their its will not what when there
    these those than then how who should could can may must does his her she our about because between through of to
    in is it as on by be or an at for was we he my me i but if so no do
"""

SPEAKERS = """
    q a question answer user assistant human ai bot system doctor patient interviewer interviewee host guest agent
    customer client lawyer judge counsel teacher student operator analyst moderator
    问 答 提问 回答 医生 患者 病人 大夫 护士 客户 客服 顾客 店员 律师 当事人 审判长 用户 助手 记者 主持人 老师 学生
    咨询者 投资者 分析师 男 女 甲 乙 父亲 母亲 爸爸 妈妈
"""
"""Who speaks in dialogues, when he stands before a colon; others must come back to be believed."""

NOBODY = """
    note example tip warning caution step figure table title author date status input output summary abstract result
    注 注意 备注 例 例如 示例 说明 步骤 图 表 结论 原因 提示 组成 用法 功用 主治 方歌 性味 归经 摘要 关键词 来源 作者
    编辑 责任编辑 症状 诊断 治疗 处方 病例 结果 目的 方法 地址 电话 时间 地点 标题
"""
"""What stands before a colon again and again, and does not speak."""

FUNCTIONS = """
    sin cos tan cot sec csc exp log ln lg lim max min sqrt det dim ker gcd lcm mod arcsin arccos arctan sinh cosh tanh
"""
"""Functions of mathematics: before a bracket they are no call of a program's function."""

QUERIES = """
    select insert update delete create alter drop from where join inner left right outer group order having values into
    set limit union with primary foreign constraint declare begin end
"""
"""What lines of SQL begin with, in capitals."""
