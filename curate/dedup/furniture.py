"""What the furniture of a page says: its navigation, its share bars, its notices and its footers, in both languages.

A phrase here never removes a line. It says of a line that recurs over the pages of a site what recurrence alone does
not: that it belongs to the page and not to the text. 'Chapter 1, General provisions' recurs too.
"""

from __future__ import annotations

from functools import cache

from curate.kernels.lines import HINT, LABEL, PART, WHOLE, Phrases, phrases

_ZH_WHOLE = """
版权所有 版權所有 版权声明 版权归 著作权归 未经授权 未经许可 未经书面 不得转载 禁止转载 转载请注明 转载须注明
谢绝转载 欢迎转载 免责声明 免责条款 不代表本站 不代表本网 不代表本平台 仅代表作者 并不表明 仅供参考，不构成
文章来源于网络 侵权请联系 联系删除 隐私政策 隐私权政策 隐私保护 用户协议 服务条款 使用条款 法律声明 网站声明
用户服务协议 icp备 icp证 icp许可 icp經營 公网安备 网安备 网络文化经营许可证 网络视听许可证 广播电视节目制作
互联网新闻信息服务许可证 出版物经营许可证 增值电信业务 互联网药品信息服务 违法和不良信息 不良信息举报 举报电话
举报邮箱 举报热线 网上有害信息 当前位置 您的位置 您现在的位置 您所在的位置 你的位置 所在位置 返回首页 返回顶部
回到顶部 返回目录 返回列表 返回上一页 设为首页 设为主页 加入收藏 网站地图 网站首页 联系我们 关于我们 关于本站
广告服务 广告合作 商务合作 友情链接 友情連結 诚聘英才 招贤纳士 站长统计 网站建设 网站标识码 备案号 客服热线 客服电话
服务热线 手机版 触屏版 电脑版 客户端下载 下载app 下载客户端 打开app 扫一扫 扫码关注 扫描二维码 扫描左方二维码
扫描右方二维码 扫描下方二维码 长按二维码 微信公众号 官方微信 官方微博 关注我们 关注公众号 微信扫 分享到 分享至
分享给 一键分享 分享本文 打印本页 打印本文 关闭窗口 关闭本页 字体大小 字号大小 字体大中小 字号大中小 责任编辑
責任編輯 责编 编辑推荐 热门推荐 精彩推荐 相关推荐 相关阅读 相关文章 相关链接 延伸阅读 猜你喜欢 热点新闻 热门文章
最新文章 阅读排行 点击排行 网友评论 发表评论 我要评论 查看更多 查看全部 查看评论 加载更多 加载中 点击加载
点击查看更多 阅读全文 展开全文 阅读原文 更多精彩 更多内容 立即登录 请登录 登录后 忘记密码 注册账号 立即注册 免费注册
请启用javascript 浏览器版本过低 本站使用cookie 使用cookie 我们使用cookie 荣誉推出 原创编译 原创翻译 最新章节
加入书架 投推荐票 手机阅读 手机用户请 章节报错 上一篇 下一篇 上一章 下一章
"""

_EN_WHOLE = """
all rights reserved|copyright ©|© copyright|(c) copyright|terms of use|terms of service|privacy policy
privacy notice|cookie policy|cookie settings|cookie preferences|use cookies|uses cookies|accept cookies
accept all cookies|do not sell my|your privacy choices|accessibility statement|site map|sitemap|skip to content
skip to main content|skip to navigation|skip navigation|back to top|return to top|contact us|about us
advertise with us|follow us|like us on|find us on|connect with us|share this|share on|share via|share article
tweet this|pin it|email this|print this|print page|email page|add to favorites|sign up for our|subscribe to our
subscribe now|sign up now|our newsletter|newsletter sign up|get our newsletter|email newsletter|log in|log out
sign in|sign out|create an account|forgot your password|forgot password|leave a comment|leave a reply|post a comment
view comments|comments are closed|you must be logged in|your email address will not be published
required fields are marked|related articles|related stories|related posts|related links|recommended for you
you may also like|you might also like|most popular|most read|most viewed|trending now|read more|continue reading
continue reading below|story continues below|click here to|advertisement|sponsored content|sponsored links
powered by|proudly powered by|designed by|web design by|enable javascript|javascript is disabled
javascript is required|your browser does not support|no longer supports internet explorer|ad blocker
download our app|download the app|app store|google play|rss feed|toggle navigation|toggle search|main menu
search submit|search this site|you are here|may not be published, broadcast, rewritten|may not be reproduced
reproduction in whole or in part|registered trademark|reprints and permissions
official website of the united states government|an official website of|here's how you know
contributor. the opinions expressed|the opinions expressed are those|view author archive|adobe acrobat reader
copyright and related rights waived|printable version
"""

_ZH_PART = """
首页 主页 登录 登陆 注册 收藏 分享 转发 点赞 举报 微博 朋友圈 qq空间 复制链接 二维码 在线咨询 购物车 我的订单
"""

_EN_PART = """
share tweet facebook twitter linkedin pinterest whatsapp instagram youtube reddit login logout register subscribe
newsletter newsletters rss copyright sponsored archives
"""

_ZH_HINT = """
正文 搜索 导航 菜单 打印 关闭 评论 微信 豆瓣 客服 投稿 订阅 广告 推荐 热门 最新 更多 频道 专题 论坛 博客 社区 下载
手机 帮助 反馈 会员 充值 退出 上一页 下一页 阅读 浏览 点击 次数 人气 编辑 视频 新闻 财经 体育 娱乐 科技 汽车 房产
教育 图片 技术支持 主办单位 承办单位
"""

_EN_HINT = """
home menu search print comments comment reply like follow next previous prev categories tags tag contact about
careers advertise help faq feedback ads cart account profile settings notifications navigation video videos photos
gallery trending popular latest news sports sport weather business entertainment opinion politics health travel
technology terms privacy conditions legal notices sitemap
"""

_ZH_LABEL = """
上一篇 下一篇 上一条 下一条 上一章 下一章 上一节 下一节 上一页 下一页 上一則 下一則 前一篇 后一篇 责任编辑 責任編輯
责编
"""

_EN_LABEL = """
previous|next|prev|previous article|next article|previous post|next post|previous story|next story|previous chapter
next chapter|previous page|next page|newer post|older post|newer posts|older posts
"""


@cache
def furniture() -> Phrases:
    """All phrases, folded; where a phrase stands in two lists, the first of these counts: labels, whole, part, hint."""
    known: dict[str, int] = {}
    for texts, separator, role in (
        (_ZH_LABEL, None, LABEL),
        (_EN_LABEL, "|", LABEL),
        (_ZH_WHOLE, None, WHOLE),
        (_EN_WHOLE, "|", WHOLE),
        (_ZH_PART, None, PART),
        (_EN_PART, None, PART),
        (_ZH_HINT, None, HINT),
        (_EN_HINT, None, HINT),
    ):
        for text in texts.replace("\n", separator or "\n").split(separator):
            if text.strip():
                known.setdefault(text.strip(), role)
    return phrases(list(known.items()))
