"""Where a number may begin and end."""

# Not inside a longer number, word or decimal, ...
BEFORE = r"(?<![A-Za-z0-9_])(?<![0-9][.:_-])(?<![¥￥$€£#=&%])(?<![A-Za-z][-/_.])"
AFTER = r"(?![A-Za-z0-9_])(?![.:-][0-9])(?!,[0-9]{3}(?![0-9]))"
# ... and no amount: what is counted stands behind the number.
UNIT = (
    r"(?! ?(?:元|圆|万|亿|億|千|百|美元|美金|港元|欧元|日元|股|吨|公斤|千克|克|公里|千米|米|人次|人|户|份|件"
    r"|平方|立方|字节|倍|个|個|次|条|张|辆|台"
    r"|亩|公顷|秒|毫秒|年|月份|[%‰%℃²³]|(?:bytes?|people|persons|dollars|USD|RMB|CNY|EUR|yuan|shares|times|units|tons"
    r"|kg|km|mm|ms|MB|GB|KB|Hz|million|billion|wei|gwei|gas|ETH)\b))"
)

EXTENSION = r"(?: ?(?:转|轉|分机|ext\.?|x|\*) ?\d{1,6}|-\d{1,5}(?![\d-]))?"
