"""What advertisements in Chinese say.

A list of our own, of phrases that sell; single words that ordinary texts use as well (特价, 贷款, 根治) are not in it.
Traditional characters and Latin capitals are folded before they are compared.
"""

from __future__ import annotations

PHRASES = """
    加微信 加我微信 加威信 加薇信 微信同号 加扣扣 加我扣扣 微信公众号 关注公众号 关注微信 长按识别 扫码关注 扫一扫
    扫描二维码 二维码加 点击下载 立即下载 免费下载 高速下载 点击进入 点击购买 点击领取 点击咨询 点击链接 立即购买
    立即抢购 立即咨询 立即领取 马上领取 限时抢购 限时优惠 限量抢购 抢购热线 优惠券 包邮 全国包邮 货到付款 厂家直销
    厂家直供 厂家批发 批发价格 现货供应 量大从优 价格优惠 欢迎选购 欢迎订购 欢迎光临本店 诚招代理 招商加盟 诚邀加盟
    加盟热线 代理加盟 一件代发 咨询热线 服务热线 订购热线 免费热线 联系电话 联系方式 来电咨询 欢迎来电 来电洽谈
    欢迎咨询 欢迎来厂 在线客服 客服微信 正品保证 假一赔十 假一罚十 无效退款 官方旗舰店 淘宝店铺 日赚 日入过 月入过万
    轻松赚钱 躺着赚钱 在家赚钱 网上兼职 刷单 娱乐城 在线娱乐 真人娱乐 博彩公司 彩票平台 送彩金 注册即送 首存优惠
    棋牌游戏 老虎机 百家乐 六合彩 时时彩 代开发票 发票代开 办证刻章 代办证件 无抵押贷款 当天放款 秒批 黑户可贷
    专业从事 产品远销 公司主营 本公司主营 欢迎新老客户 新老客户 价格多少 多少钱一 哪家好 哪里有卖 哪个牌子好 排名前十
    十大品牌
"""
